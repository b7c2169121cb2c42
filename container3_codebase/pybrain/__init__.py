"""Networks as PyBrain has them: the same import paths, classes and numbers, on today's Python and NumPy.

Written from PyBrain's observed behaviour; see docs/pybrain-compatibility.md for what differs.
"""

from pybrain._missing import MissingFinder
from pybrain.structure import *

__version__ = "0.1.0"

MissingFinder().install()
