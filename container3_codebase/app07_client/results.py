"""What the server answers, as values."""

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
    """The model that was used.

    Attributes:
        name: its name.
        version: its version.
        sha256: the SHA-256 of its file.
    """

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, eq=False)
class Prediction:
    """The prediction for some rows.

    Attributes:
        outputs: the outputs of the network, one list (or row of an array) for each row; NumPy is not needed.
        labels: the predicted class of each row; None where the model has no classes.
        classes: the classes, in the order of ``probabilities``; None where the outputs are no probabilities.
        model: the model that was used.
        request_id: the id of the request in the server's log.
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
        """The probability of each class: float64, shape (n, classes); None where there are none."""
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
    """The prediction for a file, as a file.

    Attributes:
        path: the file that was written.
        size: its size in bytes.
        rows: the number of rows; None where the server does not say.
        model: the model that was used; None where the server does not say.
        request_id: the id of the request in the server's log.
    """

    path: str
    size: int
    rows: int | None
    model: ModelIdentity | None
    request_id: str = ""


@dataclass(frozen=True)
class ModelSummary:
    """A model of a server.

    Attributes:
        name: its name.
        versions: its versions, the newest last.
        inputs: the number of inputs.
        outputs: the number of outputs.
        sha256: the SHA-256 of the file of the newest version.
        is_default: whether it is used where no model is named.
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
        name: its name.
        unit: its unit; empty where the model card has none.
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
        network: the kind of the network.
        recurrent: whether the rows of a request are one sequence.
        parameters: the number of parameters.
        inputs: the inputs, in order.
        outputs: the outputs, in order.
        classes: the classes; empty where it has none.
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
