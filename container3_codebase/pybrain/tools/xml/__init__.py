"""The old name of :mod:`pybrain.tools.customxml`, used by programs for PyBrain 0.3 and before."""

from pybrain.tools.customxml.networkreader import NetworkReader
from pybrain.tools.customxml.networkwriter import NetworkWriter
