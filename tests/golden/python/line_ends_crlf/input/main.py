import a


def f():
    """Doc."""
    return 1


x = 1
