import os
import os.path
import numpy as np
import a.b.c as d, e.f
from collections import OrderedDict
from collections.abc import Mapping as M, Sequence
from package import (
    one,
    two as three,
)
from module import *
from __future__ import annotations
