function f() {
}

class A {
  m() {}
}
