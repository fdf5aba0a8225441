declare module "untyped";
declare module "typed" {
  export function f(): void;
  const implicitly: number;
  export default f;
}
declare global {
  interface Window { extra: string }
  var injected: number;
}
export {};
