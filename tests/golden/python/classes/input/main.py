class Empty:
    pass


class Base(object):
    """The docstring."""

    attribute = 1
    LIMIT: int = 10
    declared: str

    def __init__(self, value):
        self.value = value

    def method(self):
        return self.value

    def _internal(self):
        return None

    @staticmethod
    def static():
        return 1


class Derived(Base, abc.ABC, Generic[T], metaclass=Meta, **options):
    class Inner:
        def deep(self):
            return 1
