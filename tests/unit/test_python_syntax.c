/* test_python_syntax.c - what the native Python front end accepts and what it does not.
 * Keeps:   each source is what CPython 3.15's ast.parse says it is; none is called ok that it
 *          rejects, whatever older versions do.
 * Next:    test_python_facts.c, ../tools/python_against_ast.py */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "python_cases.h"

/* clang-format off */
static const char *const ACCEPTED[] = {
    "x = *a", "*a = 1", "(*a, b) = 1", "for *x in y: pass", "for x in *a, b: pass",
    "del (a, b), [c], d.e, f[0]", "del (a, b)[0]", "[*x for x in y]", "{*x for x in y}",
    "{**x for x in y}", "(*x for x in y)", "f(*x for x in y)", "f(*a, **k)", "f(**k, a=1)",
    "f(a := 1)", "(x := 1)", "x[y := 1]", "x[a:b:c, *d]", "lambda *a, b=1, **k: a",
    "lambda a, /, b, *, c: 1", "def f(a, /, b, *, c): pass", "def f(**k,): pass",
    "def f(*a: *b): pass", "def f[T: int = str, *Ts = *x, **P = [int]](): pass",
    "class A[T](B, metaclass=C, *a, **k): pass", "type X = int", "type X[T] = int", "type = 1",
    "type (x)", "match x:\n case 1: pass", "match x:\n case a.b: pass",
    "match x:\n case a.b(): pass", "match x:\n case {\"a\": 1, **r}: pass",
    "match x:\n case {a.b: 1, -1: 2, \"a\" \"b\": 3, None: 4}: pass",
    "match x:\n case {f\"a\": 1}: pass", "match x:\n case 1 + 2j: pass",
    "match x:\n case -1 - 2j: pass", "match x:\n case +1: pass", "match x:\n case f\"a\": pass",
    "match x:\n case *a, b: pass", "match x:\n case (*a,): pass", "match x:\n case [*a]: pass",
    "match x:\n case [*_]: pass", "match x:\n case a | b as c: pass",
    "match x:\n case 1 if y := 2: pass", "match x:\n case (a as b, c): pass",
    "match x:\n case a, b as c: pass", "match x:\n case (): pass", "match x:\n case (a): pass",
    "match x:\n case a(): pass\n case _: pass", "match *a, b:\n case 1: pass",
    "match (x):\n case 1: pass", "match [x]:\n case 1: pass", "match -x:\n case 1: pass",
    "match x, :\n case 1: pass", "match x := 1:\n case 1: pass", "match not x:\n case 1: pass",
    "match lambda: 1:\n case 1: pass", "match (x)", "match[x]: int", "match[x] = 1", "match = 1",
    "match.x", "match -x", "match * x", "match not in x", "match in x", "match is x", "case = 1",
    "_ = 1", "lazy import a", "lazy from a import b", "lazy = 1", "lazy import a.b as c, d",
    "def f():\n lazy import a", "try:\n pass\nexcept A, B:\n pass",
    "try:\n pass\nexcept (A, B) as c:\n pass", "try:\n pass\nexcept* A, B:\n pass",
    "try:\n pass\nexcept A,:\n pass", "try:\n pass\nexcept:\n pass\nexcept A:\n pass",
    "try:\n pass\nfinally:\n pass", "t'{a}'", "t'{a!r:>{b}}'", "t'a' t'b'", "rt'{a}'", "tr\"{a}\"",
    "f'{(lambda x: 1)}'", "f'{x !r}'", "f'{x=!r:^20}'", "f'{x:{y:{z}}}'", "f'{x:=5}'",
    "f'{x!r:=5}'", "f'{a!=b}'", "f'{a[\"b\"]}'", "f'{a['b']}'", "f'{{}}'", "f'{{{x}}}'",
    "f'\\N{DIGIT ONE}{x}'", "f'\\{x}'", "rf'\\{x}'", "f'{*a}'", "f'{*a, b}'", "f'{yield}'",
    "f'{a:b!r}'", "f'{a\n}'", "f'{a # c\n}'", "f'''{\na\n}'''", "f'{x:{{}}}'", "b'\\N'", "b'\\u1'",
    "'\303\251'", "u'a'", "rb'a' Rb'b' bR'c'", "1_000", "00", "0_0", "0x_f", "1e5", "1.e5j", ".5",
    "1..real", "1if x else y", "1and 2", "0x1for x in y", "1jif x else y",
    "a if b else c if d else e", "a if b else lambda: c", "lambda: a if b else c", "not a + b",
    "not - a", "a and not b", "a not in b", "a is not b", "await x", "await x ** 2", "- await x",
    "await (await x)", "*a, b", "[*a | b]", "f(*a or b)", "x = yield", "x = yield y, z",
    "x = yield from y", "yield x", "(yield)", "x += yield", "x: int = yield", "x: int",
    "(x): int = 1", "x.y: int = 1", "x[0]: int", "(a) += 1", "a.b += 1", "() = x", "[] = x",
    "(a, [b, *c]) = d", "a = b = c", "a = (b) = c", "raise", "raise E from F", "return",
    "return *a, b", "assert x, y", "assert (x, y)", "global x, y", "nonlocal x",
    "import a.b.c as d, e", "from . import a", "from .. import (a, b as c,)", "from ... import *",
    "from .... a import b", "from . . a import b", "from a import (b)", "from a.b import c as d",
    "from .import a", "from __future__ import annotations", "with a: pass", "with a as b: pass",
    "with a as b, c as d: pass", "with (a as b, c as d): pass", "with (a as b, c as d,): pass",
    "with (a, b): pass", "with (a, b) as c: pass", "with (a): pass", "with (a as b): pass",
    "with (a).b as c: pass", "with (yield): pass", "with (a := b): pass", "with (a := b, c): pass",
    "with (*a, b): pass", "with a as (b, c): pass", "with a as b.c, d as e[0]: pass",
    "with a as *b: pass", "with a as (b): pass", "with (a as (b, c)): pass",
    "with (a, b) as c, d: pass", "with (a for a in b): pass", "with (a for a in b) as c: pass",
    "with (a, b) + c as d: pass", "with ((a, b) as c): pass",
    "with (open(a)) as b, (open(c)) as d: pass", "with a as b, (c): pass", "async def f(): pass",
    "async with a: pass", "async for a in b: pass", "async def f():\n async with a as b, c: pass",
    "for x in y: pass", "for x, in y: pass", "for x, *y in z: pass", "for (x, y) in z: pass",
    "for x.y in z: pass", "for x[0] in z: pass", "for x in y, z: pass", "for x in (yield): pass",
    "for x in lambda: 1: pass", "for a in b: pass\nelse: pass", "while x: pass\nelse: pass",
    "while x := 1: pass", "if x: pass\nelif y: pass\nelse: pass", "if x: pass; pass", "if x: pass;",
    "x; y;", "x;\n", "class A: pass", "class A(): pass", "class A(B): pass", "class A(*B): pass",
    "@a\ndef f(): pass", "@a.b(c)\nclass A: pass", "@a[0]\n@b\nasync def f(): pass",
    "@x := y\ndef f(): pass", "@a\n\n\ndef f(): pass", "@(yield)\ndef f(): pass",
    "@lambda f: f\ndef f(): pass", "def f() -> int: pass", "def f(a, a): pass",
    "def f(a, b=1, *, c): pass", "def f(a, b=1, *c, d): pass", "def f(*, a=1, b): pass",
    "x.y.z = 1", "{}", "{a}", "{a: b}", "{**a, b: c}", "{*a, b}", "{**a for a in b}",
    "{a: b for a, b in c}", "{a for a in b}", "{a: b, **c,}", "{a := b}", "{a: (b := c)}",
    "[a for a in b if c if d for e in f]", "[a for a in b if (c if d else e)]",
    "[a := b for c in d]", "[a for a, in b]", "[a for a.b in c]", "[(a, b) for a in c]",
    "[a async for a in b]", "(a for a in b)", "()", "(a,)", "a[b,]", "a[::]", "a[:,:]", "a[::,]",
    "a()()", "a(b,)", "a @ b", "a @= b", "a //= b", "a **= b", "a >>= b", "a ++ b", "+ a", "~a",
    "x = 1 # c", "# c", "'''a\n'''", "if True:\n\tx\n\ty"};

