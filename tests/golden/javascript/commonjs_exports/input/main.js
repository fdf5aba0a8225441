function local() {}
const value = 1, other = 2, unexported = 3;
exports.local = local;
exports.made = function (a) {};
module.exports.arrow = () => 1;
exports.VERSION = "1.0";
exports.later = void 0;
module.exports = { value, renamed: other, inline: 4 };
