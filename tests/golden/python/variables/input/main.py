a = 1
B = 2
_C3 = 3
camelCase = 4
T = TypeVar("T")
annotated: int
both: int = 5
first = second = 6
(x, [y, *rest]), z = data
obj.attribute = table[0] = last = 7
a = "again: no second symbol"
a += 1
