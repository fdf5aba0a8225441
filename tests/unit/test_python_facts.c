/* test_python_facts.c - the native Python front end: references, what they mean, symbols, calls,
 * imports, details; recovery, bounds, memory that runs out.
 * Keeps:   python_parse checks the invariants of all facts.
 * Next:    ../python_cases.h, ../tools/python_against_ast.py, python_against_symtable.py beside */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/clock.h"
#include "python_cases.h"

typedef struct text_case {
    const char *source, *expected;
} text_case;

static void check_text(const char *source, const char *expected)
{
    python_run run = python_parse(source, strlen(source));
    gsaw__buffer text = python_text(&run);
    if (run.facts.message != NULL)
        print_error("%s: %s\n", source, run.facts.message);
    assert_int_equal(run.facts.status, GSAW_FILE_OK);
    assert_string_equal(gsaw__buffer_text(&text), expected);
    gsaw__buffer_clear(&text);
    python_clear(&run);
}

static void check_texts(const text_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_text(cases[i].source, cases[i].expected);
}
#define CHECK_TEXTS(cases) check_texts(cases, sizeof(cases) / sizeof *(cases))

static void test_python_names_mean_what_scopes_say(void **state)
{
    (void)state;
    static const text_case cases[] = {
        {"x = 1\nx = len(y)\n", "x define @; x write @; len call builtin; y read unknown"
                                " | variable x@"},
        {"def f(a, b=a):\n return a + b\n",
         "a read unknown; a read @f; b read @f | function f@, parameter a@f, parameter b@f"},
        {"class A:\n x = 1\n def m(self): return x\n", /* a class's names are not its methods' */
         "x define @A; x read unknown | class A@, variable x@A, method m@A, parameter self@m"},
        {"def f():\n global g\n g = 1\ng\n", "g scope @; g write @; g read @ | function f@"},
        {"def f():\n x = 1\n def g():\n  nonlocal x\n  x = 2\n",
         "x define @f; x scope @f; x write @f | function f@, variable x@f, function g@f"},
        {"def f():\n def g(): return x\n x = 1\n",
         "x read @f; x define @f | function f@, function g@f, variable x@f"},
        {"class A:\n def m(self): return __class__\n",
         "__class__ read @A | class A@, method m@A, parameter self@m"},
        {"try: pass\nexcept E as e: e\n", "E read unknown; e define @; e read @ | variable e@"},
        {"del x\nx\n", "x delete @; x read @"},
        {"try: import a\nexcept b: a = c\na\n", /* the alternative is a symbol too */
         "b read unknown; a define @; c read unknown; a read @ | variable a@"},
        {"import a.b\nfrom c import d as e\na, e\n", "a read @; e read @"},
        {"f = lambda x, y=x: x + z\n", "f define @; x read unknown; x read @lambda; z read unknown"
                                       " | variable f@, parameter x@lambda, parameter y@lambda"},
        {"class A:\n def m(self): return __x\n__x = 1\n", /* it is _A__x */
         "__x read unknown; __x define @ | class A@, method m@A, parameter self@m, variable __x@"},
    };
    CHECK_TEXTS(cases);
}

static void test_python_comprehensions_have_their_scope(void **state)
{
    (void)state;
    static const text_case cases[] = {
        {"[x for x in x]\n", "x read @[]; x define @[]; x read unknown | variable x@[]"},
        {"def f(a): return {k: (v, a) for k, v in a if (w := k)}\n",
         "k read @[]; v read @[]; a read @f; k define @[]; v define @[]; a read @f; w define @f; "
         "k read @[] | function f@, parameter a@f, variable k@[], variable v@[], variable w@f"},
        {"class A:\n y = 1\n z = [y for i in y]\n", /* the first iterable alone sees the class */
         "y define @A; z define @A; y read unknown; i define @[]; y read @A"
         " | class A@, variable y@A, variable z@A, variable i@[]"},
        {"[[a for a in b] for b in c]\n",
         "a read @[]; a define @[]; b read @[]; b define @[]; c read unknown"
         " | variable a@[], variable b@[]"},
        {"[(lambda: i) for i in j]\n", "i read @[]; i define @[]; j read unknown | variable i@[]"},
        {"[y := 1 for i in j]\ny\n", "y define @; i define @[]; j read unknown; y read @"
                                     " | variable y@, variable i@[]"},
        {"x = [a for b in c for a in b]\n",
         "x define @; a read @[]; b define @[]; c read unknown; a define @[]; b read @[]"
         " | variable x@, variable b@[], variable a@[]"},
    };
    CHECK_TEXTS(cases);
}

