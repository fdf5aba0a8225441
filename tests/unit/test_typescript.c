/* test_typescript.c - JavaScript, JSX, TypeScript, TSX: a source, and the lines that its facts
 * make.
 * Next:    src/lang/typescript.c, facts_text.h, tests/golden/typescript */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "lang_cases.h"

/* In both languages. */
static const lang_case functions[] = {
    {"function f(a, b = 1) {}\nasync function* g() {}\n", "function f (a, b = 1)\nfunction g ()\n"},
    {"const f = () => 1, g = async x => x, h = function () {}, i = function* j(a) {};\n",
     "function f ()\nfunction g x\nfunction h ()\nfunction i (a)\n"},
    {"let f = (() => 1);\nvar g = h(() => 1);\n", "function f ()\nvariable g\n"},
    {"function f() {\n  function g() {}\n  const h = () => { class C { m() {} } };\n  let x = "
     "1;\n}\n",
     "function f ()\nfunction f.g local ()\nfunction f.h local ()\nclass f.h.C local\n"
     "method f.h.C.m local ()\n"},
    {"(function () { function f() {} })();\n", "function f local ()\n"},
    {"on('x', function handler(e) { return () => { function deep() {} }; });\n",
     "function handler (e)\nfunction handler.deep local ()\n"},
    {"const o = { m() { function inside() {} }, n: () => 1 };\n",
     "constant o\nfunction inside local ()\n"},
    {"if (x) { function f() {} const g = () => 1; let y = 1; var z = 2; }\n",
     "function f ()\nfunction g ()\nvariable z\n"},
    {"/** doc */\nfunction f() {}\n\n/* no */\nfunction g() {}\n/** doc */\nexport const h = 1, i "
     "= 2;\n",
     "function f () doc\nfunction g ()\nconstant h + doc\nconstant i +\n"},
    {"function f(a, // the first\n  b /* x */) {}\n", "function f (a, b )\n"},
};

static const lang_case variables[] = {
    {"var a = 1, b;\nlet c;\nconst D = 2;\n", "variable a\nvariable b\nvariable c\nconstant D\n"},
    {"const { a, b: c, d = 1, e: { f }, ...g } = h, [i, , [j], ...k] = l;\n",
     "constant a\nconstant c\nconstant d\nconstant f\nconstant g\nconstant i\nconstant j\nconstant "
     "k\n"},
    {"for (var i = 0, j; ;) {}\nfor (let k = 0; ;) { var m; }\nfor (const n of o) {}\n"
     "for (var [p] of o) { let q; }\n",
     "variable i\nvariable j\nvariable m\nvariable p\n"},
    {"var a; var a = 1;\nswitch (b) { case 1: let c; var d; }\n{ let e; }\ntry { var f } catch (g) "
     "{}\n",
     "variable a\nvariable d\nvariable f\n"},
};

static const lang_case classes[] = {
    {"class A extends B {\n  constructor() { super(); }\n  m() {}\n  static async *s() {}\n"
     "  get x() { return 1; }\n  set x(v) {}\n  #p = 1;\n  #q() {}\n  f = () => { function g() {} "
     "};\n"
     "  'quoted'() {}\n  [Symbol.iterator]() {}\n  static { function i() {} }\n  1() {}\n}\n",
     "class A <B\nconstructor A.constructor ()\nmethod A.m ()\nmethod A.s ()\nproperty A.x ()\n"
     "property A.x~2 (v)\nproperty A.#p\nmethod A.#q ()\nproperty A.f\nfunction A.f.g local ()\n"
     "method A.quoted ()\nmethod A.[Symbol.iterator] ()\nfunction A.i local ()\nmethod A.1 ()\n"},
    {"export class A { m() {} #x = 1; }\nclass B { m() {} }\nexport { B as C };\n",
     "class A +\nmethod A.m + ()\nproperty A.#x\nclass B +\nmethod B.m + ()\n"},
    {"const A = class B extends C.D { m() {} };\nf(class E { n() {} });\n",
     "class A <C.D\nmethod A.m ()\nclass E\nmethod E.n ()\n"},
    {"@a\n@b.c(1)\nclass X {\n  @d() m() {}\n  @e\n  p = 1;\n}\n@f export class Y {}\n",
     "class X @a @b.c(1)\nmethod X.m () @d()\nproperty X.p @e\nclass Y + @f\n"},
};

