/* test_python.c - Python: a source, and the lines that its facts make (see facts_text.h).
 * Next:    src/lang/python.c, tests/golden/python */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "lang_cases.h"

static const lang_case definitions[] = {
    {"def f(): pass\n", "function f + ()\n"},
    {"async def f(self, x: int = 3,\n      *, y=None) -> 'str': pass\n",
     "function f + (self, x: int = 3, *, y=None) -> 'str'\n"},
    {"def f(a, # the first\n      b='#'): pass\n", "function f + (a, b='#')\n"},
    {"def f[T: int](a: T) -> T: return a\n", "function f + (a: T) -> T\n"},
    {"class A: pass\nclass B(A, metaclass=M, **kw): pass\n",
     "class A +\nclass B + <A <metaclass=M <**kw\n"},
    {"class A:\n    def __init__(self): pass\n    def m(self): pass\n    def _p(self): pass\n",
     "class A +\nconstructor A.__init__ (self)\nmethod A.m + (self)\nmethod A._p (self)\n"},
    {"class A:\n    @property\n    def x(self): pass\n    @x.setter\n    def x(self, v): pass\n"
     "    @functools.cached_property\n    def y(self): pass\n    @staticmethod\n    def z(): "
     "pass\n",
     "class A +\nproperty A.x + (self) @property\nproperty A.x~2 + (self, v) @x.setter\n"
     "property A.y + (self) @functools.cached_property\nmethod A.z + () @staticmethod\n"},
    {"@a.b\n# between\n@c(1,\n   2)\ndef f(): pass\n", "function f + () @a.b @c(1, 2)\n"},
    {"def f():\n    def g():\n        class C:\n            def m(self): pass\n",
     "function f + ()\nfunction f.g local ()\nclass f.g.C local\nmethod f.g.C.m local (self)\n"},
    {"if x:\n    def f(): pass\nelse:\n    def f(): pass\n",
     "function f + ()\nfunction f~2 + ()\n"},
    {"class A:\n    if x:\n        def m(self): pass\n", "class A +\nmethod A.m + (self)\n"},
    {"def f():\n    \"\"\"doc\"\"\"\ndef g():\n    f'no'\ndef h():\n    b'no'\ndef i():\n    # c\n"
     "    'a' 'b'\nclass C:\n    r'doc'\n",
     "function f + () doc\nfunction g + ()\nfunction h + ()\nfunction i + () doc\nclass C + doc\n"},
    {"type X = int\ntype Y[T] = list[T]\n", "type_alias X +\ntype_alias Y +\n"},
    {"x = lambda a: (b := a)\n", "variable x +\n"},
};

static const lang_case variables[] = {
    {"a = 1\nA = 2\n_B2 = 3\n_ = 4\nCamel = 5\n\xC3\xA9 = 6\n",
     "variable a +\nconstant A +\nconstant _B2\nvariable _\nvariable Camel +\nvariable \xC3\xA9 "
     "+\n"},
    {"a = 1\na = 2\na += 1\nb: int\nb = 2\n", "variable a +\nvariable b +\n"},
    {"(a, [b, *c]), d = e\nx.y = z[0] = w = 1\n",
     "variable a +\nvariable b +\nvariable c +\nvariable d +\nvariable w +\n"},
    {"for i, (j, k) in x:\n    inside = 1\nelse:\n    after = 2\n",
     "variable i +\nvariable j +\nvariable k +\nvariable inside +\nvariable after +\n"},
    {"with a as b, c() as (d, e.f):\n    pass\ntry:\n    x = 1\nexcept E as gone:\n    y = 1\n",
     "variable b +\nvariable d +\nvariable x +\nvariable y +\n"},
    {"if (n := f()) and [m := 1]:\n    pass\nprint([p for q in r if (s := q)])\n",
     "variable n +\nvariable m +\nvariable s +\n"},
    {"match p:\n    case A.B: pass\n    case C(x=y, z=[q, *r]): pass\n    case {'k': v, **w}: "
     "pass\n"
     "    case (1 | 2) as n: pass\n    case _: pass\n",
     "variable y +\nvariable q +\nvariable r +\nvariable v +\nvariable w +\nvariable n +\n"},
    {"class A:\n    x = 1\n    Y: int = 2\n    z: str\n    a = b = 3\n",
     "class A +\nvariable A.x +\nconstant A.Y +\nvariable A.z +\nvariable A.a +\nvariable A.b +\n"},
    {"def f():\n    x = 1\n    for y in x: pass\n    with a as b: pass\n    if (c := 1): pass\n",
     "function f + ()\n"},
    {"def f(): pass\nf = g(f)\nimport j\nj = None\n",
     "function f + ()\nvariable j +\nmodule j j <j>\n"},
    {"class C(enum.Enum):\n    A = 1\n    B, D = auto(), 2\n    _ignore_ = []\n    x: int\n"
     "    def m(self): pass\nclass F(str, IntFlag): A = 1\nclass N(Enumeration): A = 1\n",
     "enum C + <enum.Enum\nenum_member C.A +\nenum_member C.B +\nenum_member C.D +\n"
     "variable C._ignore_\nvariable C.x +\nmethod C.m + (self)\nenum F + <str <IntFlag\n"
     "enum_member F.A +\nclass N + <Enumeration\nconstant N.A +\n"},
};