static void test_python_targets_are_found_late(void **state)
{
    (void)state;
    static const text_case cases[] = {
        {"a, (b, *c), d.e, f[g] = h\n",
         "a define @; b define @; c define @; d read unknown; e .write; f read unknown; "
         "g read unknown; h read unknown | variable a@, variable b@, variable c@"},
        {"for i, j.k in l: pass\n",
         "i define @; j read unknown; k .write; l read unknown | variable i@"},
        {"with a as b, c() as (d, e): pass\n",
         "a read unknown; b define @; c call unknown; d define @; e define @"
         " | variable b@, variable d@, variable e@"},
        {"with (a as b, c): pass\n", "a read unknown; b define @; c read unknown | variable b@"},
        {"a.b.c(x, k=1).d = e\n",
         "a read unknown; b .read; c .call; x read unknown; k keyword; d (.write; e read unknown"},
        {"f(a # c\n=1)\n", "f call unknown; a keyword"}, /* no look past a comment */
        {"match a:\n case [b, C(d, e=1), {'k': f, **g}] | h.i if b: pass\n case _: pass\n",
         "a read unknown; b define @; C read unknown; d define @; e keyword; f define @; g define "
         "@; h read unknown; i .read; b read @"
         " | variable b@, variable d@, variable f@, variable g@"},
        {"match (a := b) + 1\n", "match call unknown; a define @; b read unknown | variable a@"},
        {"X = 1\nx: int = X\n", "X define @; x define @; int type builtin; X read @"
                                " | constant X@, variable x@"},
    };
    CHECK_TEXTS(cases);
}

static void test_python_types_and_strings(void **state)
{
    (void)state;
    static const text_case cases[] = {
        {"def f[T: int](a: T, *b: 'list[T]') -> T: return T\n",
         "int type builtin; T type @<>; list type builtin; T type @<>; T type @<>; T read @<>"
         " | function f@, type_parameter T@<>, parameter a@f, parameter b@f"},
        {"class A:\n X = 1\n def f[T](a: X): return X\n", /* an annotation sees the class */
         "X define @A; X type @A; X read unknown"
         " | class A@, constant X@A, method f@A, type_parameter T@<>, parameter a@f"},
        {"T = 1\ndef f[T](a=T, *, b: T = g(T)): pass\n", /* a default does not see it */
         "T define @; T read @; T type @<>; g call unknown; T read @"
         " | constant T@, function f@, type_parameter T@<>, parameter a@f, parameter b@f"},
        {"type X[T] = dict[T, Y]\n", "dict type builtin; T type @<>; Y type unknown"
                                     " | type_alias X@, type_parameter T@<>"},
        {"x: Literal['a'] | 'b' | 'c d'\n",
         "x define @; Literal type unknown; b type unknown | variable x@"},
        {"f'{a!r:>{b}} {c=} {{d}} {e:{f}}' f'\\N{DIGIT ONE}{g!=h}'\n",
         "a read unknown; b read unknown; c read unknown; e read unknown; f read unknown; g read "
         "unknown; h read unknown"},
        {"f'{a['b']}{lambda_}' t'{c}'\n", NULL},
    };
    check_texts(cases, sizeof cases / sizeof *cases - 1);
}

static void test_python_attributes_of_self(void **state)
{
    (void)state;
    check_text("class A:\n x = 1\n def __init__(self):\n  self.x = self.y = 1\n  self.y = 2\n"
               " @staticmethod\n def s(o): o.z = 1\n @property\n def p(self): pass\n",
               "x define @A; self read @__init__; x .write; self read @__init__; y .write; self "
               "read @__init__; y .write; staticmethod decorator builtin; o read @s; z .write; "
               "property decorator builtin | class A@, variable x@A, constructor __init__@A, "
               "parameter self@__init__, property y@A, method s@A, parameter o@s, property p@A, "
               "parameter self@p");
}

