"""Plots with matplotlib, which is imported only when something is drawn."""

from pybrain.tools.plotting.multiline import MultilinePlotter
from pybrain.tools.plotting.network import drawDecisionSurface, drawNetwork

__all__ = ["MultilinePlotter", "drawDecisionSurface", "drawNetwork"]
