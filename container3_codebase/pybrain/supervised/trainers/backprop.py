"""Back-propagation: gradient descent on half the squared error."""

from __future__ import annotations

from random import shuffle
from typing import TYPE_CHECKING

import numpy as np

from pybrain.auxiliary.gradientdescent import GradientDescent
from pybrain.datasets import flat
from pybrain.datasets.supervised import meanError, sampleError
from pybrain.supervised.trainers import epoch
from pybrain.supervised.trainers.convergence import UntilConvergence
from pybrain.supervised.trainers.trainer import Trainer, refuse
from pybrain.utilities import DivergenceError, fListToString

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any, NoReturn

    from pybrain._typing import Array


class BackpropTrainer(UntilConvergence, Trainer):
    """Trains a module on a supervised data set, possibly sequential, by back-propagation.

    One epoch visits all sequences (of a plain data set: all samples) in an order shuffled with the
    standard library's `random`. After each sequence with derivatives d and parameters p, or once
    per epoch with `batchlearning`,
        g = d - weightdecay * p,  v <- momentum * v + learningrate * g,  p <- p + v,
        learningrate <- learningrate * lrdecay.
    As in PyBrain, lrdecay acts after every update, and batch learning does not use weightdecay.

    Args:
        module: the module to train; its parameters are changed in place.
        dataset: the training data, or None to set it later.
        learningrate: factor of the derivatives that are added to the parameters.
        lrdecay: factor applied to the learning rate after every update.
        momentum: fraction of the last step that is added to the next.
        verbose: whether to print the error of every epoch.
        batchlearning: whether to update once per epoch instead of after every sequence.
        weightdecay: factor of the parameters that are subtracted from the derivatives.

    Attributes:
        epoch, totalepochs: number of epochs trained so far.
        descent: the rule that turns derivatives into steps; it may be replaced by another one of
            `pybrain.auxiliary.gradientdescent`.
    """

    def __init__(
        self,
        module: Any,
        dataset: Any = None,
        learningrate: float = 0.01,
        lrdecay: float = 1.0,
        momentum: float = 0.0,
        verbose: bool = False,
        batchlearning: bool = False,
        weightdecay: float = 0.0,
        **unknown: Any,
    ) -> None:
        refuse(unknown, type(self))
        Trainer.__init__(self, module)
        if dataset is not None:
            self.setData(dataset)
        self.verbose = verbose
        self.batchlearning = batchlearning
        self.weightdecay = weightdecay
        self.epoch = 0
        self.totalepochs = 0
        self.descent = GradientDescent()
        self.descent.alpha = learningrate
        self.descent.momentum = momentum
        self.descent.alphadecay = lrdecay
        self.descent.init(module.params)

    # -- one epoch ----------------------------------------------------------------------

    def train(self) -> float:
        """Train for one epoch.

        Returns:
            The errors, each taken when its sequence was visited, as half the mean squared error
            per target value (weighted by importance if the data set has it).

        Raises:
            ValueError: there is no data set, it is empty, or it holds NaN or infinity.
            DivergenceError: the error or the parameters are no longer finite. The parameters are
                restored to those before the epoch.
        """
        self._checkData(self.ds)
        before = self._memento()
        with np.errstate(over="ignore", invalid="ignore"):
            error = self._trainEpoch()
        if not (np.isfinite(error) and np.isfinite(self.module.params).all()):
            self._diverged(before)
        if self.verbose:
            self._report(error)
        self.module.resetDerivatives()
        self.epoch += 1
        self.totalepochs += 1
        return error

    def _trainEpoch(self) -> float:
        self._syncDescent()
        order = self._visitingOrder()
        if not self.batchlearning:
            return self._trainOnline(order)
        error, derivs = self._accumulate(order)
        self._setParameters(self.descent(derivs, error))
        return error

    def _visitingOrder(self) -> Sequence[int]:
        """Return the indices of the sequences in the order in which this epoch visits them."""
        order = list(range(flat.sequenceCount(self.ds)))
        shuffle(order)
        return order

    def _trainOnline(self, order: Sequence[int]) -> float:
        """Update after every sequence; return the error of the epoch."""
        run = epoch.online(self) if self._usualError() else None
        if run is not None:
            return run(order)
        sequences = list(self.ds._provideSequences())
        parts = []
        for index in order:
            self.module.resetDerivatives()
            parts.append(self._calcDerivs(sequences[index]))
            derivs = self.module.derivs - self.weightdecay * self.module.params
            self._setParameters(self.descent(derivs, parts[-1][0]))
        return meanError(parts)

    def _usualError(self) -> bool:
        """Return whether this trainer measures half the squared error, by methods that no program has replaced."""
        own = vars(self)
        return all(name not in own and getattr(type(self), name) is usual for name, usual in _USUAL.items())

    def _accumulate(self, order: Sequence[int]) -> tuple[float, Array]:
        """Return the error of an epoch and its derivatives at the current parameters."""
        run = epoch.accumulate(self) if self._usualError() else None
        if run is not None:
            return run(order)
        sequences = list(self.ds._provideSequences())
        self.module.resetDerivatives()
        error = meanError([self._calcDerivs(sequences[index]) for index in order])
        return error, np.array(self.module.derivs)

    def _calcDerivs(self, seq: Iterable[Any]) -> tuple[float, float]:
        """Add the derivatives of one sequence to those of the module.

        Returns:
            The sum of 1/2 (t-y)^2 over the sequence, and the number of target values (with
            importance: weighted, and the sum of importances).
        """
        self.module.reset()
        outerrs = []
        total, ponderation = 0.0, 0.0
        sequential = getattr(self.module, "sequential", False)
        for sample in seq:
            output = np.asarray(self.module.activate(sample[0]))
            error, weight = self._sampleError(sample, output)
            total += error
            ponderation += weight
            outerrs.append(self._outputError(sample, output))
            if not sequential:
                # A module without recurrence can only propagate back through its last step.
                self.module.backActivate(outerrs.pop())
        for outerr in reversed(outerrs):
            self.module.backActivate(outerr)
        return total, ponderation

    def _sampleError(self, sample: Sequence[Any], output: Array) -> tuple[float, float]:
        """Return the error of one output, and its weight in the divisor of a mean."""
        return sampleError(sample, output)

    def _outputError(self, sample: Sequence[Any], output: Array) -> Any:
        """Return minus the derivative of that error with respect to the output."""
        difference = sample[1] - output
        return difference * sample[2] if len(sample) > 2 else difference

    def _report(self, error: float) -> None:
        print(f"Total error: {error: .12g}")

    # -- parameters ---------------------------------------------------------------------

    def _setParameters(self, values: Array | None) -> None:
        """Copy values into the module, wherever it keeps its parameters; None changes nothing."""
        if values is None:
            return
        params = self.module.params
        params[:] = values
        if self.module.params is not params:
            # The property returned a copy, as masked parameters do; only the setter reaches the original.
            self.module._setParameters(values)

    def _syncDescent(self) -> None:
        """Continue the descent from the module's parameters if something else has changed them.

        Momentum and step sizes are kept. (PyBrain's descent continues from its own copy.)
        """
        if not isinstance(self.descent, GradientDescent):
            return  # defined by the user's program
        if not np.array_equal(self.descent.values, self.module.params):
            self.descent.values = np.array(self.module.params, dtype=float)

    def _memento(self) -> tuple[Array, dict[str, Any]]:
        descent = {
            name: value.copy() if isinstance(value, np.ndarray) else value
            for name, value in vars(self.descent).items()
        }
        return np.array(self.module.params), descent

    def _diverged(self, before: tuple[Array, dict[str, Any]]) -> NoReturn:
        params, descent = before
        rate = getattr(self.descent, "alpha", float("nan"))
        self._setParameters(params)
        self.module.resetDerivatives()
        vars(self.descent).update(descent)
        error = DivergenceError(
            f"training diverged in epoch {self.totalepochs} at learning rate {rate:g}: the error is not a "
            "finite number. The parameters were restored to those before the epoch; use a smaller learning "
            "rate, or scale the data"
        )
        error.epoch = self.totalepochs
        error.learningrate = rate
        raise error

    def _checkData(self, dataset: Any) -> None:
        if dataset is None:
            raise ValueError("there is no data set: pass one to the trainer or to setData")
        if len(dataset) == 0:
            raise ValueError("the data set is empty; add samples first")
        dataset.checkFinite()

    # -- measuring ----------------------------------------------------------------------

    def testOnData(self, dataset: Any = None, verbose: bool = False) -> float:
        """Return half the mean squared error of the module on a data set, without training.

        Args:
            dataset: the data set; None for the trainer's.
            verbose: whether to print the error of every sequence and a summary.
        """
        dataset = self.ds if dataset is None else dataset
        self._checkData(dataset)
        if not verbose and self._usualError():
            error = flat.meanErrorOf(self.module, dataset)
            if error is not None:
                return error
        outputs = list(self._outputs(dataset))
        parts = [self._testSequence(pairs) for pairs in outputs]
        if verbose:
            print("\nTesting on data:")
            for sample, output in (pair for pairs in outputs for pair in pairs):
                print("out:    ", fListToString(output))
                print("correct:", fListToString(sample[1]))
                print(f"error: {0.5 * float(((np.asarray(sample[1]) - output) ** 2).sum()): .8f}")
            errors = [float(total / ponderation) for total, ponderation in parts]
            print("All errors:", errors)
            print("Average error:", float(meanError(parts)))
            print(f"Max error: {max(errors):g} Median error: {np.median(errors):g}")
        return meanError(parts)

    def _outputs(self, dataset: Any) -> Iterator[list[tuple[Any, Array]]]:
        """Iterate over sequences, each a list of (sample, output)."""
        together = flat.outputs(self.module, dataset)
        outputs = None if together is None else iter(together)
        for sequence in dataset._provideSequences():
            if outputs is None:
                self.module.reset()
                yield [(sample, np.asarray(self.module.activate(sample[0]))) for sample in sequence]
            else:
                yield [(sample, next(outputs)) for sample in sequence]

    def _testSequence(self, pairs: Iterable[tuple[Any, Array]]) -> Any:
        return np.sum([self._sampleError(sample, output) for sample, output in pairs], axis=0)

    def testOnClassData(
        self, dataset: Any = None, verbose: bool = False, return_targets: bool = False
    ) -> Any:
        """Return the class that the module predicts for each sample: its largest output.

        Args:
            dataset: a data set with one target column per class; None for the trainer's.
            verbose: whether to print the predicted and the true classes.
            return_targets: whether to return the true classes as well.

        Returns:
            A list of class numbers, or (predicted, true).
        """
        dataset = self.ds if dataset is None else dataset
        self._checkData(dataset)
        pairs = [pair for sequence in self._outputs(dataset) for pair in sequence]
        found = [int(np.argmax(output)) for _, output in pairs]
        wanted = [int(np.argmax(sample[1])) for sample, _ in pairs]
        if verbose:
            print("classes predicted:", found)
            print("classes expected: ", wanted)
        return (found, wanted) if return_targets else found


# The class's original methods: a program may replace them on an object, in a subclass, or on the class itself.
_USUAL = {name: vars(BackpropTrainer)[name] for name in ("_calcDerivs", "_sampleError", "_outputError")}
