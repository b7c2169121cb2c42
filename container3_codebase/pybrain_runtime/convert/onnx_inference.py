"""Runs a written ONNX model with onnxruntime, to check it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from pybrain_runtime.convert.agreement import Predict

TOLERANCES = {"float64": 1e-12, "float32": 1e-4}
"""The largest difference that is accepted for each precision, see ``Agreement.difference``."""


def runtime_name() -> str:
    """Return the name and version of onnxruntime."""
    return f"onnxruntime {_runtime().__version__}"


def onnx_predict(model: bytes) -> Predict:
    """Return a function that runs a serialized ONNX model on one thread."""
    runtime = _runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: it warns about every constant that it folds
    session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    model_input = session.get_inputs()[0]
    dtype = np.float64 if model_input.type == "tensor(double)" else np.float32

    def predict(inputs: np.ndarray) -> np.ndarray:
        outputs: np.ndarray = session.run(None, {model_input.name: inputs.astype(dtype)})[0]
        return outputs

    return predict


def _runtime() -> Any:
    return import_module("onnxruntime")  # it has no type information
