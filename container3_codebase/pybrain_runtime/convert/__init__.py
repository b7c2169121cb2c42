"""Writes a network in another format, and checks that both files give the same outputs.

    from pybrain_runtime.convert import convert_file

    conversion = convert_file("currentSolution.pkl", "onnx")
    print(conversion.path, conversion.agreement.difference)

Nothing here is imported when the runtime starts. The packages of a format are imported when it is used.
"""

from __future__ import annotations

from pybrain_runtime.convert.conversion import Conversion, convert_file, output_path
from pybrain_runtime.convert.targets import TARGETS, Target

__all__ = ["TARGETS", "Conversion", "Target", "convert_file", "output_path"]
