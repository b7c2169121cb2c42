"""Inference with PyBrain networks: load them safely, compile them, predict rows, write the predictions.

    from pybrain_runtime import load_knowledge, read_activation, write_prediction

    knowledge = load_knowledge("currentSolution.pkl")
    activation = read_activation("activation_data.csv", knowledge)
    outputs = knowledge.activate(activation.inputs)
    write_prediction("prediction.csv", knowledge, activation, outputs)

Files of any size, in CSV, JSON lines or Parquet, in bounded memory:

    from pybrain_runtime import activate_file

    activate_file(knowledge, "rows.parquet", "prediction.csv")

Names are imported when they are first used: importing this package, or its ``errors``, needs no NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pybrain_runtime._version import __version__

if TYPE_CHECKING:
    from pybrain_runtime.activation import ActivationStream, read_activation
    from pybrain_runtime.container.settings import Settings
    from pybrain_runtime.engine.compiled_network import CompiledNetwork
    from pybrain_runtime.engine.inference_session import InferenceSession
    from pybrain_runtime.inspection import Inspection, inspect_file
    from pybrain_runtime.knowledge import Knowledge, load_knowledge
    from pybrain_runtime.limits import Limits
    from pybrain_runtime.network.description import (
        ConnectionDescription,
        ModuleDescription,
        NetworkDescription,
    )
    from pybrain_runtime.network.model_card import Card, read_card
    from pybrain_runtime.results.prediction import Prediction
    from pybrain_runtime.results.prediction_writer import PredictionWriter, open_prediction, write_prediction
    from pybrain_runtime.runs.activate_file import activate_file
    from pybrain_runtime.runs.options import StreamOptions
    from pybrain_runtime.runs.outcome import Outcome, Progress
    from pybrain_runtime.tables.activation import Activation, Source

_HOMES = {
    "Activation": "tables.activation",
    "ActivationStream": "activation",
    "Card": "network.model_card",
    "CompiledNetwork": "engine.compiled_network",
    "ConnectionDescription": "network.description",
    "InferenceSession": "engine.inference_session",
    "Inspection": "inspection",
    "Knowledge": "knowledge",
    "Limits": "limits",
    "ModuleDescription": "network.description",
    "NetworkDescription": "network.description",
    "Outcome": "runs.outcome",
    "Prediction": "results.prediction",
    "PredictionWriter": "results.prediction_writer",
    "Progress": "runs.outcome",
    "Settings": "container.settings",
    "Source": "tables.activation",
    "StreamOptions": "runs.options",
    "activate_file": "runs.activate_file",
    "inspect_file": "inspection",
    "load_knowledge": "knowledge",
    "open_prediction": "results.prediction_writer",
    "read_activation": "activation",
    "read_card": "network.model_card",
    "write_prediction": "results.prediction_writer",
}

__all__ = [
    "Activation",
    "ActivationStream",
    "Card",
    "CompiledNetwork",
    "ConnectionDescription",
    "InferenceSession",
    "Inspection",
    "Knowledge",
    "Limits",
    "ModuleDescription",
    "NetworkDescription",
    "Outcome",
    "Prediction",
    "PredictionWriter",
    "Progress",
    "Settings",
    "Source",
    "StreamOptions",
    "__version__",
    "activate_file",
    "inspect_file",
    "load_knowledge",
    "open_prediction",
    "read_activation",
    "read_card",
    "write_prediction",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
