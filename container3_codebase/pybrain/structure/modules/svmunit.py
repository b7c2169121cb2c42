"""A support vector machine in place of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from pybrain._typing import Array, StrPath


class SVMUnit:
    """Wraps a model of ``libsvm``'s Python module ``svm``, which has to be installed separately.

    Args:
        indim: width of the input.
        outdim: width of the output.
        model: a trained model, or None to set or load one later.
    """

    def __init__(self, indim: int = 0, outdim: int = 0, model: Any = None) -> None:
        self.indim = indim
        self.outdim = outdim
        self.setModel(model)

    def reset(self) -> None:
        """Do nothing: there is no recurrent state."""

    def setModel(self, model: Any) -> None:
        """Use a trained model."""
        self.model = model
        self.nClasses = None if model is None else model.get_nr_class()

    def loadModel(self, filename: StrPath) -> None:
        """Read a model that libsvm wrote."""
        self.setModel(_libsvm().svm_model(str(filename)))

    def saveModel(self, filename: StrPath) -> None:
        """Write the model in libsvm's format."""
        self._trained().save(str(filename))

    def forwardPass(self, values: bool = False) -> Any:
        """Return the class of the input in ``self.input``; with ``values``, the decision values."""
        model = self._trained()
        return model.predict_values(self.input) if values else model.predict(self.input)

    def activateOnDataset(self, dataset: Iterable[Any], values: bool = False) -> Array:
        """Return the classes of all inputs, shape (samples, 1), or their decision values.

        Args:
            dataset: the data set.
            values: whether to return decision values instead of classes.
        """
        outputs: list[Any] = []
        for sample in dataset:
            self.input = list(sample[0])
            outputs.append(self.forwardPass(values))
        return np.array(outputs) if values else np.array(outputs, dtype=float).reshape(-1, 1)

    def getNbClasses(self) -> int | None:
        """Return the number of classes, or None without a model."""
        return self.nClasses

    def _trained(self) -> Any:
        if self.model is None:
            raise ValueError("this SVMUnit has no model yet: train, set or load one")
        return self.model


def _libsvm() -> Any:
    try:
        import svm
    except ImportError:
        raise ImportError(
            "SVMUnit needs the Python module 'svm' of libsvm 2, which has to be installed separately; "
            "libsvm-official does not contain it"
        ) from None
    return svm
