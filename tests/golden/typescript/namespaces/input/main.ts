export namespace Outer {
  export const visible = 1;
  const hidden = 2;
  export function f(): void {}
  export namespace Inner {
    export class C { m() {} }
  }
}
namespace A.B.C {
  export interface I { x: 1 }
}
declare namespace Ambient {
  const implicit: number;
}
