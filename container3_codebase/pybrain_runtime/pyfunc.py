"""Knowledge as an MLflow model: MLflow names this module in ``MLmodel`` and calls `_load_pyfunc`.

Neither MLflow nor pandas is imported here; MLflow passes data frames, and a new one is made by the class of the old.
"""

from __future__ import annotations

from typing import Any

from pybrain_runtime.knowledge import Knowledge, load_knowledge

KNOWLEDGE_FILE = "currentSolution.pkl"
"""The network in the data folder of the model; its card lies beside it."""


class KnowledgeModel:
    """What MLflow calls to predict.

    Args:
        knowledge: the network with its card.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def predict(self, model_input: Any, params: Any = None) -> Any:
        """Return the outputs of rows, with the numbers that `activate_file` writes.

        Args:
            model_input: a data frame or an array; see `Knowledge.predict`.
            params: not used.

        Returns:
            A data frame with a column for each output, and one with the class where the card has classes; for an
            array an array of shape (n, outdim).

        Raises:
            ActivationError: the number of columns is not that of the inputs, or a value is not finite.
        """
        return self.knowledge.predict(model_input, threads=1)


def _load_pyfunc(path: str) -> KnowledgeModel:
    """Return the model in a folder. The file is read by the safe loader, which executes nothing."""
    return KnowledgeModel(load_knowledge(f"{path}/{KNOWLEDGE_FILE}"))
