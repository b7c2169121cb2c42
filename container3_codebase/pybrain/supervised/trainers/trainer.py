"""What all trainers have in common: a module, a data set, epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.utilities import Named, abstractMethod

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def refuse(unknown: Iterable[str], kind: type, accepted: Iterable[str] | None = None) -> None:
    """Raise a TypeError that names the options that a trainer knows, where there are others.

    Args:
        unknown: options that were left over.
        kind: class of the trainer; its constructors tell what is accepted.
        accepted: the names instead.
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
        module: what is trained.
        ds: the data set it is trained on, or None.
    """

    ds: Any = None
    module: Any = None

    def __init__(self, module: Any) -> None:
        self.module = module

    def setData(self, dataset: Any) -> None:
        """Train on this data set from now on.

        Raises:
            ValueError: it has other dimensions than the module; the text names both.
        """
        self._checkFits(dataset)
        self.ds = dataset

    def _checkFits(self, dataset: Any) -> None:
        for what, of in (("indim", "inputs"), ("outdim", "outputs")):
            offered, wanted = getattr(dataset, what, None), getattr(self.module, what, None)
            if offered is not None and wanted is not None and offered != wanted:
                raise ValueError(f"the data set has {offered} {of} per sample, the module has {wanted}")

    def trainOnDataset(self, dataset: Any, *args: Any, **kwargs: Any) -> None:
        """Set the data set and train on it; further arguments go to `trainEpochs`."""
        self.setData(dataset)
        self.trainEpochs(*args, **kwargs)

    def trainEpochs(self, epochs: int = 1, *args: Any, **kwargs: Any) -> None:
        """Train for so many epochs; further arguments go to `train`."""
        for _ in range(epochs):
            self.train(*args, **kwargs)

    def train(self) -> Any:
        """Train for one epoch."""
        abstractMethod()
