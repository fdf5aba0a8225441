function plain(a, b = 1, ...rest) {}
const arrow = ({ a }, [b]) => a + b;
var f = function () {}, g = function* named() {};
(function () { function inIife() {} })();
setTimeout(function handler() { const inner = () => 1; }, 1);
const object = { method() { function deep() {} }, arrow: () => {} };
