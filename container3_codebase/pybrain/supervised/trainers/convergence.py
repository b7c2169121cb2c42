"""Training with early stopping."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.utilities import fListToString

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from pybrain.supervised.trainers.trainer import Trainer


# A type checker sees the class that this one is always mixed into.
if TYPE_CHECKING:
    _Part = Trainer
else:
    _Part = object


class UntilConvergence(_Part):
    """Adds `trainUntilConvergence` to a trainer that can `train` and `testOnData`."""

    verbose: bool
    testOnData: Callable[..., float]
    _checkData: Callable[[Any], None]
    _setParameters: Callable[[Any], None]

    def trainUntilConvergence(
        self,
        dataset: Any = None,
        maxEpochs: int | None = None,
        verbose: bool | None = None,
        continueEpochs: int = 10,
        validationProportion: float = 0.25,
        trainingData: Any = None,
        validationData: Any = None,
        convergence_threshold: int = 10,
    ) -> tuple[list[float], list[float]]:
        """Train until the validation error stops decreasing; keep the best parameters.

        Training stops after `maxEpochs` + 1 epochs, or when the smallest of the last
        `continueEpochs` validation errors is above the largest of the same number before them, or
        when the last `continueEpochs` are equal to `convergence_threshold` decimals.

        Args:
            dataset: the data set to split at random into training and validation data; None for the trainer's.
            maxEpochs: maximum number of epochs, see above; None for no limit.
            verbose: whether to print the errors; None for the trainer's setting.
            continueEpochs: number of epochs without improvement after which training stops.
            validationProportion: fraction of the data set that is used for validation.
            trainingData: training data, instead of a split; needs `validationData`.
            validationData: validation data, instead of a split; needs `trainingData`.
            convergence_threshold: number of decimals to which validation errors are compared.

        Returns:
            (training errors, validation errors) of the epochs before the best one; the validation
            errors begin with that before training.
        """
        training, validation = self._validationSplit(
            dataset, validationProportion, trainingData, validationData
        )
        verbose = self.verbose if verbose is None else verbose
        previous, self.ds = self.ds, training
        try:
            trained, validated, best = self._trainToBest(
                validation, maxEpochs, continueEpochs, convergence_threshold
            )
        finally:
            self.ds = previous if dataset is None else dataset
        if verbose:
            print("train-errors:", fListToString(trained, 6))
            print("valid-errors:", fListToString(validated, 6))
        self.trainingErrors, self.validationErrors = trained, validated  # of all epochs
        return trained[:best], validated[: 1 + best]

    def _validationSplit(
        self, dataset: Any, proportion: float, training: Any, validation: Any
    ) -> tuple[Any, Any]:
        if (training is None) != (validation is None):
            raise ValueError("trainingData and validationData must be given together")
        if training is None:
            dataset = self.ds if dataset is None else dataset
            self._checkData(dataset)
            training, validation = dataset.splitWithProportion(1 - proportion)
        for what, part in (("training", training), ("validation", validation)):
            if len(part) == 0:
                raise ValueError(f"no samples are left for {what}: choose another validationProportion")
            self._checkFits(part)
        return training, validation

    def _trainToBest(
        self, validation: Any, maxEpochs: int | None, window: int, decimals: int
    ) -> tuple[list[float], list[float], Any]:
        trained, validated = [], [self.testOnData(validation)]
        best = 0
        bestError: Any = None
        bestParams: Any = None
        epochs = 0
        while True:
            trained.append(self.train())
            validated.append(self.testOnData(validation))
            # The first epoch always counts, so that training changes something.
            if bestError is None or validated[-1] < bestError:
                best, bestError, bestParams = epochs, validated[-1], np.array(self.module.params)
            if (maxEpochs is not None and epochs >= maxEpochs) or hasConverged(validated, window, decimals):
                break
            epochs += 1
        self._setParameters(bestParams)
        return trained, validated, best


def hasConverged(errors: Sequence[float], window: int, decimals: int) -> bool:
    """Return whether the errors have stopped decreasing, see `UntilConvergence.trainUntilConvergence`.

    Args:
        errors: the errors, one per epoch.
        window: number of epochs to compare.
        decimals: number of decimals to which errors are compared.
    """
    if len(errors) < 2 * window:
        return False
    old, new = errors[-2 * window : -window], errors[-window:]
    return min(new) > max(old) or len({round(error, decimals) for error in new}) == 1
