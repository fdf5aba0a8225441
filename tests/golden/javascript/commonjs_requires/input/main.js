const a = require("a");
const { b, c: d, e = 1, ...f } = require("b");
var g = require("c").member, h = require("d").h;
require("side-effect");
const i = wrap(require("wrapped"));
const j = require(computed);
function lazy() { return require("lazy").x; }
