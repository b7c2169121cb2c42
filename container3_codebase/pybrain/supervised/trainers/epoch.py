"""One epoch of a BackpropTrainer on arrays, where module and data set allow it.

Both functions return None where the fast path does not apply, and the trainer then works through the objects: row by
row on flat arrays (`online`), back-propagation of all rows at once (`accumulate`).
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


# Rows taken together: enough to make matrix products pay, few enough to bound the memory.
CHUNK = 4096


def online(trainer: Any) -> Callable[[Sequence[int]], float] | None:
    """Return a function of the visiting order that trains one epoch, or None where objects have to.

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
    """Return a function of the visiting order that gives (error, derivatives) of an epoch, or None."""
    if not rowsTogether(trainer.module) or (data := flatData(trainer.ds)) is None:
        return None

    def run(order: Sequence[int]) -> tuple[float, Array]:
        error, ponderation, derivs = _derivatives(trainer.module, data, data.rows(order))
        return error / ponderation, derivs

    return run


def _rowByRow(trainer: Any, flat: FlatNet, data: FlatData, order: Sequence[int]) -> float:
    """Update after every row, in the very arrays that the network computes with."""
    params, descent = trainer.module.params, trainer.descent
    rate = np.array(descent.alpha)
    # With weight decay the rate is a factor of more than the derivatives.
    step = RowStep(flat, params, None if trainer.weightdecay else rate)
    rows = data.rows(order)
    errors = step.run(data.inputs[rows], data.targets[rows], _update(trainer, step.derivs, params, rate))
    if not (descent.momentum or trainer.weightdecay):
        descent.momentumvector[:] = step.derivs  # the step of the last row
    descent.values[:] = params
    return 0.5 * float(np.sum(errors**2)) / errors.size


def _update(trainer: Any, derivs: Array, params: Array, rate: Array) -> list[Callable[[], Any]]:
    """Return the steps that do what `GradientDescent.__call__` does, without new arrays.

    Only what the trainer uses is done: every operation on so few numbers costs the same. Without momentum the
    derivatives are the step: of a larger network, fewer arrays stay in the nearest cache.

    Args:
        trainer: the trainer.
        derivs: what a row gave, times the rate unless there is weight decay; shape (paramdim,).
        params: the parameters, shape (paramdim,).
        rate: the learning rate, shape (); changed where it decays.
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
    """Return error, ponderation and derivatives of some rows at the present parameters."""
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
