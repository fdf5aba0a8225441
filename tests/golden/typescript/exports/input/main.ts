export const a = 1, b = 2;
export let { c, d: [e] } = f;
export function g() {}
export class H {}
export type I = 1;
const j = 1, k = 2, l = 3;
export { j, k as renamed };
export type { M };
interface M { x: 1 }
