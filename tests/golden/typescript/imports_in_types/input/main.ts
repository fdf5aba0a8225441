let a: import("m").Type;
type B = typeof import("n");
function c(x: import("o").P): import("q").R { return x as import("s").T; }