static const lang_case exports[] = {
    {"export function f() {}\nexport const a = 1, { b } = c;\nexport let d = () => 1;\n",
     "function f + ()\nconstant a +\nconstant b +\nfunction d + ()\n"},
    {"export default function () { function g() {} }\n",
     "function default + ()\nfunction default.g local ()\n"},
    {"export default class { m() {} }\n", "class default +\nmethod default.m + ()\n"},
    {"export default class A {}\n", "class A +\n"},
    {"export default (a) => a;\n", "function default + (a)\n"},
    {"export default { a: 1 };\n", "constant default +\n"},
    {"const a = 1, b = 2, c = 3;\nexport default a;\nexport { b as x };\n",
     "constant a +\nconstant b +\nconstant c\n"},
    {"exports.f = function (a) {};\nmodule.exports.g = () => 1;\nexports.v = 1;\nexports.v = 2;\n"
     "exports.u = void 0;\n",
     "function f + (a)\nfunction g + ()\nvariable v +\n"},
    {"function a() {}\nconst b = 1, c = 2, d = 3;\nexports.a = a;\nmodule.exports = { b, x: c, y: "
     "1 };\n",
     "function a + ()\nconstant b +\nconstant c +\nconstant d\n"},
    {"module.exports = function named(a) {};\nmodule.exports = class { m() {} };\n",
     "function named + (a)\nclass exports +\nmethod exports.m + ()\n"},
    {"exports = module.exports = f;\nfunction f() {}\nexports.a = exports.b = function () {};\n",
     "function f + ()\nfunction a + ()\nfunction b + ()\n"},
    {"function A() {}\nA.prototype.m = function (x) { function i() {} };\nB.prototype.n = () => "
     "1;\n"
     "module.exports = A;\n",
     "function A + ()\nmethod A.m + (x)\nfunction A.m.i local ()\nmethod n ()\n"},
    {"(function () { exports.x = 1; X.prototype.m = function () {}; })();\n",
     "method m local ()\n"},
};

static const lang_case imports[] = {
    {"import a from 'm';\nimport b, { c, d as e } from \"m\";\nimport * as f from 'm';\nimport "
     "'n';\n"
     "import {} from 'o';\nimport g, * as h from 'm';\nimport { default as i, 'x y' as j } from "
     "'m';\n",
     "default m default as a <a>\ndefault m default as b <b>\nnamed m c <c>\nnamed m d as e <e>\n"
     "namespace m * as f <f>\nside_effect n <n>\nside_effect o <o>\ndefault m default as g <g>\n"
     "namespace m * as h <h>\nnamed m default as i <i>\nnamed m x y as j <j>\n"},
    {"export { a, b as c, default as d } from 'm';\nexport * from 'n';\nexport * as e from 'o';\n"
     "export {} from 'p';\n",
     "reexport m a <a>\nreexport m b as c <c>\nreexport m default as d <d>\nreexport_star n * <n>\n"
     "reexport_star o * as e <e>\nside_effect p <p>\n"},
    {"const a = require('m'), { b, c: d, e = 1, f: { g }, ...h } = require('n');\nrequire('o');\n"
     "var i = require('p').q, r = require('s').r;\nlet [t] = require('u');\nconst v = "
     "w(require('x'));\n",
     "constant g\nvariable t\nconstant v\nrequire m as a <a>\nrequire n b <b>\nrequire n c as d "
     "<d>\n"
     "require n e <e>\nrequire n as h <h>\nrequire o <o>\nrequire p q as i <i>\nrequire s r <r>\n"
     "require u <u>\nrequire x <x>\n"},
    {"import('a').then(x => x);\nconst b = await import(`c`);\nimport(d);\nimport(`e${f}`);\n"
     "function g() { const h = require('i'); return import('j'); }\n",
     "constant b\nfunction g ()\ndynamic a dynamic <a>\ndynamic c dynamic <c>\nrequire i as h <h>\n"
     "dynamic j dynamic <j>\n"},
    {"require(name);\nrequire.resolve('m');\nfoo.require('m');\nimport.meta.url;\n", ""},
};