static void test_python_enums_have_members(void **state)
{
    (void)state;
    check_text("class E(enum.IntFlag):\n A = b = 1\n _x_ = 2\n c: int\n class D: e = 1\n",
               "enum read unknown; IntFlag .read; A define @E; b define @E; _x_ define @E; c "
               "define @E; int type builtin; e define @D | enum E@, enum_member A@E, "
               "enum_member b@E, variable _x_@E, variable c@E, class D@E, variable e@D");
}

static void test_python_calls_and_imports_are_records(void **state)
{
    (void)state;
    const char *source = "from ..a import b as c, d\nimport e.f\ntry:\n import g\nexcept E:\n"
                         " lazy import h\nf(1, *x, k=2, **y)(3)\n__import__('m')\n"
                         "from i import *\n__all__ = ['c']\n__all__ += 'd',\n_p = 1\nq = 1\n";
    python_run run = python_parse(source, strlen(source));
    assert_int_equal(run.facts.status, GSAW_FILE_OK);
    assert_int_equal(run.facts.import_count, 7);
    const gsaw__py_import *first = &run.facts.imports[0];
    assert_memory_equal(source + first->module_start, "..a", 3);
    assert_memory_equal(source + first->member_start, "b", 1);
    assert_memory_equal(source + first->start, "c", 1);
    assert_int_equal(first->flags, GSAW_PY_IMPORT_FROM | GSAW_PY_IMPORT_ALIAS);
    assert_int_equal(run.facts.imports[3].flags, GSAW_PY_IMPORT_IN_TRY);
    assert_int_equal(run.facts.imports[4].flags, GSAW_PY_IMPORT_IN_EXCEPT | GSAW_PY_IMPORT_LAZY);
    assert_int_equal(run.facts.imports[5].flags, GSAW_PY_IMPORT_DYNAMIC);
    assert_int_equal(run.facts.imports[6].name, GSAW_PY_NONE);
    assert_int_equal(run.facts.call_count, 3);
    assert_int_equal(run.facts.calls[0].positional, 1 | GSAW_PY_UNPACKED);
    assert_int_equal(run.facts.calls[0].keywords, 1 | GSAW_PY_UNPACKED);
    assert_int_equal(run.facts.calls[1].ref, GSAW_PY_NONE);
    for (uint32_t i = 0; i < run.facts.symbol_count; i++) /* __all__, _p, q: none is in __all__ */
        assert_int_equal(run.facts.symbols[i].kind & GSAW_PY_EXPORTED, 0);
    python_clear(&run);
}

static void test_python_details_have_ranges(void **state)
{
    (void)state;
    const char *source = "'doc'\n@d(1)\nclass A(B, metaclass=M):\n 'a'\n"
                         " def f(self, x: int = 1) -> str:\n  \"\"\"b\"\"\"\n"
                         "  self.y = c.D(1)\n  z, w = E()\n  v = F() + 1\n";
    static const char *const expected[] = {
        "'doc'", "d(1)",          "B",  "metaclass=M", "'a'", "str", "(self, x: int = 1) -> str",
        "int",   "\"\"\"b\"\"\"", "c.D"};
    python_run run = python_parse(source, strlen(source));
    assert_int_equal(run.facts.detail_count, sizeof expected / sizeof *expected);
    for (uint32_t i = 0; i < run.facts.detail_count; i++) {
        gsaw__py_detail detail = run.facts.details[i];
        assert_int_equal(detail.end - detail.start, strlen(expected[i]));
        assert_memory_equal(source + detail.start, expected[i], detail.end - detail.start);
    }
    assert_memory_equal(source + run.facts.symbols[0].start, "@d(1)", 5);
    assert_int_equal(run.facts.symbols[0].end, strlen(source) - 1);
    python_clear(&run);
}

/* ---- errors ---- */

