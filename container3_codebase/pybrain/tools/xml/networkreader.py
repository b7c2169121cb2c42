"""The old name of :mod:`pybrain.tools.customxml.networkreader`."""

from pybrain.tools.customxml.networkreader import *
