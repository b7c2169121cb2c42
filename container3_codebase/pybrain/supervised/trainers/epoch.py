"""One epoch of a BackpropTrainer on arrays, if the module and the data set allow it.

The fast paths are row by row on flat arrays (`online`), and back-propagation of all rows at once (`accumulate`).
Both functions return None if theirs does not apply; the trainer then computes with the objects.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pybrain.auxiliary.gradientdescent import GradientDescent
from pybrain.datasets.flat import flatData, rowsTogether
from pybrain.supervised.trainers.flatnet import describe
from pybrain.supervised.trainers.rowstep import RowStep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from pybrain._typing import Array, IntArray
    from pybrain.datasets.flat import FlatData
    from pybrain.supervised.trainers.flatnet import FlatNet


# Rows computed together: enough to benefit from matrix products, few enough to bound the memory.
CHUNK = 4096


def online(trainer: Any) -> Callable[[Sequence[int]], float] | None:
    """Return a function of the visiting order that trains one epoch, or None if it must be trained object by object.

    The function updates after every sequence and returns the error of the epoch.
    """
    plain = type(trainer.descent) is GradientDescent and not trainer.descent.rprop
    if not plain or (data := flatData(trainer.ds)) is None:
        return None
    if data.bounds is None and data.importance is None and (flat := describe(trainer.module)) is not None:
        return lambda order: _rowByRow(trainer, flat, data, order)
    if data.bounds is not None and rowsTogether(trainer.module):
        return lambda order: _sequenceBySequence(trainer, data, order)
    return None


def accumulate(trainer: Any) -> Callable[[Sequence[int]], tuple[float, Array]] | None:
    """Return a function of the visiting order that returns (error, derivatives) of an epoch, or None."""
    if not rowsTogether(trainer.module) or (data := flatData(trainer.ds)) is None:
        return None

    def run(order: Sequence[int]) -> tuple[float, Array]:
        error, ponderation, derivs = _derivatives(trainer.module, data, data.rows(order))
        return error / ponderation, derivs

    return run


def _rowByRow(trainer: Any, flat: FlatNet, data: FlatData, order: Sequence[int]) -> float:
    """Update after every row, in the arrays that the network computes with."""
    params, descent = trainer.module.params, trainer.descent
    rate = np.array(descent.alpha)
    # With weight decay, the rate is not a factor of the derivatives alone.
    step = RowStep(flat, params, None if trainer.weightdecay else rate)
    rows = data.rows(order)
    errors = step.run(data.inputs[rows], data.targets[rows], _update(trainer, step.derivs, params, rate))
    if not (descent.momentum or trainer.weightdecay):
        descent.momentumvector[:] = step.derivs  # the step of the last row
    descent.values[:] = params
    return 0.5 * float(np.sum(errors**2)) / errors.size


def _update(trainer: Any, derivs: Array, params: Array, rate: Array) -> list[Callable[[], Any]]:
    """Return steps that compute the same as `GradientDescent.__call__`, without new arrays.

    Only the operations that the trainer needs are included: on so few numbers, each operation costs the same. Without
    momentum the derivatives themselves are the step, which saves cache for larger networks.

    Args:
        trainer: the trainer.
        derivs: the derivatives of a row, times the rate unless there is weight decay; shape (paramdim,).
        params: the parameters, shape (paramdim,).
        rate: the learning rate, shape (); changed in place if it decays.
    """
    descent, decay = trainer.descent, trainer.weightdecay
    velocity, change = descent.momentumvector, derivs
    steps: list[Callable[[], Any]] = []
    if decay:
        change = np.empty(params.shape)
        steps.append(partial(np.multiply, params, np.array(decay), change))
        steps.append(partial(np.subtract, derivs, change, change))
        steps.append(partial(np.multiply, change, rate, change))
    if descent.momentum:
        steps.append(partial(np.multiply, velocity, np.array(descent.momentum), velocity))
        steps.append(partial(np.add, velocity, change, velocity))
    elif decay:
        steps.append(partial(np.copyto, velocity, change))
    else:
        velocity = change
    steps.append(partial(np.add, params, velocity, params))
    if descent.alphadecay != 1.0:

        def slower() -> None:
            descent.alpha *= descent.alphadecay
            rate[()] = descent.alpha

        steps.append(slower)
    return steps


def _sequenceBySequence(trainer: Any, data: FlatData, order: Sequence[int]) -> float:
    """Train with one update per sequence, from the derivatives of its rows."""
    total, weight = 0.0, 0.0
    for index in order:
        error, ponderation, derivs = _derivatives(trainer.module, data, data.rows([index]))
        total += error
        weight += ponderation
        trainer._setParameters(trainer.descent(derivs - trainer.weightdecay * trainer.module.params))
    return total / weight


def _derivatives(module: Any, data: FlatData, rows: IntArray) -> tuple[float, float, Array]:
    """Return error, total weight and derivatives of some rows at the current parameters."""
    module.resetDerivatives()
    total, weight = 0.0, 0.0
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        predicted, trace = module.traceRows(data.inputs[chunk])
        errors = data.targets[chunk] - predicted
        weights = np.ones_like(errors) if data.importance is None else data.importance[chunk]
        module.backActivateRows(errors * weights, trace)
        total += 0.5 * float(np.sum(weights * errors**2))
        weight += float(weights.sum())
    return total, weight, np.array(module.derivs)