/* A source with an error: its line, and names of symbols that are there all the same. */
static void check_recovery(const char *source, uint32_t line, const char *names)
{
    python_run run = python_parse(source, strlen(source));
    gsaw__buffer found = {0};
    for (uint32_t i = 0; i < run.facts.symbol_count; i++) {
        if (i != 0)
            gsaw__buffer_append_byte(&found, ' ');
        python_name(&run, run.facts.symbols[i].name, &found);
    }
    assert_int_equal(run.facts.status, GSAW_FILE_PARTIAL);
    assert_int_equal(run.facts.problem_line, line);
    assert_string_equal(gsaw__buffer_text(&found), names);
    gsaw__buffer_clear(&found);
    python_clear(&run);
}

static void test_python_goes_on_behind_errors(void **state)
{
    (void)state;
    check_recovery("a = 1\nb = = 2\nc = 3\n", 2, "a b c");
    check_recovery("a = f(1,\n\ndef g(x):\n  y = x\n", 3, "a g x y");
    check_recovery("a = [1,\nb = 2\n", 2, "a b");
    check_recovery("x = {'a': 1,\n  k=1,\n  b=2,\nclass C:\n  z = 1\n", 2, "x C z");
    check_recovery("def f(:\n  a = 1\nb = 2\n", 1, "f a b");
    check_recovery("class A\n  a = 1\n  def m(self): pass\nb = 2\n", 1, "A a m self b");
    check_recovery("if x\n  a = 1\nelse:\n  b = 2\nc = 3\n", 1, "a b c");
    check_recovery("print 'x'\na = 1\n", 1, "a");
    check_recovery("a = '''x\nb = 1\n", 1, "a b");
    check_recovery("a = 'x\nb = 1\n", 1, "a b");
    check_recovery("def f():\n    a = 1\n  b = 2\nc = 3\n", 3, "f a b c");
    check_recovery("a = f'{x\nb = 1\n", 2, "a b");
    check_recovery("match x:\n  case 1 2: a = 1\n  case b: c = 1\nd = 1\n", 2, "b c d");
    check_recovery("# coding: uft-8\na = 1\n", 1, "a");
    check_recovery("\xEF\xBB\xBF# coding: latin-1\na = 1\n", 1, "a");
    check_recovery("match x:\n case {a.", 2, "");
    check_recovery("a = 1\n\xff\nb = 1\n", 2, "a b");
}

static void test_python_line_ends_and_odd_bytes(void **state)
{
    (void)state;
    static const text_case cases[] = {
        {"\xEF\xBB\xBFx = 1\r\nif x:\r\n\ty = 2\rz = 3", "x define @; x read @; y define @; z "
                                                         "define @ | variable x@, variable y@, "
                                                         "variable z@"},
        {"\f\n  # c\n\f  \nx = \\\r\n 1\n", "x define @ | variable x@"},
        {"# -*- coding: latin-1 -*-\nx = '\xE9'\n", "x define @ | variable x@"},
        {"\xC3\xA9t\xC3\xA9 = 1\n", "\xC3\xA9t\xC3\xA9 define @ | variable \xC3\xA9t\xC3\xA9@"},
        {"a_name_of_16_byte = a_name_of_16_bytf = a_name_of_16_byte\n",
         "a_name_of_16_byte define @; a_name_of_16_bytf define @; a_name_of_16_byte read @"
         " | variable a_name_of_16_byte@, variable a_name_of_16_bytf@"},
        {"", ""},
        {"#", ""},
    };
    CHECK_TEXTS(cases);
    python_run run = python_parse("x = 1\0\ny = 1\n", 13);
    assert_int_equal(run.facts.status, GSAW_FILE_PARTIAL);
    assert_int_equal(run.facts.symbol_count, 2);
    python_clear(&run);
}

/* ---- bounds ---- */

static char *repeat(const char *begin, const char *piece, size_t times, const char *end)
{
    size_t head = strlen(begin), size = strlen(piece), tail = strlen(end);
    char *text = malloc(head + size * times + tail + 1);
    gsaw_check(text != NULL);
    memcpy(text, begin, head);
    for (size_t i = 0; i < times; i++)
        memcpy(text + head + i * size, piece, size);
    memcpy(text + head + size * times, end, tail + 1);
    return text;
}

