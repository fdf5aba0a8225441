class A extends mixin(B) {
  field = 1;
  static shared = 2;
  #private = 3;
  constructor() { super(); }
  get x() { return 1; }
  set x(v) {}
  async *generator() {}
  #hidden() {}
  static { this.y = 1; }
  [computed + "name"]() {}
  42() {}
}
export class B {}
