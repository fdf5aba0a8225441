export enum Direction {
  /** Up. */
  Up = 1,
  Down,
  "with space" = 5,
}
const enum Flags { A = 1 << 0, B = A | 2 }
declare enum Ambient { X }
