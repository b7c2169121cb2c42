"""Writes a network in another format, and shows that it still answers alike.

    from pybrain_runtime.convert import convert_file

    done = convert_file("currentSolution.pkl", "onnx")
    print(done.path, done.agreement.difference)

Nothing here is loaded when the runtime starts, and each format's own packages only when it is asked for.
"""

from __future__ import annotations

from pybrain_runtime.convert.conversion import Conversion, convert_file, output_path
from pybrain_runtime.convert.targets import TARGETS, Target

__all__ = ["TARGETS", "Conversion", "Target", "convert_file", "output_path"]