static const lang_case types[] = {
    {"interface A<T> extends B<T>, C.D {\n  a: string;\n  m(x: number): void;\n  readonly b?: T;\n"
     "  get g(): T;\n  (): void;\n  new (): A;\n  [k: string]: any;\n  'q r'(): void;\n}\n",
     "interface A <B<T> <C.D\nproperty A.a\nmethod A.m (x: number): void\nproperty A.b\n"
     "property A.g (): T\nmethod A.q r (): void\n"},
    {"export type A = { x: number };\ntype B<T> = T;\nexport interface C { x: 1 }\n",
     "type_alias A +\ntype_alias B\ninterface C +\nproperty C.x +\n"},
    {"export enum E { A = 1, B, 'c d' }\ndeclare const enum F { X }\n",
     "enum E +\nenum_member E.A +\nenum_member E.B +\nenum_member E.c d +\nenum F\nenum_member "
     "F.X\n"},
    {"export namespace N { export const a = 1; const b = 2; export namespace M.O { export function "
     "f() {} } }\n"
     "namespace P { export class C {} }\n",
     "namespace N +\nconstant N.a +\nconstant N.b\nnamespace N.M.O +\nfunction N.M.O.f + ()\n"
     "namespace P\nclass P.C\n"},
    {"declare module 'x' { function f(): void; export class C { m(): void } }\n"
     "declare global { interface W { a: 1 } var g: number; }\ndeclare namespace N { const a: 1; }\n"
     "export declare namespace O { const b: 1; }\ndeclare module 'y';\n",
     "namespace x +\nfunction x.f + (): void\nclass x.C +\nmethod x.C.m + (): void\n"
     "namespace global +\ninterface global.W +\nproperty global.W.a +\nvariable global.g +\n"
     "namespace N\nconstant N.a\nnamespace O +\nconstant O.b +\nnamespace y +\n"},
    {"export function f(a: string): void;\nexport function f(a: number): void;\n"
     "export function f<T>(a: T): asserts a is T {}\ndeclare function g(): void;\n",
     "function f + (a: string): void\nfunction f~2 + (a: number): void\n"
     "function f~3 + <T>(a: T): asserts a is T\nfunction g (): void\n"},
    {"export abstract class A<T> extends B<T> implements C, D<T> {\n  private a = 1;\n"
     "  protected b?: string;\n  abstract c(): void;\n  abstract d: T;\n"
     "  constructor(private e: T, readonly f = 1, g: T) {}\n  declare h: T;\n  m(): void;\n  m() "
     "{}\n}\n",
     "class A + <B<T> <C <D<T>\nproperty A.a\nproperty A.b +\nmethod A.c + (): void\nproperty A.d "
     "+\n"
     "constructor A.constructor + (private e: T, readonly f = 1, g: T)\nproperty A.e\nproperty A.f "
     "+\n"
     "property A.h +\nmethod A.m + (): void\nmethod A.m~2 + ()\n"},
    {"import type A from 'a';\nimport type { B } from 'b';\nimport { type C, D } from 'c';\n"
     "export type { E } from 'e';\nexport { type F } from 'f';\n"
     "import h = require('h');\nimport type j = require('j');\n",
     "default a default as A type <A>\nnamed b B type <B>\nnamed c C type <C>\nnamed c D <D>\n"
     "reexport e E type <E>\nreexport f F type <F>\nrequire h as h <h>\n"
     "require j as j type <j>\n"},
    {"let a: import('m').T;\ntype B = typeof import('n');\nfunction f(x: import('o').U): void {}\n"
     "const c = y as import('p').V;\nconst d = import('q');\n",
     "variable a\ntype_alias B\nfunction f (x: import('o').U): void\nconstant c\nconstant d\n"
     "dynamic m type <m>\ndynamic n type <n>\ndynamic o type <o>\ndynamic p type <p>\n"
     "dynamic q dynamic <q>\n"},
    {"class A {}\nexport = A;\n", "class A +\n"},
    {"export const f = <T,>(x: T): T => x;\nexport const g = ((a) => a) as H;\nlet v = <any>(() => "
     "1);\n",
     "function f + <T,>(x: T): T\nfunction g + (a)\nvariable v\n"},
    {"@Component({ selector: 'x' })\nexport class A {\n  @Input() a: string;\n"
     "  constructor(@Inject(B) private b: C) {}\n}\n",
     "class A + @Component({ selector: 'x' })\nproperty A.a + @Input()\n"
     "constructor A.constructor + (@Inject(B) private b: C)\nproperty A.b\n"},
    {"function f() {\n  interface I { a: 1 }\n  type T = 1;\n  enum E { A }\n}\n",
     "function f ()\ninterface f.I local\nproperty f.I.a local\ntype_alias f.T local\nenum f.E "
     "local\n"
     "enum_member f.E.A local\n"},
};

static const lang_case elements[] = {
    {"export function App({ a }) { const f = () => <b/>; return <div onClick={() => "
     "f()}>{a}</div>; }\n",
     "function App + ({ a })\nfunction App.f local ()\n"},
    {"import React from 'react';\nconst A = () => <><B.C x=\"1\">{import('d')}</B.C></>;\n",
     "function A ()\ndefault react default as React <React>\ndynamic d dynamic <d>\n"},
};

