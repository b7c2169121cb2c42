"""Knowledge as an MLflow model: MLflow names this module in ``MLmodel`` and calls `_load_pyfunc`.

Neither MLflow nor pandas is imported here; MLflow passes DataFrames, and a new one is created by the old one's class.
"""

from __future__ import annotations

from typing import Any

from pybrain_runtime.knowledge import Knowledge, load_knowledge

KNOWLEDGE_FILE = "currentSolution.pkl"
"""The network in the model's data folder; its card is beside it."""


class KnowledgeModel:
    """The model object that MLflow calls.

    Args:
        knowledge: the network with its card.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def predict(self, model_input: Any, params: Any = None) -> Any:
        """Return the outputs of rows, the same numbers that `activate_file` writes.

        Args:
            model_input: a DataFrame or an array; see `Knowledge.predict`.
            params: not used.

        Returns:
            A DataFrame with a column for each output, and one with the class if the card has classes; for an
            array, an array of shape (n, outdim).

        Raises:
            ActivationError: the number of columns is not the number of inputs, or a value is not finite.
        """
        return self.knowledge.predict(model_input, threads=1)


def _load_pyfunc(path: str) -> KnowledgeModel:
    """Return the model in a folder. The file is read by the safe loader, which executes nothing."""
    return KnowledgeModel(load_knowledge(f"{path}/{KNOWLEDGE_FILE}"))
