"""tidy_source.py - one C file as tidy.py sees it: comments, its code, functions, variables.

Keeps: a reader for code in the house format (clang-format has run), not for C at large: a
       function's brace stands alone in the first column, and so does the one that closes it.
"""
import re
from typing import NamedTuple

TOKEN = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
NOT_A_NAME = {"__attribute__", "GSAW_PRINTF", "defined", "sizeof", "_Alignas", "alignas"}
ALLOW = re.compile(r"tidy: allow ([a-z-]+): (?=(?:\S+\s+){2})")


class Comment(NamedTuple):
    line: int
    last: int
    text: str


class Function(NamedTuple):
    name: str
    first: int
    last: int
    signature: str
    parameters: int


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def split_parameters(signature):
    """The name of the function that the signature is of, and the number of its parameters."""
    for found in re.finditer(r"\b([A-Za-z_]\w*)\s*\(", signature):
        if found[1] in NOT_A_NAME:
            continue
        depth, commas, inside = 0, 0, ""
        for letter in signature[found.end() - 1:]:
            depth += (letter == "(") - (letter == ")")
            if depth == 0:
                break
            commas += letter == "," and depth == 1
            inside += letter
        return found[1], 0 if inside[1:].strip() in ("", "void") else commas + 1
    return None, 0


class Source:
    """One file: its comments; its code by line, with comments, strings and macros blanked."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.comments = []
        code = []
        end = 0
        for found in TOKEN.finditer(text):
            code.append(text[end:found.start()])
            token = found[0]
            if token[0] == "/":
                first = text.count("\n", 0, found.start()) + 1
                self.comments.append(Comment(first, first + token.count("\n"), token))
                code.append(blank(token))
            else:
                code.append(token[0] + blank(token[1:-1]) + token[-1])
            end = found.end()
        code.append(text[end:])
        self.with_macros = "".join(code).split("\n")
        self.code = self._without_macros()
        self._on_line = {}
        for comment in self.comments:
            for offset, line in enumerate(comment.text.split("\n")):
                place = comment.line + offset
                self._on_line[place] = self._on_line.get(place, "") + line

    def _without_macros(self):
        """And without what is for C++ alone."""
        code, inside, foreign = [], False, False
        for line in self.with_macros:
            starts = inside or line.lstrip().startswith("#")
            inside = starts and line.endswith("\\")
            if starts and not inside:
                foreign = line.startswith("#ifdef __cplusplus")
            code.append("" if starts or foreign else line)
        return code

    def includes(self):
        """(line, target, whether it stands in quotes) of each #include."""
        for number, line in enumerate(self.text.split("\n"), 1):
            found = INCLUDE.match(line)
            if found:
                yield number, found[2], found[1] == '"'

    def comment_on(self, line):
        """The text of the comments that lie on a line."""
        return self._on_line.get(line, "")

    def comment_ends_at(self, line):
        return any(comment.last == line and comment.line > 1 for comment in self.comments)

    def comment_begins_at(self, line):
        return any(comment.line == line for comment in self.comments)

    def allowances(self):
        for comment in self.comments:
            for found in ALLOW.finditer(comment.text):
                yield comment.last, found[1]

    def functions(self):
        """Every function that is defined here, from its signature to its last brace."""
        for number, line in enumerate(self.code, 1):
            if line != "{":
                one_line = re.match(r"^\w.*\)\s*\{.*\}$", line)
                if one_line:
                    signature = self._signature(number - 1, line.split("{")[0])
                    yield from self._function(signature, number)
                continue
            signature = self._signature(number - 2, "")
            end = len(self.code)
            last = next((n for n in range(number, end) if self.code[n].startswith("}")), end - 1)
            yield from self._function(signature, last + 1)

    def _function(self, signature, last):
        name, parameters = split_parameters(signature[1])
        if name:
            yield Function(name, signature[0], last, signature[1], parameters)

    def _signature(self, index, behind):
        """The lines above index (from 0) that belong to one declaration: (first line, text)."""
        lines = [behind] if behind else []
        number = index if not behind else index - 1
        while number >= 0 and self.code[number].strip() and \
                not self.code[number].rstrip().endswith((";", "}", "{")):
            lines.insert(0, self.code[number])
            number -= 1
        return number + 2, "\n".join(lines)

    def top_level(self):
        """(first line, last line, text) of each statement outside of braces."""
        depth, first, text = 0, 0, ""
        for number, line in enumerate(self.code, 1):
            for letter in line + "\n":
                if letter == "{":
                    depth += 1
                    text += "{"
                    continue
                if letter == "}":
                    depth -= 1
                    if depth == 0 and re.search(r"\)\s*\{$", text):
                        text = ""
                    continue
                if depth:
                    continue
                if not text.strip() and not letter.isspace():
                    first, text = number, ""
                text += letter
                if letter == ";":
                    yield first, number, text.strip()
                    text = ""

    def declarations(self):
        """Every function that is declared here (or defined inline in a header)."""
        found = []
        for first, last, text in self.top_level():
            if text.startswith(("typedef", "static_assert", "_Static_assert")) \
                    or "=" in text or "{" in text or re.match(r"(struct|union|enum)\b[^(]*;", text):
                continue
            name, parameters = split_parameters(text)
            if name:
                found.append(Function(name, first, last, text, parameters))
        if self.path.endswith(".h"):
            found += self.functions()
        return sorted(set(found), key=lambda function: function.first)

    def variables(self):
        """(line, text) of each variable that outlives its function and is not const."""
        for first, _, text in self.top_level():
            head = text.split("=")[0].split("[")[0].rstrip("; ")
            if text.startswith(("typedef", "static_assert", "_Static_assert", "extern")) \
                    or "(" in text.split("=")[0].split("{")[0] \
                    or re.match(r"(struct|union|enum)\s+\w+\s*(\{|;)|enum\s*\{", text):
                continue
            if not is_const(head):
                yield first, " ".join(text.split())[:60]
        for number, line in enumerate(self.code, 1):
            found = re.match(r"\s+static\s+(.*)", line)
            if found and not is_const(found[1].split("=")[0].split("[")[0]) \
                    and not found[1].startswith("inline"):
                yield number, line.strip()[:60]


def is_const(head):
    """Whether what a declarator declares is const itself (the pointer, not its target)."""
    if "*" in head:
        return bool(re.search(r"\*\s*const\b[^*]*$", head))
    return bool(re.search(r"\bconst\b", head))