static const lang_case damage[] = {
    {"", ""},
    {"\xEF\xBB\xBF"
     "function f() {}\n",
     "function f ()\n"},
    {"#!/usr/bin/env node\nfunction f() {}\n", "function f ()\n"},
    {"// a\rfunction f() {}\rvar x = 1;\r", "function f ()\nvariable x\n"},
    {"function f() {\r\n}\r\nclass A {\r\n  m() {}\r\n}\r\n",
     "function f ()\nclass A\nmethod A.m ()\n"},
    {"function f() {}\n}\nclass A { m() {} }\n", NULL},
    {"function f() {}\nconst = ;\nclass A {}\n", NULL},
    {"var a = '\xFF';\nfunction \xC3\xA9() {}\n// \x80\nvar b;\n",
     "variable a\nfunction \xC3\xA9 ()\nvariable b\n"},
};

static void test_typescript_functions(void **state)
{
    (void)state;
    lang_check_cases("x.ts", functions, sizeof functions / sizeof *functions);
}

static void test_javascript_functions(void **state)
{
    (void)state;
    lang_check_cases("x.js", functions, sizeof functions / sizeof *functions);
}

static void test_typescript_variables(void **state)
{
    (void)state;
    lang_check_cases("x.tsx", variables, sizeof variables / sizeof *variables);
}

static void test_javascript_variables(void **state)
{
    (void)state;
    lang_check_cases("x.mjs", variables, sizeof variables / sizeof *variables);
}

static void test_typescript_classes(void **state)
{
    (void)state;
    lang_check_cases("x.ts", classes, sizeof classes / sizeof *classes);
}

static void test_javascript_classes(void **state)
{
    (void)state;
    lang_check_cases("x.js", classes, sizeof classes / sizeof *classes);
}

static void test_typescript_exports(void **state)
{
    (void)state;
    lang_check_cases("x.mts", exports, sizeof exports / sizeof *exports);
}

static void test_javascript_exports(void **state)
{
    (void)state;
    lang_check_cases("x.cjs", exports, sizeof exports / sizeof *exports);
}

static void test_typescript_imports(void **state)
{
    (void)state;
    lang_check_cases("x.ts", imports, sizeof imports / sizeof *imports);
}

static void test_javascript_imports(void **state)
{
    (void)state;
    lang_check_cases("x.js", imports, sizeof imports / sizeof *imports);
}

static void test_typescript_types(void **state)
{
    (void)state;
    lang_check_cases("x.ts", types, sizeof types / sizeof *types);
}

static void test_typescript_elements(void **state)
{
    (void)state;
    lang_check_cases("x.tsx", elements, sizeof elements / sizeof *elements);
}

static void test_javascript_elements(void **state)
{
    (void)state;
    lang_check_cases("x.jsx", elements, sizeof elements / sizeof *elements);
}

static void test_typescript_damage(void **state)
{
    (void)state;
    lang_check_cases("x.tsx", damage, sizeof damage / sizeof *damage);
}

static void test_javascript_damage(void **state)
{
    (void)state;
    lang_check_cases("x.js", damage, sizeof damage / sizeof *damage);
}

/* Ranges that no line of facts_text shows. */
static void test_typescript_ranges(void **state)
{
    (void)state;
    lang_run run = lang_extract("x.ts", "@d export default class A {\n  m() {}\n}\n"
                                        "export const a = 1, b = 2;\nexports.f = () => 1;\n"
                                        "const x = g(require('m'));\n");
    const gsaw__facts_symbol *symbols = gsaw__facts_symbols(run.facts);
    assert_int_equal(run.facts->symbol_count, 6);
    assert_true(symbols[0].start == 0 && symbols[0].end == 38 && symbols[0].name_start == 24);
    assert_true(symbols[1].start == 30 && symbols[1].end == 36 && symbols[1].line == 2);
    assert_true(symbols[2].start == 52 && symbols[2].end == 57);
    assert_true(symbols[3].start == 59 && symbols[3].end == 64);
    assert_true(symbols[4].start == 66 && symbols[4].end == 85 && symbols[4].name_start == 74);
    const gsaw__facts_import *import = gsaw__facts_imports(run.facts);
    assert_int_equal(run.facts->import_count, 1);
    assert_true(import->statement_start == 87 && import->statement_end == 113);
    lang_run_clear(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typescript_functions), cmocka_unit_test(test_javascript_functions),
        cmocka_unit_test(test_typescript_variables), cmocka_unit_test(test_javascript_variables),
        cmocka_unit_test(test_typescript_classes),   cmocka_unit_test(test_javascript_classes),
        cmocka_unit_test(test_typescript_exports),   cmocka_unit_test(test_javascript_exports),
        cmocka_unit_test(test_typescript_imports),   cmocka_unit_test(test_javascript_imports),
        cmocka_unit_test(test_typescript_types),     cmocka_unit_test(test_typescript_elements),
        cmocka_unit_test(test_javascript_elements),  cmocka_unit_test(test_typescript_damage),
        cmocka_unit_test(test_javascript_damage),    cmocka_unit_test(test_typescript_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
