"""The TOML reader against Python's own (tomllib): the same documents are taken, with the same
values, and the same are refused; on documents written for it and on random mutations of them.

The seed of the mutations is printed; GANGSAW_TEST_SEED=N repeats them, GANGSAW_TEST_ROUNDS=N says
how many. TOML_DUMP is tests/toml/dump.c (ctest sets it)."""

import json
import os
import random
import subprocess
import sys
import time
import tomllib
import unittest

DUMP = os.environ["TOML_DUMP"]
ROUNDS = int(os.environ.get("GANGSAW_TEST_ROUNDS", "40000"))
BATCH = 4000
sys.setrecursionlimit(10000)  # what is printed for a key of 150 parts is 450 deep

# Documents, with an empty line between two of one group; which are valid, tomllib says.
GROUPS = {
    "keys": r"""
key = 1

bare_key = 1
bare-key = 2
1234 = 3
"" = 4
'' = 5

"127.0.0.1" = 1
'quoted "x"' = 2
"a\nb\u00e9" = 3

a.b.c = 1
a . d = 2
"a"  .  'e' = 3

3.14 = 1

site."google.com" = true

a = 1
a = 2

a = 1
a.b = 2

a.b = 1
a = 2

a.b.c = 1
a.b.d = 2
a.e = 3

spelling = 1
"spelling" = 2

= 1

a

a =

a = 1 b = 2

a.
= 1

a. = 1

.a = 1

a..b = 1

é = 1

a b = 1

'''a''' = 1

"a
b" = 1

a = 1 # comment
#comment

<TAB>a<TAB>=<TAB>1<TAB>

true = 1
inf = 2
1e5 = 3
-1 = 4
_ = 5
""",
    "scalars": r"""
a = true
b = false

a = True

a = trueish

a = [1, 2_000, +3, -4, 0, +0, -0, 0x_1]

a = 0xdead_BEEF
b = 0o0_7
c = 0b1_01
d = 9_223_372_036_854_775_807
e = -9223372036854775808

a = 0x

a = 0xg

a = 0X1

a = +0x1

a = 01

a = 1__0

a = _1

a = 1_

a = 0_1

a = -01

a = 1.5
b = -0.0
c = 1e10
d = 1E+2
e = 6.626e-34
f = 224_617.445_991
g = 1_0e1_0

a = .5

a = 5.

a = 1.e2

a = 1e

a = 1e_1

a = 1._5

a = 01.5

a = 1.5.6

a = inf
b = -inf
c = +inf
d = nan
e = -nan
f = +nan

a = Inf

a = infinity

a = + inf

a = 1e05

a = --1

a = 1 2
""",
    "times": r"""
a = 1979-05-27T07:32:00Z
b = 1979-05-27 00:32:00.999999-07:00
c = 1979-05-27t07:32:00z
d = 1979-05-27T07:32:00
e = 1979-05-27
f = 07:32:00
g = 00:32:00.9999999999

a = 2000-02-29

a = 1900-02-29

a = 2023-02-29

a = 2024-02-29

a = 2023-13-01

a = 2023-00-10

a = 2023-04-31

a = 2023-01-01T24:00:00

a = 23:59:60

a = 12:00

a = 12:00:00.

a = 2023-01-01T

a = 2023-01-01 # a comment

a = 2023-01-01 12

a = 2023-01-01T12:00:00+24:00

a = 2023-01-01T12:00:00+1:00

a = 2023-1-01

a = [1979-05-27, 1979-05-27 07:32:00 ,07:32:00]

a = 12:00:00Z

a = 2023-01-01x
""",
    "strings": r'''
a = "I'm a string. \"You can quote me\". Name\tJos\u00E9 \U0001F600\b\f\r\\"

a = "\q"

a = "\u12"

a = "\ud800"

a = "\U00110000"

a = "\x41"

a = "unended

a = 'C:\Users\nodejs'
b = '<\i\c*\s*>'

a = 'unended

a = "a<TAB>tab"

a = ""
b = ''

a = """"""

a = """
one
two \
    three \

four"""

a = """\
       """

a = """a \  b"""

a = """x""""
b = """y"""""

a = """z""""""

a = """"quoted" and ""two"""

a = \'\'\'
first newline is trimmed
   \n stays\'\'\'

a = \'\'\'x\'\'\'\'
b = \'\'\'y\'\'\'\'\'

a = \'\'\'z\'\'\'\'\'\'

a = """unended""

a = \'\'\'unended\'\'

a = """\u0041\
"""

a = "line \
join"

a = ["""
""", \'\'\'
\'\'\']
''',
    "arrays": r"""
a = []
b = [ ]
c = [1, 2, 3,]
d = [[1, 2], ["a"], []]
e = [ # comment
  1, # one

  2
  # end
]

a = [1 2]

a = [,]

a = [1,,2]

a = [1

a = 1]

a = [{b = 1}, {c = [2, {d = 3}]}]

a = [[[[[[[[[[1]]]]]]]]]]

a = [1,
# x
,2]
""",
    "tables": r"""
[a]
b = 1
[c]
b = 2

[a.b.c]
x = 1
[a]
y = 2

[a]
[a]

[a]
b = 1
[a.b]
c = 2

[a.b]
c = 1
[a]
b = 2

[a]
b.c = 1
[a.b]
d = 2

[a]
b.c = 1
[a.b.d]
e = 2

[a.b.c]
z = 9
[a]
b.c.t = 1

[a.b.c]
z = 9
[a]
b.t = 1

[a.b.c]
z = 9
[a]
b.t = 1
[a.b]

[ a . "b" . 'c' ]
x = 1

[]

[a

[a]]

[a] b = 1

[a] # comment

[[a]

[a.]

[.a]

["a]

a = 1
[a]

a = {}
[a.b]

a.b = 1
[a]

a.b = 1
[a.c]
d = 1

[a]
b = {}
[a.b.c]

[tool.gangsaw]
num_workers = 4
[tool.other]
x = [1, 2]
[tool]
y = 1
""",
    "lists of tables": r"""
[[a]]
x = 1
[[a]]
[[a]]
x = 3

[[a]]
[a.b]
x = 1
[[a.c]]
y = 1
[[a.c]]
[[a]]
[a.b]
[[a.c]]
z = 2

a = []
[[a]]

a = [{}]
[[a]]

[[a]]
[a]

[a]
[[a]]

[a.b]
[[a]]

[[a.b]]
[a]
c = 1

[[a.b]]
[a]
b.c = 1

[[a.b]]
[[a]]

[[a]]
b = 1
[[a.b]]

[[a]]
b = [1]
[[a.b]]

[ [a]]

[[a] ]

[[]]

a.b = 1
[[a]]

a.b = 1
[[a.b]]

[a]
b.c = 1
[[a.b]]

[a]
b.c = 1
[[a.b.d]]
""",
    "inline tables": r"""
a = {}
b = { }
c = { x = 1, y.z = 2, "q" = {r = 3} }

a = {x = 1,}

a = {,}

a = {x = 1
}

a = {x = [
1
]}

a = {x = 1 y = 2}

a = {x = 1, x = 2}

a = {b.c = 1, b.d = 2}

a = {b = {}, b.c = 1}

a = {b.c = 1, b = 2}

a = {b = 1, b.c = 2}

a = {b = 1}
a.c = 2

a = {b.c = 1}
[a.b]

a.b = {c = 1}
a.d = 2

a.b = {c = 1}
a.b.d = 2

a = {x = 1} y

a = {x}

a = {"x" = 'y'}

[a]
b = {c = 1}
b.d = 2
""",
}

