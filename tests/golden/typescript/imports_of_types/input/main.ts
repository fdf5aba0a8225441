import type Default from "a";
import type { Named, Other as Alias } from "b";
import type * as Types from "c";
import { type Inline, value } from "d";
export type { Re } from "e";
export { type Inline2, value2 } from "f";