static const char *const REJECTED[] = {
    "f() = 1", "(*a) = 1", "del *a", "del f()", "f(**x for x in y)", "f(x for x in y, 1)",
    "f(1, x for x in y)", "f(a=1, b)", "f(**k, *a)", "f(a.b=1)", "f((a)=1)", "f(a = b := 1)",
    "x := 1", "(x.y := 1)", "x[*a:b]", "x[a := 1:2]", "lambda *: 1", "lambda a=1, b: 1",
    "lambda /: 1", "def f(a=1, /, b): pass", "def f(*, **k): pass", "def f(**k, a): pass",
    "def f(*a, *b): pass", "def f(a: *b): pass", "def f(*a=1): pass", "class A[]: pass", "type X",
    "match x:\n case {**r, \"a\": 1}: pass", "match x:\n case {**_}: pass",
    "match x:\n case {a: 1}: pass", "match x:\n case 1 + 2: pass", "match x:\n case 1j + 2j: pass",
    "match x:\n case *a: pass", "match x:\n case (*a): pass", "match x:\n case a as b.c: pass",
    "match x:\n case a as _: pass", "match x:\n case A(b=1, c): pass",
    "match x:\n case A(b=1, *c): pass", "match x:\n case A(a.b=1): pass",
    "match x:\n case *a as b: pass", "match x:\n case a | *b: pass", "match x:\n case 1\n",
    "match x:\n pass", "match *a:\n case 1: pass", "match x", "print match",
    "try:\n pass\nexcept A, B as c:\n pass", "try:\n pass\nexcept*:\n pass",
    "try:\n pass\nexcept* A:\n pass\nexcept B:\n pass", "try:\n pass\nelse:\n pass",
    "try:\n pass\n", "t'a' f'b'", "t'a' 'b'", "bt'a'", "f'{lambda x: 1}'", "f'{x!z}'", "f'{x!}'",
    "f'{x! r}'", "f'{}'", "f'{ }'", "f'{x:{y:{z:{w}}}}'", "f'}'", "f'{x:\n}'", "f'{a;b}'",
    "f'{x:}}'", "f'{a}' b'c'", "'a' b'c'", "'\\x1'", "b'\\x1'", "'\\u12'", "'\\U00110000'",
    "'\\N{foo'", "b'\303\251'", "ur'a'", "ub'a'", "1__0", "1_", "0777", "0x", "0b12", "0o8", "1e",
    "1e+", "1.real", "1_a", "1abc", "0xfor", "a if b", "a + not b", "- not a", "a < not b",
    "a not b", "a is is b", "await -x", "await await x", "*a or b, c", "[*a or b]", "*a < b, c",
    "x = yield from y, z", "(yield) = 1", "[yield]", "{yield}", "f(yield)", "(x, y): int",
    "x, y: int", "[x]: int", "x: int, y", "x: *int", "x: yield", "(a, b) += 1", "a, b += 1",
    "f() += 1", "a = f() = c", "\"a\" = 1", "None = 1", "a + b = 1", "a < b = c", "(a + b) = 1",
    "-a = 1", "a if b else c = 1", "lambda: 1 = 2", "`a`", "a <> b", "print \"x\"", "exec \"x\"",
    "raise E, \"x\"", "raise from F", "return x = 1", "pass x", "assert x,", "global x.y", "global",
    "import a as b.c", "import .a", "import a,", "import (a)", "import a.", "from .a import",
    "from a import b,", "from a import (*)", "from a import *, b", "from a import ()",
    "from import a", "from a import b.c", "with (a as b) as c: pass", "with (a as b).c: pass",
    "with (a as b, c := d): pass", "with (*a, b as c): pass", "with a as f(): pass",
    "with a,: pass", "with (a, (b as c)): pass", "with ((a as b)): pass", "async x",
    "for f() in z: pass", "for (x in y) in z: pass", "for x in: pass",
    "for x if y else z in w: pass", "for x + y in z: pass", "for -x in y: pass",
    "for \"a\" in y: pass", "if x: pass\nelse: pass\nelif y: pass", "else: pass", "elif x: pass",
    "if x:\npass", "if x:\n pass\n  pass", "if x:\n  pass\n pass", " x", "x\n y",
    "if x: if y: pass", ";", "x;;y", "class A(B for B in C): pass", "class A(x=1, B): pass",
    "class A.b: pass", "class: pass", "@a\nx", "@a def f(): pass", "@a;\ndef f(): pass",
    "def f() -> *a: pass", "def f() -> yield: pass", "def f(a, (b, c)): pass", "def f(a.b): pass",
    "def f(a b): pass", "def f(a,, b): pass", "def f(,): pass", "def f(a, b=1, c): pass",
    "def f(a, *): pass", "def f(a, *,): pass", "def f(a, /, /): pass", "def f(a, *, /): pass",
    "def f(*a, /): pass", "def f(/, a): pass", "def f(None): pass", "def None(): pass",
    "class None: pass", "a.None", "a.if", "f(None=1)", "f(True=1)", "import None", "{a: b, c}",
    "{a, b: c}", "{*a: b}", "{a: *b}", "{,}", "{a:}", "{a: b := c}", "{a := b: c}",
    "{** a if b else c}", "{**a or b}", "{**not a}", "{**lambda: 1}", "[a for a in b, c]",
    "[a for a in lambda: 1]", "[a for a in b if lambda: 1]", "[a for a in b if c else d]",
    "[a for a in b if c := d]", "[a for a := b in c]", "[a for f() in c]", "[a, b for a in c]",
    "[async for a in b]", "[a for async in b]", "(a, b for a in c)", "(,)", "(a b)", "[a b]", "a b",
    "a.", ".a", "a..b", "a[]", "a[,]", "a[b c]", "a[b:c:d:e]", "a[b=1]", "a(,)", "a(b,,)", "a(b c)",
    "(", ")", "[)", "(]", "{)", "a = (", "\\", "x = \\", "x = \\ y", "x = 1 \\\\\n + 2", "\?", "$",
    "x\?", "x!", "!x", "a ! b", "a ->b", "a := b", "a = b := c", "a +", "! = 1", "\"\"\"a", "'a",
    "'a\\", "\"a\nb\"", "if True:\n\tx\n        y", "if True:\n        x\n\ty"};
/* clang-format on */

static void check_all(const char *const *sources, size_t count, uint8_t status)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        python_run run = python_parse(sources[i], strlen(sources[i]));
        if (run.facts.status != status) {
            print_error("%s: %s\n", sources[i],
                        run.facts.message == NULL ? "accepted" : run.facts.message);
            wrong++;
        }
        python_clear(&run);
    }
    assert_int_equal(wrong, 0);
}

static void test_python_accepts_what_cpython_accepts(void **state)
{
    (void)state;
    check_all(ACCEPTED, sizeof ACCEPTED / sizeof *ACCEPTED, GSAW_FILE_OK);
}

static void test_python_rejects_what_cpython_rejects(void **state)
{
    (void)state;
    check_all(REJECTED, sizeof REJECTED / sizeof *REJECTED, GSAW_FILE_PARTIAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_python_accepts_what_cpython_accepts),
        cmocka_unit_test(test_python_rejects_what_cpython_rejects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
