export function f(a: string): string;
export function f(a: number): number;
export function f(a: any): any {
  return a;
}

class C {
  m(a: string): void;
  m(a: number): void;
  m(a: any) {}
  constructor(a: string);
  constructor(a: any) {}
}
