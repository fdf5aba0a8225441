print "hello"
exec "code"
import urllib2


class Old:
    def method(self, (a, b)):
        raise ValueError, "x"


def after():
    pass
