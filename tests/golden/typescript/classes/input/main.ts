export abstract class Shape<T> extends Base<T> implements Drawable, Comparable<T> {
  static count = 0;
  private secret: string = "";
  protected half?: number;
  readonly name!: string;
  #hard = 1;
  declare ambient: boolean;
  handler = (e: Event): void => {};

  constructor(private owner: Owner, readonly id: number, plain: string) {
    super();
  }

  get area(): number { return 1; }
  set area(value: number) {}
  abstract draw(): void;
  abstract color: string;
  async method<U>(a: U, ...rest: U[]): Promise<U> { return a; }
  *[Symbol.iterator]() {}
  "quoted name"() {}
  static { function inStatic() {} }
}

class Plain {}
const Expression = class Named extends Plain { m() {} };
