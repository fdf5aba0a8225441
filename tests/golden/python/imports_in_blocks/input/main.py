try:
    import fast as impl
except ImportError:
    import slow as impl

if sys.version_info >= (3, 8):
    from typing import Protocol
else:
    from typing_extensions import Protocol


def lazy():
    import inside
    from . import also


class Body:
    import strange
