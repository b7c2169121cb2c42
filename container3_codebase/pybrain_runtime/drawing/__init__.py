"""Draws a network as SVG: layers as boxes from left to right in the order of computation, connections as curves.

from pybrain_runtime.drawing import drawing

svg = drawing(knowledge.network)
"""

from __future__ import annotations

from pybrain_runtime.drawing.svg import drawing

__all__ = ["drawing"]
