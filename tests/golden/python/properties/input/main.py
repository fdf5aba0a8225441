import functools


class Point:
    @property
    def x(self):
        return self._x

    @x.setter
    def x(self, value):
        self._x = value

    @x.deleter
    def x(self):
        del self._x

    @functools.cached_property
    def norm(self):
        return 1

    @cached
    def not_a_property(self):
        return 2
