"""Of the module: no symbol."""


def triple():
    """Over
    lines."""


def single(): 'On the line.'


def raw():
    r"\d"


def joined():
    "a" "b"


def after_a_comment():
    # a comment
    "Still the first statement."


def formatted():
    f"no docstring"


def binary():
    b"no docstring"


def none():
    x = "no docstring"


class Documented:
    """Of the class."""
