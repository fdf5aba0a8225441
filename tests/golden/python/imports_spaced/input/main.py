import a . b
from   .   pkg   .   mod   import   x
from a.\
    b import c
from m import (  # why
    d,  # this
)
