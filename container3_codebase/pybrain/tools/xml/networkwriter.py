"""The old name of :mod:`pybrain.tools.customxml.networkwriter`."""

from pybrain.tools.customxml.networkwriter import *
