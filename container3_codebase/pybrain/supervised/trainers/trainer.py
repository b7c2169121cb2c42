"""The base class of trainers, which have a module, a data set and epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.utilities import Named, abstractMethod

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def refuse(unknown: Iterable[str], kind: type, accepted: Iterable[str] | None = None) -> None:
    """Raise a TypeError that lists the options of a trainer if unknown ones were passed.

    Args:
        unknown: the remaining options.
        kind: class of the trainer, whose constructors determine the accepted names.
        accepted: the accepted names, instead of those of the constructors.
    """
    if not unknown:
        return
    if accepted is None:
        from inspect import Parameter, signature

        found = [
            vars(cls)["__init__"] for cls in kind.__mro__ if "__init__" in vars(cls) and cls is not object
        ]
        parameters = [one for init in found for one in list(signature(init).parameters.values())[1:]]
        accepted = dict.fromkeys(
            one.name for one in parameters if one.kind is Parameter.POSITIONAL_OR_KEYWORD
        )
    raise TypeError(f"{kind.__name__} has no option {sorted(unknown)[0]!r}; accepted: {', '.join(accepted)}")


class Trainer(Named):
    """Fits the parameters of a module to a data set.

    Attributes:
        module: the module that is trained.
        ds: the training data, or None.
    """

    ds: Any = None
    module: Any = None

    def __init__(self, module: Any) -> None:
        self.module = module

    def setData(self, dataset: Any) -> None:
        """Set the training data.

        Raises:
            ValueError: the dimensions of the data set and the module differ; the message gives both.
        """
        self._checkFits(dataset)
        self.ds = dataset

    def _checkFits(self, dataset: Any) -> None:
        for what, of in (("indim", "inputs"), ("outdim", "outputs")):
            offered, wanted = getattr(dataset, what, None), getattr(self.module, what, None)
            if offered is not None and wanted is not None and offered != wanted:
                raise ValueError(f"the data set has {offered} {of} per sample, the module has {wanted}")

    def trainOnDataset(self, dataset: Any, *args: Any, **kwargs: Any) -> None:
        """Set the training data and train; further arguments are passed to `trainEpochs`."""
        self.setData(dataset)
        self.trainEpochs(*args, **kwargs)

    def trainEpochs(self, epochs: int = 1, *args: Any, **kwargs: Any) -> None:
        """Train for a number of epochs; further arguments are passed to `train`."""
        for _ in range(epochs):
            self.train(*args, **kwargs)

    def train(self) -> Any:
        """Train for one epoch."""
        abstractMethod()