# What does not fit in lines of text.
ODD = [
    b"",
    b"\n",
    b"\r\n",
    b"\r",
    b"a = 1\r\nb = 2\r\n",
    b"a = 1\rb = 2",
    b"a = 1\r",
    b'a = """x\r\ny"""',
    b'a = """x\ry"""',
    b'a = """\r\nx\\\r\n  y"""',
    b"a = '''\r\nx\r\n'''",
    b"# c\r\n",
    b"# c\r",
    b"# \x01",
    b"# \x7f",
    b"# \xc3\xa9",
    b"# \xff",
    b"# \t",
    b"a = '\x00'",
    b'a = "\\u0000"',
    b'a = "\x7f"',
    b"a = '\xc3\xa9\xf0\x9f\x98\x80'",
    b"a = '\xed\xa0\x80'",
    b"a = '\xf5\x80\x80\x80'",
    b"a = 1\x00",
    b"\xef\xbb\xbfa = 1",
    b"\xff\xfea\x00",
    b"a = [\r\n1,\r\n]",
    b"a = [\r1]",
    b"\x0ca = 1",
    b"a = \"\\",
    b'a = """\\',
    b'a = """\\  ',
    b"a = 1" + b" " * 1000 + b"# x",
    b"a" * 5000 + b" = 1",
    b".".join([b"a"] * 150) + b" = 1",
    b"[" + b".".join([b"a"] * 150) + b"]",
    b"a = " + b"[" * 60 + b"]" * 60,
]

