"""Names for the types that annotations share; imported by type checkers only."""

from __future__ import annotations

import os
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike as ArrayLike
from numpy.typing import NDArray

# The numbers of networks: float64, of any shape.
Array: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
IntArray: TypeAlias = NDArray[np.int_]
# An array whose dtype is the caller's.
AnyArray: TypeAlias = NDArray[Any]
StrPath: TypeAlias = str | os.PathLike[str]
