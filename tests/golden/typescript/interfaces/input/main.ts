/** A shape. */
export interface Shape<T> extends Base<T>, ns.Other {
  /** Its name. */
  name: string;
  readonly optional?: number;
  method(a: T): void;
  get accessor(): T;
  "quoted": boolean;
  (call: string): void;
  new (construct: string): Shape<T>;
  [index: string]: unknown;
}

interface Hidden {
  inside: { not: "a symbol" };
}
