"""Searches two parameters on a grid of powers of two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.tools.validation import CrossValidator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pybrain._typing import Array


class GridSearch2D:
    """Evaluates every point of a grid; a subclass defines the performance of a point.

    Args:
        min_params, max_params: log2 of both parameters at the corners of the grid.
        n_steps: number of points along each axis: one number, or one per axis.
        **kwargs: options, see `setArgs`.
    """

    verbosity = 0

    def __init__(
        self, min_params: Sequence[float], max_params: Sequence[float], n_steps: int = 7, **kwargs: Any
    ) -> None:
        self._min_params = np.asarray(min_params, dtype=float)
        self._max_params = np.asarray(max_params, dtype=float)
        if self._min_params.shape != (2,) or self._max_params.shape != (2,):
            raise ValueError("min_params and max_params must have two values each")
        self._n_steps = np.broadcast_to(n_steps, (2,))
        self._performances: dict[Any, float] = {}
        self.setArgs(**kwargs)

    def setArgs(self, **kwargs: Any) -> None:
        """Set options: `verbosity`, above 0 to print every point."""
        for name, value in kwargs.items():
            if name != "verbosity":
                raise ValueError(f"unknown option {name!r}; expected 'verbosity'")
            self.verbosity = value

    def getPerformances(self) -> dict[tuple[float, ...], float]:
        """Return (parameter, parameter) -> performance, for all points so far."""
        return dict(self._performances)

    def search(self) -> Any:
        """Return the best parameters, shape (2,)."""
        axes = [
            np.linspace(*ends) for ends in zip(self._min_params, self._max_params, self._n_steps, strict=True)
        ]
        for first in axes[0]:
            for second in axes[1]:
                self._evaluate(np.array([first, second]))
        return np.array(max(self._performances, key=lambda point: self._performances[point]))

    def _evaluate(self, logs: Any) -> float:
        point = tuple((2.0**logs).tolist())
        if point not in self._performances:
            self._performances[point] = self._validate(point)
            if self.verbosity > 0:
                print(f"{point}: {self._performances[point]:g}")
        return self._performances[point]

    def _validate(self, params: Sequence[float]) -> float:
        raise NotImplementedError("a subclass must implement _validate")


class GridSearchDOE(GridSearch2D):
    """Evaluates nine points around the centre, then nine around the best one at half the width, and so on.

    Source: Staelin 2003, Parameter selection for support vector machines.

    Args:
        min_params, max_params: log2 of both parameters at the corners of the range.
        n_iterations: number of times the width is halved.
        **kwargs: options, see `setArgs`.
    """

    def __init__(
        self, min_params: Sequence[float], max_params: Sequence[float], n_iterations: int = 5, **kwargs: Any
    ) -> None:
        GridSearch2D.__init__(self, min_params, max_params, **kwargs)
        self._n_iterations = n_iterations

    def search(self) -> Any:
        """Return the best parameters, shape (2,)."""
        centre = (self._min_params + self._max_params) / 2
        width = self._max_params - self._min_params
        for _ in range(self._n_iterations):
            steps = [np.array([a, b]) * width / 4 for a in (-1, 0, 1) for b in (-1, 0, 1)]
            points = [np.clip(centre + step, self._min_params, self._max_params) for step in steps]
            centre = max(points, key=self._evaluate)
            width = width / 2
        return np.array(max(self._performances, key=lambda point: self._performances[point]))


# A type checker sees the class that this one is always mixed into.
if TYPE_CHECKING:
    _Part = GridSearch2D
else:
    _Part = object


class _CostGamma(_Part):
    """The common part of both searches for C and gamma of a support vector machine."""

    def _prepare(self, trainer: Any, dataset: Any) -> None:
        self._trainer, self._dataset = trainer, dataset
        self._validator_kwargs: dict[str, Any] = {}

    def setArgs(self, **kwargs: Any) -> None:
        """Set options: `verbosity`, and those of the CrossValidator (`n_folds`, `max_epochs`)."""
        for name, value in kwargs.items():
            if name in ("n_folds", "max_epochs"):
                self._validator_kwargs[name] = value
            else:
                GridSearch2D.setArgs(self, **{name: value})

    def _validate(self, params: Sequence[float]) -> float:
        self._trainer.setParams(C=params[0], gamma=params[1])
        return CrossValidator(self._trainer, self._dataset, **self._validator_kwargs).validate()


class GridSearchCostGamma(_CostGamma, GridSearch2D):
    """Searches C and gamma of a trainer for support vector machines on a grid.

    Args:
        trainer: has the method `setParams(C=..., gamma=...)`.
        dataset: the data set for cross-validation.
        min_params, max_params: log2 of C and gamma at the corners of the grid.
        n_steps: number of points along each axis.
        **kwargs: options, see `setArgs`.
    """

    def __init__(
        self,
        trainer: Any,
        dataset: Any,
        min_params: Sequence[float] = (-5, -15),
        max_params: Sequence[float] = (15, 3),
        n_steps: int = 7,
        **kwargs: Any,
    ) -> None:
        self._prepare(trainer, dataset)
        GridSearch2D.__init__(self, min_params, max_params, n_steps, **kwargs)


class GridSearchDOECostGamma(_CostGamma, GridSearchDOE):
    """Like `GridSearchCostGamma`, with fewer points, see `GridSearchDOE`."""

    def __init__(
        self,
        trainer: Any,
        dataset: Any,
        min_params: Sequence[float] = (-5, -15),
        max_params: Sequence[float] = (15, 3),
        n_iterations: int = 5,
        **kwargs: Any,
    ) -> None:
        self._prepare(trainer, dataset)
        GridSearchDOE.__init__(self, min_params, max_params, n_iterations, **kwargs)