static const text_case deep[] = {{"", "("},
                                 {"", "["},
                                 {"", "{"},
                                 {"", "f("},
                                 {"", "a["},
                                 {"", "lambda: "},
                                 {"", "not "},
                                 {"", "- "},
                                 {"", "await "},
                                 {"", "a if b else "},
                                 {"", "f'{"},
                                 {"", "f\"{"},
                                 {"", "'''"},
                                 {"", "\"\"\""},
                                 {"", "*"},
                                 {"", "x = "},
                                 {"", "a."},
                                 {"", "a:"},
                                 {"", "@"},
                                 {"", "if x:\n"},
                                 {"", "match "},
                                 {"", "match (x):\n"},
                                 {"", "[x for x in "},
                                 {"", "def f():"},
                                 {"", "class A:\n"},
                                 {"", "((((\n"},
                                 {"", "try:\n"},
                                 {"", "\\\n"},
                                 {"", "\n"},
                                 {"(", "\n"},
                                 {"", "# x\n"},
                                 {"", "a,"},
                                 {"", "f'{a:"},
                                 {"", "[x for x in y"},
                                 {"", "lambda x="},
                                 {"match x:\n case ", "["},
                                 {"x: ", "'"},
                                 {"x: ", "List["},
                                 {"", "1if "},
                                 {"", "def f(\n"},
                                 {"", "x\n "},
                                 {"", "import a\n"},
                                 {"", "a = (b, \n"},
                                 {"def f(a", ", a: '"},
                                 {"", "'''\n\"\"\"\n"},
                                 {"", "\"\"\"\n'''\n"}};

/* Long names that differ in the middle alone. */
static void test_python_long_names_do_not_collide(void **state)
{
    (void)state;
    enum { NAMES = 60000, SIZE = 52 };
    char *text = calloc(NAMES * SIZE + GSAW_SOURCE_PADDING + 1, 1);
    gsaw__py_parser *parser = gsaw__py_parser_new(NULL);
    gsaw__arena arena = {0};
    gsaw__python_facts facts;
    assert_true(text != NULL && parser != NULL);
    for (int i = 0; i < NAMES; i++)
        (void)snprintf(text + (size_t)i * SIZE, SIZE + 1,
                       "abcdefghijklmnop_%012d_ponmlkjihgfedcba"
                       "_end_\n",
                       i);
    uint64_t start = gsaw__clock_ns();
    gsaw__python_parse(parser, text, (size_t)NAMES * SIZE, &arena, &facts);
    assert_true(gsaw__clock_ns() - start < UINT64_C(3000000000)); /* 0.03 s, or minutes */
    assert_int_equal(facts.status, GSAW_FILE_OK);
    assert_int_equal(facts.name_count, NAMES);
    gsaw__arena_clear(&arena);
    gsaw__py_parser_free(parser);
    free(text);
}

/* Ten times the text takes no more than some thirty times the time. */
static void test_python_is_linear_and_bounded(void **state)
{
    (void)state;
    gsaw__py_parser *parser = gsaw__py_parser_new(NULL);
    gsaw__arena arena = {0};
    assert_non_null(parser);
    for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) {
        uint64_t times[2];
        for (int large = 0; large < 2; large++) {
            char *text =
                repeat(deep[i].source, deep[i].expected, large ? 200000 : 20000,
                       "                                                                        "
                       "                    "); /* the padding, cut off below */
            size_t count = strlen(text) - GSAW_SOURCE_PADDING;
            memset(text + count, 0, GSAW_SOURCE_PADDING);
            gsaw__python_facts facts;
            uint64_t start = gsaw__clock_ns();
            gsaw__python_parse(parser, text, count, &arena, &facts);
            times[large] = gsaw__clock_ns() - start;
            assert_int_not_equal(facts.status, GSAW_FILE_FAILED);
            assert_true(gsaw__python_facts_check(&facts, count));
            gsaw__arena_reset(&arena);
            free(text);
        }
        if (times[1] > times[0] * 40 + 200000000)
            fail_msg("%s: %lu ns, ten times as much %lu ns", deep[i].expected, times[0], times[1]);
    }
    gsaw__arena_clear(&arena);
    gsaw__py_parser_free(parser);
}

