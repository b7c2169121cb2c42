"""The results of calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from app07_client.errors import MissingPackage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Numbers = Sequence[Sequence[float]] | Array


@dataclass(frozen=True)
class ModelIdentity:
    """The identity of a model.

    Attributes:
        name: the name of the model.
        version: the version of the model.
        sha256: the SHA-256 of the model file.
    """

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, eq=False)
class Prediction:
    """The prediction for some rows.

    Attributes:
        outputs: the outputs of the network, one list (or array row) per row; available without NumPy.
        labels: the predicted class of each row; None if the model has no classes.
        classes: the classes, in the order of ``probabilities``; None if the outputs are not probabilities.
        model: the model that was used.
        request_id: the ID of the request in the server's log.
    """

    outputs: Numbers = field(repr=False)
    labels: list[str] | None
    classes: list[str] | None
    model: ModelIdentity
    request_id: str = ""

    @cached_property
    def predictions(self) -> Array:
        """The outputs of the network: float64, shape (n, outputs)."""
        return _array(self.outputs)

    @cached_property
    def probabilities(self) -> Array | None:
        """The probability of each class: float64, shape (n, classes); None if the outputs are not probabilities."""
        if self.classes is None:
            return None
        if len(self.classes) == self.predictions.shape[1]:
            return self.predictions
        return _array([[1.0 - p, p] for [p] in self.predictions.tolist()])

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.outputs)


@dataclass(frozen=True)
class FilePrediction:
    """The file with the prediction for a table.

    Attributes:
        path: the file that was written.
        size: the size of the file in bytes.
        rows: the number of rows; None if the server does not report it.
        model: the model that was used; None if the server does not report it.
        request_id: the ID of the request in the server's log.
    """

    path: str
    size: int
    rows: int | None
    model: ModelIdentity | None
    request_id: str = ""


@dataclass(frozen=True)
class ModelSummary:
    """An entry in the list of a server's models.

    Attributes:
        name: the name of the model.
        versions: the versions of the model, the newest last.
        inputs: the number of inputs.
        outputs: the number of outputs.
        sha256: the SHA-256 of the newest version's file.
        is_default: whether the model is used if a request names none.
    """

    name: str
    versions: list[str]
    inputs: int
    outputs: int
    sha256: str
    is_default: bool


@dataclass(frozen=True)
class Column:
    """An input or an output of a model.

    Attributes:
        name: the name of the column.
        unit: the unit of the values; empty if the model card has none.
    """

    name: str
    unit: str = ""


@dataclass(frozen=True)
class ModelDescription:
    """The description of a model.

    Attributes:
        identity: name, version and SHA-256 of the newest version.
        title: the title in the model card.
        description: the description in the model card.
        network: the kind of network.
        recurrent: whether the rows of a request are one sequence.
        parameters: the number of parameters.
        inputs: the inputs, in order.
        outputs: the outputs, in order.
        classes: the classes; empty if the model has none.
        versions: all versions, the newest last.
    """

    identity: ModelIdentity
    title: str
    description: str
    network: str
    recurrent: bool
    parameters: int
    inputs: list[Column]
    outputs: list[Column]
    classes: list[str]
    versions: list[ModelIdentity]


def _array(numbers: Numbers) -> Array:
    try:
        import numpy as np
    except ImportError:
        raise MissingPackage(
            "Arrays need NumPy, which is not installed; Prediction.outputs has the numbers as lists.",
            package="numpy",
        ) from None
    return np.asarray(numbers, np.float64)
