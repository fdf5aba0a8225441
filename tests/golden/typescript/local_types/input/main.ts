function scope() {
  interface Local { a: 1 }
  type Alias = 2;
  enum Kind { A }
  class Inner { m() {} }
  const helper = () => 1;
  let plain = 2;
}
