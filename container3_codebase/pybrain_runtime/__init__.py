"""Runs PyBrain networks: reads them safely, compiles them, answers rows, writes the answers.

    from pybrain_runtime import load_knowledge, read_activation, write_prediction

    knowledge = load_knowledge("currentSolution.pkl")
    activation = read_activation("activation_data.csv", knowledge)
    outputs = knowledge.activate(activation.inputs)
    write_prediction("prediction.csv", knowledge, activation, outputs)

Names are looked up when they are first used: importing this package, or its ``errors``, needs no NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .activation import Activation, ActivationStream, read_activation
    from .card import Card, read_card
    from .description import ConnectionDescription, ModuleDescription, NetworkDescription
    from .inspection import Inspection, inspect_file
    from .knowledge import Knowledge, load_knowledge
    from .limits import Limits
    from .plan import Plan
    from .prediction import Prediction, PredictionWriter, Source, write_prediction
    from .settings import Settings

__version__ = "0.1.0"

_HOMES = {
    "Activation": "activation",
    "ActivationStream": "activation",
    "Card": "card",
    "ConnectionDescription": "description",
    "Inspection": "inspection",
    "Knowledge": "knowledge",
    "Limits": "limits",
    "ModuleDescription": "description",
    "NetworkDescription": "description",
    "Plan": "plan",
    "Prediction": "prediction",
    "PredictionWriter": "prediction",
    "Settings": "settings",
    "Source": "prediction",
    "inspect_file": "inspection",
    "load_knowledge": "knowledge",
    "read_activation": "activation",
    "read_card": "card",
    "write_prediction": "prediction",
}

__all__ = [
    "Activation",
    "ActivationStream",
    "Card",
    "ConnectionDescription",
    "Inspection",
    "Knowledge",
    "Limits",
    "ModuleDescription",
    "NetworkDescription",
    "Plan",
    "Prediction",
    "PredictionWriter",
    "Settings",
    "Source",
    "__version__",
    "inspect_file",
    "load_knowledge",
    "read_activation",
    "read_card",
    "write_prediction",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
