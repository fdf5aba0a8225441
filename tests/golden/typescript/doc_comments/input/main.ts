/** Of the function. */
function a() {}

/** Of the constant. */
export const b = 1, c = 2;

/* no doc comment */
function d() {}

/** Not directly before. */
const x = 1; function e() {}

class F {
  /** Of the field. */
  g = 1;

  /**
   * Of the method.
   */
  @decorated
  h() {}
}