# What mutations insert.
BITS = [
    *(bytes([i]) for i in range(256)),
    *(b"[[ ]] [ ] { } = . , # ' \" ''' \"\"\" \\ \\u0041 \\U00010000 true").split(),
    *b"0x 0o 0b e+ inf nan".split(),
    *(b"1979-05-27 07:32:00 07:32 T Z +01:00 a b c a.b [a] [[a]] {a=1} 1_0 0 00 -1 .5").split(),
    b"\r\n",
    b"\n[a]\n",
    b"\n[[a]]\n",
    b"\na.b = 1\n",
    b"\\\n",
]


def documents():
    found = list(ODD)
    for group in GROUPS.values():
        text = group.replace("\\'", "'").replace("<TAB>", "\t").strip("\n")
        found += [part.encode() for part in text.split("\n\n")]
    return found


def mutate(random_, corpus):
    """One document, with a few of its bytes deleted, doubled, replaced or joined by another's."""
    data = bytearray(random_.choice(corpus))
    for _ in range(random_.randint(1, 4)):
        at = random_.randint(0, len(data))
        end = min(len(data), at + random_.choice((1, 1, 1, 2, 3, 8)))
        change = random_.randrange(5)
        if change == 0:
            del data[at:end]
        elif change == 1:
            data[at:at] = random_.choice(BITS)
        elif change == 2:
            data[at:end] = random_.choice(BITS)
        elif change == 3:
            data[at:at] = data[at:end]
        else:
            data[at:] = b"\n" + random_.choice(corpus)
    return bytes(data)


def dump(batch):
    """What the reader makes of each document."""
    text = b"".join(b"%d\n%s" % (len(data), data) for data in batch)
    done = subprocess.run([DUMP], input=text, capture_output=True, check=False)
    assert done.returncode == 0, (done.returncode, done.stderr.decode()[-2000:])
    lines = done.stdout.splitlines()
    assert len(lines) == len(batch)
    return [json.loads(line) for line in lines]


def expected(data):
    """tomllib's reading, or None where it refuses."""
    try:
        return tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None


def is_same(ours, theirs):
    kind, value = ours
    if kind == "table":
        return (
            isinstance(theirs, dict)
            and len(value) == len(theirs)
            and all(key in theirs and is_same(item, theirs[key]) for key, item in value)
        )
    if kind == "list":
        return (
            isinstance(theirs, list)
            and len(value) == len(theirs)
            and all(map(is_same, value, theirs))
        )
    if kind == "float":
        return isinstance(theirs, float) and repr(float(value.replace("_", ""))) == repr(theirs)
    if kind == "time":
        return tomllib.loads(f"a = {value}")["a"] == theirs and len(value) > 0
    return type(value) is type(theirs) and value == theirs


