import typing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import a
    from b import c
else:
    d = None
    import e

if typing.TYPE_CHECKING:
    import f

if not TYPE_CHECKING:
    import g
else:
    import h
import i