static const lang_case exports[] = {
    {"def a(): pass\ndef _b(): pass\ndef __c__(): pass\nclass _D:\n    def m(self): pass\n",
     "function a + ()\nfunction _b ()\nfunction __c__ ()\nclass _D\nmethod _D.m (self)\n"},
    {"__all__ = ['_a', \"b\"]\n_a = b = c = 1\n",
     "variable __all__\nvariable _a +\nvariable b +\nvariable c\n"},
    {"__all__ = ('a',) + x.__all__ + ['b']\n__all__ += ['c']\n__all__.append('d')\n"
     "__all__.extend(('e',))\na = b = c = d = e = f = 1\n",
     "variable __all__\nvariable a +\nvariable b +\nvariable c +\nvariable d +\nvariable e +\n"
     "variable f\n"},
    {"__all__ = [n for n in dir()]\na = 1\n", "variable __all__\nvariable a +\n"},
    {"__all__: list[str] = []\na = 1\n", "variable __all__\nvariable a\n"},
    {"class A:\n    __all__ = ['x']\ny = 1\n", "class A +\nvariable A.__all__\nvariable y +\n"},
};

static const lang_case imports[] = {
    {"import a\nimport a.b.c\nimport a . b as c, d\n",
     "module a a <a>\nmodule a.b.c a.b.c <a>\nmodule a.b a.b as c <c>\nmodule d d <d>\n"},
    {"from a.b import c, d as e\nfrom . import f\nfrom ..g import (h,\n  i)\nfrom ... import *\n",
     "from a.b c <c>\nfrom a.b d as e <e>\nfrom . f <f>\nfrom ..g h <h>\nfrom ..g i <i>\n"
     "star ... * <...>\n"},
    {"from m import *\nfrom __future__ import annotations as x\n",
     "star m * <m>\nfrom __future__ annotations as x <x>\n"},
    {"from a.\\\n  b import c\n", "from a.b c <c>\n"},
    {"def f():\n    import a\n    try:\n        from b import c\n    except ImportError:\n"
     "        import d\n",
     "function f + ()\nmodule a a <a>\nfrom b c <c>\nmodule d d <d>\n"},
    {"if TYPE_CHECKING:\n    from a import b\nelse:\n    import c\nif typing.TYPE_CHECKING:\n"
     "    import d\nif not TYPE_CHECKING:\n    import e\nelse:\n    import f\nimport g\n",
     "from a b type <b>\nmodule c c <c>\nmodule d d type <d>\nmodule e e <e>\nmodule f f type <f>\n"
     "module g g <g>\n"},
    {"x = importlib.import_module('a.b')\ny = __import__(\"c\").d\n__import__(f'no{1}')\n"
     "import_module(name)\ndef f(): return g(import_module('.d', package='e'))\n",
     "variable x +\nvariable y +\nfunction f + ()\ndynamic a.b dynamic <a.b>\ndynamic c dynamic "
     "<c>\n"
     "dynamic .d dynamic <.d>\n"},
};

static const lang_case damage[] = {
    {"", ""},
    {"\xEF\xBB\xBF"
     "def f(): pass\n",
     "function f + ()\n"},
    {"import a\rdef f():\r    pass\rx = 1\r", "function f + ()\nvariable x +\nmodule a a <a>\n"},
    {"import a\r\ndef f():\r\n    '''d\r\n    '''\r\nx = 1\r\n",
     "function f + () doc\nvariable x +\nmodule a a <a>\n"},
    {"def f(: pass\nx = 1\ndef g(): pass\n", NULL},
    {"def f():\n    pass\n)\nclass A: pass\n", "partial syntax 3\nfunction f + ()\nclass A +\n"},
    {"x = '\xFF\xFE'\ndef f(): pass\n# \x80\ny = 1\n",
     "variable x +\nfunction f + ()\nvariable y +\n"},
};

static void test_python_definitions(void **state)
{
    (void)state;
    lang_check_cases("x.py", definitions, sizeof definitions / sizeof *definitions);
}

static void test_python_variables(void **state)
{
    (void)state;
    lang_check_cases("x.py", variables, sizeof variables / sizeof *variables);
}

static void test_python_exports(void **state)
{
    (void)state;
    lang_check_cases("x.py", exports, sizeof exports / sizeof *exports);
}

static void test_python_imports(void **state)
{
    (void)state;
    lang_check_cases("x.pyi", imports, sizeof imports / sizeof *imports);
}

static void test_python_damage(void **state)
{
    (void)state;
    lang_check_cases("x.py", damage, sizeof damage / sizeof *damage);
}

/* Ranges that no line of facts_text shows. */
static void test_python_ranges(void **state)
{
    (void)state;
    lang_run run =
        lang_extract("x.py", "x = 1; y = 2\n@d\ndef f():\n  'doc'\nfor i in (1): z = 1\n");
    const gsaw__facts_symbol *symbols = gsaw__facts_symbols(run.facts);
    assert_int_equal(run.facts->symbol_count, 5);
    assert_true(symbols[0].start == 0 && symbols[0].end == 5);
    assert_true(symbols[1].start == 7 && symbols[1].end == 12);
    assert_true(symbols[2].start == 13 && symbols[2].end == 32 && symbols[2].line == 3);
    assert_true(symbols[2].doc_start == 27 && symbols[2].doc_end == 32);
    assert_true(symbols[3].start == 33 && symbols[3].end == 45 && symbols[3].column == 5);
    assert_true(symbols[4].start == 47 && symbols[4].end == 52);
    lang_run_clear(&run);
    run = lang_extract("x.py", "def f():\n  x = g(importlib.import_module('a'))\n");
    const gsaw__facts_import *import = gsaw__facts_imports(run.facts);
    assert_int_equal(run.facts->import_count, 1);
    assert_true(import->statement_start == 11 && import->statement_end == 46);
    lang_run_clear(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_python_definitions), cmocka_unit_test(test_python_variables),
        cmocka_unit_test(test_python_exports),     cmocka_unit_test(test_python_imports),
        cmocka_unit_test(test_python_damage),      cmocka_unit_test(test_python_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
