/* lang_sources.h - one source of each language that holds most of what the front ends know, as
 * seeds for damage.
 * Next:    stress/test_lang_mutations.c, fuzz/fuzz_lang.c */
#ifndef GSAW_TESTS_LANG_SOURCES_H
#define GSAW_TESTS_LANG_SOURCES_H

typedef struct lang_source {
    const char *name, *text;
} lang_source;

static const lang_source lang_sources[] = {
    {"x.py",
     "#!/usr/bin/env python\n\"\"\"Module.\"\"\"\nfrom __future__ import annotations\n"
     "import os.path as p, sys\nfrom ..a.b import (c as d, e)\nfrom . import *\n"
     "if TYPE_CHECKING:\n    from x import Y\nelse:\n    Y = __import__('y').Y\n"
     "__all__ = ['A', \"f\"] + z.__all__\n__all__ += ('g',)\n__all__.append('h')\n\n\n"
     "@dec(1, x=lambda: (w := 2))\n@other.thing\nclass A(Base[int], metaclass=Meta):\n"
     "    '''Doc.'''\n    x: int = 1\n    Y, (z, *rest) = 1, (2, 3)\n\n    @property\n"
     "    async def m(self, *args: int, k: str = 'a#b', **kw) -> dict[str, int]:\n"
     "        r\"\"\"doc\"\"\"\n        def inner():\n            class Deep: pass\n"
     "        return {k: f'{v!r:>{w}} {x}' for k, v in kw.items() if (n := 3)}\n\n\n"
     "class E(enum.Enum):\n    ONE = 1\n    TWO = auto()\n\ntype T[K] = list[K]\n"
     "for i, (j, k) in x: pass\nwith open(f) as g, h() as (l, m): pass\n"
     "match v:\n    case {'a': [q, *r], **s} | C(t=u): pass\n    case _ if (aa := 1): pass\n"
     "try:\n    print >>f, x\nexcept* E as err:\n    raise\nx = importlib.import_module('m')\n"
     "def f(a, /, b, *, c): yield from (d async for d in e)\n\tbad = 1\n"},
    {"x.ts",
     "/// <reference path=\"x\" />\nimport a, { b as c, type D } from './m';\nimport * as ns from "
     "\"n\";\n"
     "import type T from 't'; import 'side'; import r = require('r');\n"
     "export * from 'x'; export * as y from 'y'; export { a as b, default } from 'z'; export { c "
     "};\n"
     "/** doc */\n@dec() export abstract class A<T extends B = C> extends D<T> implements E, F<T> "
     "{\n"
     "  @p() private readonly x: number = 1; static #y?: string; declare z: T;\n"
     "  constructor(private q: number, readonly w = 2) { super(); }\n"
     "  get v(): T { return <T>this.x; } set v(a) {}\n  over(a: string): void; over(a: any) {}\n"
     "  abstract m<U>(x: U): asserts x is U; 'quoted'() {} [Symbol.iterator]*() {} static {}\n}\n"
     "export interface I<T> extends J<T>, K { a?: T; readonly b: string; m(): void; (): T; [k: "
     "string]: any }\n"
     "export type M<T> = { [P in keyof T]-?: T[P] extends infer U ? `a${U}` : never };\n"
     "export const enum N { A = 1, B = A << 2, 'c d' }\nnamespace O.P { export const q = 1; }\n"
     "declare module 'ambient' { function f(x: import('u').V): typeof g; export default f }\n"
     "declare global { interface Window { x: 1 } }\nfunction over(a: 1): 1;\nfunction over(a) { "
     "return a }\n"
     "const f = async <T,>(x: T): Promise<T> => { class Inner {} return await import('dyn') as "
     "any; };\n"
     "let { g, h: [i, ...j], k = 1 } = f!, l = x satisfies Y;\nlabel: for (const z of y) { break "
     "label; }\n"
     "export default async function* () { yield* 1; }\nexport = A;\nexport as namespace Q;\n"},
    {"x.tsx",
     "import React, { useState } from 'react';\nexport const A: React.FC<P> = ({ a, ...b }) => {\n"
     "  const [s, setS] = useState<string>('');\n  function onClick() { setS(`x${s}`); }\n"
     "  return <><B.C key={1} {...b} onClick={() => onClick()}>text {s} &amp; <d-e f:g=\"h\" "
     "/></B.C></>;\n"
     "};\nexport default class extends React.Component<P, S> { render() { return <A a={<b/>} />; } "
     "}\n"
     "const g = <T,>(x: T) => x;\nexport default memo(A);\n"},
    {"x.js",
     "#!/usr/bin/env node\n'use strict';\nconst fs = require('fs'), { a, b: c = 1, ...d } = "
     "require(\"m\");\n"
     "var e = require('x').y;\nexports.f = function (g) { return /re[/]g/g.test(g) ? `a${`b`}` : "
     "h?.i ?? 0; };\n"
     "module.exports = { a, k: l, m() {}, get n() { return 1 } };\nmodule.exports.o = async (p) => "
     "{ await p };\n"
     "function Q() {}\nQ.prototype.r = function () { function s() {} };\n"
     "class T extends Q { static #u = 1; v = () => { class W {} }; static { x: 1 } async *[y]() {} "
     "}\n"
     "export const z = 1; export default class {}\nimport aa from 'aa' with { type: 'json' };\n"
     "(function () { for (var i = 0; i < 1; i++) switch (i) { case 1: let j; default: } })();\n"
     "if (a) { function bb() {} } else try { throw 1 } catch { } finally { "
     "}\nimport('cc').then((dd) => {});\n"},
    {"x.jsx", "import * as R from 'r';\nexport function A({ a }) { return a ? <b "
              "c=\"d\">{a.map((x) => <i key={x}/>)}</b> : null }\n"
              "const C = () => <A.B {...p}>&lt;{/* c */}</A.B>;\nmodule.exports = C;\n"},
};

#define LANG_SOURCE_COUNT (sizeof lang_sources / sizeof *lang_sources)

#endif
