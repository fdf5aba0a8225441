export declare function f(a: string): void;
export declare const value: number;
export declare class C {
  private constructor();
  method(): void;
  readonly field: string;
}
declare let internal: number;
export as namespace Library;
