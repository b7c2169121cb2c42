"""Run an exported network with onnxruntime, for comparison."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnxruntime

from pybrain_runtime.convert.onnx_model import INPUT, onnx_model
from pybrain_runtime.network.description import NetworkDescription


def session_of(
    network: NetworkDescription, *, precision: str, threads: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Return an onnxruntime session of the exported network, with all optimizations.

    Args:
        network: the network.
        precision: ``float64`` or ``float32``.
        threads: number of threads.
    """
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        onnx_model(network, precision=precision, metadata={}).SerializeToString(),
        settings,
        providers=["CPUExecutionProvider"],
    )

    def predict(rows: np.ndarray) -> np.ndarray:
        outputs: np.ndarray = session.run(None, {INPUT: rows})[0]
        return outputs

    return predict
