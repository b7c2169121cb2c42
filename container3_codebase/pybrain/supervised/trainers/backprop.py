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
        module: what to train; its parameters are changed in place.
        dataset: what to train it on, or None to give it later.
        learningrate: share of the derivatives that is added to the parameters.
        lrdecay: factor on the learning rate after every update.
        momentum: share of the last step that is taken again.
        verbose: print the error of every epoch.
        batchlearning: update once per epoch, not after every sequence.
        weightdecay: share of the parameters that is taken off the derivatives.

    Attributes:
        epoch, totalepochs: epochs trained so far.
        descent: the rule that makes steps of derivatives; another one of
            `pybrain.auxiliary.gradientdescent` may take its place.
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
            per target value (weighted by importance where the data set has it).

        Raises:
            ValueError: there is no data set, it is empty, or it holds NaN or infinity.
            DivergenceError: the error or the parameters left the range of numbers. The parameters
                are then those from before the epoch.
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
        """Return the numbers of the sequences in the order in which this epoch visits them."""
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
        """Tell whether this trainer measures half the squared error, and no program has replaced how."""
        own = vars(self)
        return all(name not in own and getattr(type(self), name) is usual for name, usual in _USUAL.items())

    def _accumulate(self, order: Sequence[int]) -> tuple[float, Array]:
        """Return the error of an epoch and its derivatives at the present parameters."""
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
                # A module without memory can only take back the step that it did last.
                self.module.backActivate(outerrs.pop())
        for outerr in reversed(outerrs):
            self.module.backActivate(outerr)
        return total, ponderation

    def _sampleError(self, sample: Sequence[Any], output: Array) -> tuple[float, float]:
        """Return the error of one output, and what to divide a sum of errors by."""
        return sampleError(sample, output)

    def _outputError(self, sample: Sequence[Any], output: Array) -> Any:
        """Return minus the derivative of that error by the output."""
        difference = sample[1] - output
        return difference * sample[2] if len(sample) > 2 else difference

    def _report(self, error: float) -> None:
        print(f"Total error: {error: .12g}")

    # -- parameters ---------------------------------------------------------------------

    def _setParameters(self, values: Array | None) -> None:
        """Copy values into the module, whatever holds its parameters; None changes nothing."""
        if values is None:
            return
        params = self.module.params
        params[:] = values
        if self.module.params is not params:
            # The property made a copy (masked parameters do): only the setter reaches the original.
            self.module._setParameters(values)

    def _syncDescent(self) -> None:
        """Let the descent go on from the module's parameters, where something else changed them.

        Momentum and step sizes stay. (PyBrain's descent continues from its own copy.)
        """
        if not isinstance(self.descent, GradientDescent):
            return  # the program's own
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
            f"training diverged in epoch {self.totalepochs} at learning rate {rate:g}: the error is no "
            "finite number. The parameters are back to those before the epoch; use a smaller learning "
            "rate, or scale the data"
        )
        error.epoch = self.totalepochs
        error.learningrate = rate
        raise error

    def _checkData(self, dataset: Any) -> None:
        if dataset is None:
            raise ValueError("there is no data set: give one to the trainer, or to setData")
        if len(dataset) == 0:
            raise ValueError("the data set is empty; add samples first")
        dataset.checkFinite()

    # -- measuring ----------------------------------------------------------------------

    def testOnData(self, dataset: Any = None, verbose: bool = False) -> float:
        """Return half the mean squared error of the module on a data set, without training.

        Args:
            dataset: None for the one of the trainer.
            verbose: print the error of every sequence and their spread.
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
        """Return the class that the module finds for each sample: its greatest output.

        Args:
            dataset: a data set with one target column per class; None for the one of the trainer.
            verbose: print the classes, wanted and found.
            return_targets: return the wanted classes as well.

        Returns:
            A list of class numbers, or (found, wanted).
        """
        dataset = self.ds if dataset is None else dataset
        self._checkData(dataset)
        pairs = [pair for sequence in self._outputs(dataset) for pair in sequence]
        found = [int(np.argmax(output)) for _, output in pairs]
        wanted = [int(np.argmax(sample[1])) for sample, _ in pairs]
        if verbose:
            print("classes found: ", found)
            print("classes wanted:", wanted)
        return (found, wanted) if return_targets else found


# Those of the class as it was written: a program may replace them on an object, in a subclass, or on the class itself.
_USUAL = {name: vars(BackpropTrainer)[name] for name in ("_calcDerivs", "_sampleError", "_outputError")}
