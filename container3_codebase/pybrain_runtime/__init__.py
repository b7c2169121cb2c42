"""Runs PyBrain networks: reads them safely, compiles them, answers rows, writes the answers.

    from pybrain_runtime import load_knowledge, read_activation, write_prediction

    knowledge = load_knowledge("currentSolution.pkl")
    activation = read_activation("activation_data.csv", knowledge)
    outputs = knowledge.activate(activation.inputs)
    write_prediction("prediction.csv", knowledge, activation, outputs)

Files of any size, in CSV, JSON lines or Parquet, in bounded memory:

    from pybrain_runtime import activate_file

    activate_file(knowledge, "rows.parquet", "prediction.csv")

Names are looked up when they are first used: importing this package, or its ``errors``, needs no NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .activation import Activation, ActivationStream, read_activation
    from .answering import Answering
    from .card import Card, read_card
    from .description import ConnectionDescription, ModuleDescription, NetworkDescription
    from .inspection import Inspection, inspect_file
    from .knowledge import Knowledge, load_knowledge
    from .limits import Limits
    from .plan import Plan
    from .prediction import Prediction, PredictionWriter, Source, open_prediction, write_prediction
    from .settings import Settings
    from .stream import activate_file
    from .stream_records import Outcome, Progress, StreamOptions
    from .walk import Walk

__version__ = "0.1.0"

_HOMES = {
    "Activation": "activation",
    "ActivationStream": "activation",
    "Answering": "answering",
    "Card": "card",
    "ConnectionDescription": "description",
    "Inspection": "inspection",
    "Knowledge": "knowledge",
    "Limits": "limits",
    "ModuleDescription": "description",
    "NetworkDescription": "description",
    "Outcome": "stream_records",
    "Plan": "plan",
    "Prediction": "prediction",
    "PredictionWriter": "prediction",
    "Progress": "stream_records",
    "Settings": "settings",
    "Source": "prediction",
    "StreamOptions": "stream_records",
    "Walk": "walk",
    "activate_file": "stream",
    "inspect_file": "inspection",
    "load_knowledge": "knowledge",
    "open_prediction": "prediction",
    "read_activation": "activation",
    "read_card": "card",
    "write_prediction": "prediction",
}

__all__ = [
    "Activation",
    "ActivationStream",
    "Answering",
    "Card",
    "ConnectionDescription",
    "Inspection",
    "Knowledge",
    "Limits",
    "ModuleDescription",
    "NetworkDescription",
    "Outcome",
    "Plan",
    "Prediction",
    "PredictionWriter",
    "Progress",
    "Settings",
    "Source",
    "StreamOptions",
    "Walk",
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
