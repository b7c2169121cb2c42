"""PyBrain's networks on current Python and NumPy: the same import paths, classes and numbers.

Written from PyBrain's observed behaviour; see docs/pybrain-compatibility.md for what differs.
"""

from pybrain._missing import MissingFinder
from pybrain.structure import *

__version__ = "0.1.0"

MissingFinder().install()
