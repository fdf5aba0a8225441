var a = 1, b;
let c = 2;
const { d, e: f, g = 3, h: { i }, ...j } = k;
const [l, , [m], ...n] = o;
for (var p = 0; p < 1; p++) { let hidden = 1; var q = 2; }
for (const r of s) {}
for (var t in u) {}
if (x) { const blockFunction = () => 1; let blockVariable = 2; }
switch (y) { case 1: let z; }
