"""Training with a stopping rule."""

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
        """Train until the error on data that is not trained on stops falling; keep the best parameters.

        Training stops after `maxEpochs` + 1 epochs; or when the least of the last
        `continueEpochs` validation errors is above the greatest of as many before; or when the
        last `continueEpochs` are equal to `convergence_threshold` decimals.

        Args:
            dataset: split at random into training and validation data; None for the trainer's.
            maxEpochs: None for no limit.
            verbose: print the errors; None for the trainer's setting.
            continueEpochs: how many epochs without improvement end the training.
            validationProportion: share of the data set that is validated on.
            trainingData: training data, instead of a split; needs `validationData`.
            validationData: validation data, instead of a split; needs `trainingData`.
            convergence_threshold: decimals to which validation errors are compared.

        Returns:
            (training errors, validation errors): those of the epochs before the best one, and
            the validation errors with that of the start before them.
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
    """Tell whether errors stopped falling: see `UntilConvergence.trainUntilConvergence`."""
    if len(errors) < 2 * window:
        return False
    old, new = errors[-2 * window : -window], errors[-window:]
    return min(new) > max(old) or len({round(error, decimals) for error in new}) == 1