# Where the two differ, and mean to.
ALLOWED = (": a number beyond 64 bits",)


def is_year_0(data):
    return any(b"0000-%02d" % month in data for month in range(1, 13))


class Toml(unittest.TestCase):
    def compare(self, batch):
        """How many of the batch are valid."""
        valid = 0
        for data, ours in zip(batch, dump(batch)):
            theirs = expected(data)
            if theirs is None:
                self.assertTrue(ours[0] == "error" or is_year_0(data), (data, ours))
            elif ours[0] == "error":
                self.assertTrue(ours[1].endswith(ALLOWED), (data, ours, theirs))
            else:
                self.assertTrue(is_same(ours, theirs), (data, ours, theirs))
                valid += 1
            if ours[0] == "error":
                self.assertRegex(ours[1], r"\A\d+:\d+: ")
        return valid

    def test_toml_documents(self):
        corpus = documents()
        valid = self.compare(corpus)
        self.assertGreater(valid, 60)
        self.assertGreater(len(corpus) - valid, 110)

    def test_toml_mutations(self):
        seed = int(os.environ.get("GANGSAW_TEST_SEED", time.time_ns() % 2**32))
        print(f"GANGSAW_TEST_SEED={seed}", flush=True)
        random_, corpus, valid = random.Random(seed), documents(), 0
        for _ in range(0, ROUNDS, BATCH):
            valid += self.compare([mutate(random_, corpus) for _ in range(BATCH)])
        self.assertGreater(valid, ROUNDS // 20)

    def test_toml_every_beginning(self):
        """A document that breaks off anywhere."""
        for data in documents():
            if len(data) < 400:
                self.compare([data[:i] for i in range(len(data))])

    def test_toml_errors_tell_the_place(self):
        for data, said in {
            b"a = 1\nb = \n": "2:5: a value is missing, or is none that TOML knows",
            b"a = 1\na = 2": "2:3: a is there already",
            b"\xc3\xa9 = 1": "1:1: a key is missing",
            b"a = 'x": "1:7: the string does not end",
            b"x = 1\r\n[a]\r\n[a]": "3:3: a is defined already",
            b"# \xff": "1:3: not UTF-8",
            b"a = 99999999999999999999": "1:5: a number beyond 64 bits",
            b"a = 9223372036854775808": "1:5: a number beyond 64 bits",
            b"a = -9223372036854775809": "1:5: a number beyond 64 bits",
        }.items():
            self.assertEqual(dump([data])[0], ["error", said])

    def test_toml_limits(self):
        """Depth and number of keys have an end, and it is told."""
        deep = dump([b"a = " + b"[" * n + b"]" * n for n in (100, 101, 100000)])
        self.assertEqual([row[0] for row in deep], ["table", "error", "error"])
        self.assertIn("too deep", deep[1][1])
        deep = dump([b"a = " + b"{a=" * n + b"1" + b"}" * n for n in (99, 100000)])
        self.assertEqual([row[0] for row in deep], ["table", "error"])
        many = dump([b"".join(b"k%d=1\n" % i for i in range(n)) for n in (20000, 20001)])
        self.assertEqual([row[0] for row in many], ["table", "error"])
        self.assertEqual(many[1][1], "20001:7: too many keys")

    def test_toml_time_is_linear(self):
        """A megabyte of anything ends at once, a long dotted key too."""
        for bit in (b"[", b"{", b"a.", b"'", b'"', b"\\", b"a=[1,", b"[[a]]\n", b"#", b"\n", b"_"):
            start = time.monotonic()
            dump([bit * ((1 << 20) // len(bit)), b"a = " + bit * ((1 << 20) // len(bit))])
            self.assertLess(time.monotonic() - start, 20, bit)


if __name__ == "__main__":
    unittest.main()
