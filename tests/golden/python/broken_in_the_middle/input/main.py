import before


def good():
    return 1


def broken(:
    return (


class After:
    def method(self):
        return 2
