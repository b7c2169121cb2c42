"""Knowledge as an MLflow model: MLflow names this module in ``MLmodel`` and calls `_load_pyfunc`.

Neither MLflow nor pandas is imported here; MLflow passes data frames, and a new one is made by the class of the old.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.knowledge import Knowledge, load_knowledge

KNOWLEDGE_FILE = "currentSolution.pkl"
"""The network in the data folder of the model; its card lies beside it."""

CLASS_COLUMN = "class"
"""The column of the predicted class, where the card has classes."""


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
            model_input: a data frame with the columns of the card in any order, or with as many columns as inputs; or
                an array of shape (n, indim).
            params: not used.

        Returns:
            A data frame with a column for each output, and one with the class where the card has classes; for an
            array an array of shape (n, outdim).

        Raises:
            ActivationError: the number of columns is not that of the inputs, or a value is not finite.
        """
        outputs = self.knowledge.session(threads=1).activate(self._inputs(model_input))
        if not hasattr(model_input, "columns"):
            return outputs
        columns: dict[str, Any] = dict(zip(self.knowledge.output_names, outputs.T, strict=True))
        classes = self.knowledge.classes(outputs)
        if classes:
            columns[class_column(self.knowledge)] = classes
        return type(model_input)(columns, index=model_input.index)

    def _inputs(self, model_input: Any) -> np.ndarray:
        names = list(self.knowledge.input_names)
        if hasattr(model_input, "columns") and set(names) <= set(model_input.columns):
            model_input = model_input[names]
        try:
            # In C order, as files are read: the columns of a data frame are often contiguous, and BLAS then sums in
            # another order.
            rows = np.atleast_2d(np.ascontiguousarray(model_input, dtype=np.float64))
        except (TypeError, ValueError):
            raise ActivationError("The rows have values that are not numbers.") from None
        if rows.ndim != 2 or rows.shape[1] != len(names):
            raise ActivationError(
                f"The rows have shape {rows.shape}; {self.knowledge.name} takes {len(names)} columns: "
                f"{', '.join(names)}."
            )
        if not np.isfinite(rows).all():
            raise ActivationError("The rows have missing or infinite values.")
        return rows


def class_column(knowledge: Knowledge) -> str:
    """Return the name of the column of the class; no output has it."""
    name = CLASS_COLUMN
    while name in knowledge.output_names:
        name = f"predicted_{name}"
    return name


def _load_pyfunc(path: str) -> KnowledgeModel:
    """Return the model in a folder. The file is read by the safe loader, which executes nothing."""
    return KnowledgeModel(load_knowledge(f"{path}/{KNOWLEDGE_FILE}"))
