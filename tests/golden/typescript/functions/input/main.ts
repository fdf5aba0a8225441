function plain(a: number, b?: string): void {}
async function* generator<T extends object>(input: T): AsyncGenerator<T> {}
const arrow = (x: number): number => x * 2;
const single = async x => x;
const expression = function (a) {}, named = function inner() {};
let later = <T,>(x: T) => x;
const wrapped = memo(() => 1);
const asserted = ((a: number) => a) as Handler;
