"""Compares gradients with finite differences, and networks with each other."""

from __future__ import annotations

import cProfile
import os
import pstats
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pybrain.datasets import SequentialDataSet, SupervisedDataSet
from pybrain.tools.customxml import NetworkReader, NetworkWriter

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import Array

# Step of the central differences. Their error is about its square, and the rounding error 1e-16 / step.
_STEP = 1e-5


def epsilonCheck(x: float, epsilon: float = 1e-6) -> bool:
    """Return whether the absolute value of a number is below ``epsilon``.

    Args:
        x: the number.
        epsilon: the bound.
    """
    return bool(abs(x) < abs(epsilon))


def buildAppropriateDataset(module: Any) -> SupervisedDataSet | SequentialDataSet:
    """Return a random data set for a module: sequences if it is sequential, else single rows.

    Args:
        module: a module with ``indim``, ``outdim`` and ``sequential``.
    """
    if module.sequential:
        sequences = SequentialDataSet(module.indim, module.outdim)
        for _ in range(2):
            sequences.newSequence()
            for _ in range(3):
                sequences.addSample(np.random.randn(module.indim), np.random.randn(module.outdim))
        return sequences
    rows = SupervisedDataSet(module.indim, module.outdim)
    for _ in range(3):
        rows.addSample(np.random.randn(module.indim), np.random.randn(module.outdim))
    return rows


def gradientCheck(module: Any, tolerance: float = 0.0001, dataset: Any = None) -> bool:
    """Compare the derivatives of back-propagation with finite differences, print the verdict and return it.

    Args:
        module: a module with parameters; they are the same afterwards.
        tolerance: the largest accepted relative difference.
        dataset: the samples; None for random ones.

    Returns:
        Whether every parameter agrees on every sequence. Parameters that differ are printed.
    """
    data = buildAppropriateDataset(module) if dataset is None else dataset
    sequences = data if isinstance(data, SequentialDataSet) else [[sample] for sample in data]
    worst = np.zeros(len(module.params))
    for sequence in sequences:
        pairs = [(np.array(sample[0]), np.array(sample[1])) for sample in sequence]
        worst = np.maximum(worst, _difference(module, pairs))
    wrong = np.flatnonzero(~(worst < tolerance))
    if not len(wrong):
        print("Perfect gradient")
        return True
    print(f"Bad gradient: {len(wrong)} of {len(worst)} parameters")
    for index in wrong.tolist():
        print(f"  parameter {index}: relative difference {float(worst[index])}")
    return False


def _difference(module: Any, pairs: list[tuple[Array, Array]]) -> Array:
    """Return the relative difference of back-propagation and central differences, shape (paramdim,)."""
    module.resetDerivatives()
    _error(module, pairs, back=True)
    analytic = np.array(module.derivs)
    numeric = np.empty_like(analytic)
    start = np.array(module.params)
    try:
        for index in range(len(start)):
            values = []
            for step in (_STEP, -_STEP):
                changed = start.copy()
                changed[index] += step
                module._setParameters(changed)
                values.append(_error(module, pairs, back=False))
            # Derivatives point downhill.
            numeric[index] = (values[1] - values[0]) / (2 * _STEP)
    finally:
        module._setParameters(start)
    size = np.maximum(np.maximum(np.abs(analytic), np.abs(numeric)), 1e-4)
    relative: Array = np.abs(analytic - numeric) / size
    return relative


def _error(module: Any, pairs: list[tuple[Array, Array]], *, back: bool) -> float:
    """Return half the squared error of a sequence; propagate it back if ``back`` is true."""
    module.reset()
    errors = [target - module.activate(inputs) for inputs, target in pairs]
    if back:
        for error in reversed(errors):
            module.backActivate(error)
    return 0.5 * float(sum(np.sum(error**2) for error in errors))


def netCompare(net1: Any, net2: Any, forwardpasses: int = 1, verbose: bool = False) -> bool:
    """Return whether two networks have the same representation, outputs and class; print one line for each of these.

    Args:
        net1: a network.
        net2: another network, whose modules should have the same names.
        forwardpasses: number of random inputs to activate.
        verbose: whether to print both representations if they differ.
    """
    same_text = str(net1) == str(net2)
    print("Same representation" if same_text else "Different representation")
    if verbose and not same_text:
        print(net1)
        print("-" * 80)
        print(net2)
    same_function = _sameOutputs(net1, net2, forwardpasses)
    print("Same function" if same_function else "Different function")
    same_class = type(net1) is type(net2)
    print("Same class" if same_class else f"Different class: {type(net1)} {type(net2)}")
    return same_text and same_function and same_class


def _sameOutputs(net1: Any, net2: Any, forwardpasses: int) -> bool:
    if (net1.indim, net1.outdim) != (net2.indim, net2.outdim):
        return False
    net1.reset()
    net2.reset()
    inputs = np.random.randn(forwardpasses, net1.indim)
    return all(np.allclose(net1.activate(row), net2.activate(row), rtol=0, atol=1e-6) for row in inputs)


def xmlInvariance(n: Any, forwardpasses: int = 1) -> None:
    """Write a network as XML, read it again, and print what the two have in common.

    Args:
        n: a network.
        forwardpasses: number of random inputs to activate.
    """
    descriptor, path = tempfile.mkstemp(suffix=".xml")
    os.close(descriptor)
    try:
        NetworkWriter.writeToFile(n, path)
        netCompare(NetworkReader.readFrom(path), n, forwardpasses)
    finally:
        Path(path).unlink()


def sortedProfiling(code: str, maxfunctions: int = 50) -> None:
    """Run a statement of the calling module under the profiler, and print where its time went.

    Args:
        code: the statement; it sees the names of ``__main__``.
        maxfunctions: number of functions to print.
    """
    profile = cProfile.Profile()
    profile.run(code)
    pstats.Stats(profile, stream=sys.stdout).sort_stats("time", "cumulative").print_stats(maxfunctions)