static void test_python_survives_each_failing_allocation(void **state)
{
    (void)state;
    char *text = repeat("class A(B):\n def m(self, a: int = 1): return [x.y(z=a) for x in a]\n",
                        "@d\ndef f(a, b, *c): global g; g = lambda q: (a, b, q.r(1)); import i\n"
                        "match f:\n case [x, y, (z, w)] if x: pass\n[[u for u in v] for v in w]\n",
                        30, "                                                                ");
    size_t count = strlen(text) - GSAW_SOURCE_PADDING;
    memset(text + count, 0, GSAW_SOURCE_PADDING);
    bool done = false;
    for (size_t fail_at = 1; !done; fail_at++)
        for (int from = 0; from < 2; from++) {
            gsaw_failing_allocator failing;
            gsaw_failing_allocator_init(&failing, fail_at, from);
            gsaw__py_parser *parser = gsaw__py_parser_new(&failing.allocator);
            gsaw__arena arena;
            gsaw__arena_init(&arena, &failing.allocator);
            gsaw__python_facts facts = {.status = GSAW_FILE_FAILED};
            if (parser != NULL)
                gsaw__python_parse(parser, text, count, &arena, &facts);
            done = facts.status == GSAW_FILE_OK;
            assert_true(done || facts.status == GSAW_FILE_FAILED);
            assert_true(gsaw__python_facts_check(&facts, count));
            gsaw__py_parser_free(parser);
            gsaw__arena_clear(&arena);
            assert_int_equal(failing.live_bytes, 0);
        }
    free(text);
}

static void test_python_parser_is_as_new_after_each_file(void **state)
{
    (void)state;
    char *many = malloc(1 << 20);
    assert_non_null(many);
    size_t count = 0;
    for (int i = 0; i < 3000; i++) /* more names than the small table holds */
        count += (size_t)snprintf(many + count, 64, "name_number_%d = other_%d\n", i, i);
    count += (size_t)snprintf(many + count, 64, "__all__ = [");
    for (int i = 0; i < 3000; i++) /* and names that only strings have */
        count += (size_t)snprintf(many + count, 64, "'string_%d',", i);
    count += (size_t)snprintf(many + count, 64, "]\n");
    memset(many + count, 0, GSAW_SOURCE_PADDING);
    static char small[128] = "x = 1\ndef f(y): return x + y\n";
    gsaw__py_parser *parser = gsaw__py_parser_new(NULL);
    gsaw__arena arena = {0};
    gsaw__python_facts first, again;
    gsaw__python_parse(parser, small, strlen(small), &arena, &first);
    for (int i = 0; i < 3; i++) {
        gsaw__python_parse(parser, many, count, &arena, &again);
        assert_int_equal(again.name_count, 9000);
        gsaw__python_parse(parser, small, strlen(small), &arena, &again);
        assert_int_equal(first.bytes, again.bytes);
        assert_memory_equal(first.refs, again.refs, first.bytes); /* the block is one piece */
    }
    gsaw__arena_clear(&arena);
    gsaw__py_parser_free(parser);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_python_names_mean_what_scopes_say),
        cmocka_unit_test(test_python_comprehensions_have_their_scope),
        cmocka_unit_test(test_python_targets_are_found_late),
        cmocka_unit_test(test_python_types_and_strings),
        cmocka_unit_test(test_python_attributes_of_self),
        cmocka_unit_test(test_python_enums_have_members),
        cmocka_unit_test(test_python_calls_and_imports_are_records),
        cmocka_unit_test(test_python_details_have_ranges),
        cmocka_unit_test(test_python_goes_on_behind_errors),
        cmocka_unit_test(test_python_line_ends_and_odd_bytes),
        cmocka_unit_test(test_python_long_names_do_not_collide),
        cmocka_unit_test(test_python_is_linear_and_bounded),
        cmocka_unit_test(test_python_survives_each_failing_allocation),
        cmocka_unit_test(test_python_parser_is_as_new_after_each_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
