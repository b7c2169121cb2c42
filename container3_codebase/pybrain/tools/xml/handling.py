"""The old name of :mod:`pybrain.tools.customxml.handling`."""

from pybrain.tools.customxml.handling import *
