import enum
from enum import Enum, Flag, auto


class Color(Enum):
    RED = 1
    GREEN, BLUE = 2, 3
    _ignore_ = ["temporary"]
    __private = 4
    label: str

    def describe(self):
        return self.name


class Mode(str, enum.StrEnum):
    READ = "r"


class Bits(Flag):
    A = auto()
    B = auto()


class Enumeration:
    A = 1
