from . import sibling
from .. import parent as up
from .module import name
from ...deep.er import (a, b as c)
from .star import *
