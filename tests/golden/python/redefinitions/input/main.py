def f():
    pass


def f(a):
    pass


if x:
    class C:
        def m(self): pass
else:
    class C:
        def m(self): pass

f = wrap(f)
