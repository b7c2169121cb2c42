"""Lets onnxruntime answer with a model, as somebody would who has nothing but the file."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from pybrain_runtime.convert.agreement import Answers

TOLERANCES = {"float64": 1e-12, "float32": 1e-4}
"""The largest difference that a conversion may make, see ``Agreement.difference``."""


def runtime_name() -> str:
    """Return the name and version of who checks."""
    return f"onnxruntime {_runtime().__version__}"


def onnx_answers(model: bytes) -> Answers:
    """Return what onnxruntime answers with a model, on one thread."""
    runtime = _runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: it warns about every constant that it folds
    session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    place = session.get_inputs()[0]
    element = np.float64 if place.type == "tensor(double)" else np.float32

    def answers(inputs: np.ndarray) -> np.ndarray:
        outputs: np.ndarray = session.run(None, {place.name: inputs.astype(element)})[0]
        return outputs

    return answers


def _runtime() -> Any:
    return import_module("onnxruntime")  # it has no type information
