type Plain = int
type Generic[K, *V] = dict[K, tuple[*V]]


class Holder:
    type Inner = str


Old: TypeAlias = "int"
