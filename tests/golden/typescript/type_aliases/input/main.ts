export type Id = string;
type Mapped<T> = { readonly [K in keyof T]?: T[K] };
type Conditional<T> = T extends (infer U)[] ? U : never;
type Literal = `a${string}`;
