public = 1
_private = 2
__dunder__ = 3


def function():
    pass


def _hidden():
    pass


class Public:
    def method(self):
        pass

    def _hidden(self):
        pass

    def __repr__(self):
        return ""


class _Private:
    def method(self):
        pass
