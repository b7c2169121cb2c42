"""Whether two computations of the same network answer alike, shown on random rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pybrain_runtime.engine.compiled_network import CompiledNetwork
from pybrain_runtime.errors import Disagreement

SEED = 20_240_229
ROWS = 256
SEQUENCES, STEPS = 8, 32

Answers = Callable[[np.ndarray], np.ndarray]
"""Takes rows, shape (rows, indim), or sequences, shape (sequences, steps, indim); returns the answers."""


@dataclass(frozen=True)
class Agreement:
    """How well two sides agree.

    Attributes:
        rows: how many random rows were answered by both.
        difference: the largest difference between two answers, relative to the larger of 1 and the answer.
        tolerance: what would still have been accepted.
        precision: the numbers that the other side computes with, ``float64``.
        by: who answered on the other side.
    """

    rows: int
    difference: float
    tolerance: float
    precision: str
    by: str


def random_rows(plan: CompiledNetwork, rows: int = ROWS) -> np.ndarray:
    """Return random inputs: always the same, normally distributed, a quarter of them ten times as large.

    Returns:
        Shape (rows, indim), or for a recurrent network (sequences, steps, indim) of as many rows together.
    """
    random = np.random.default_rng(SEED)
    inputs = random.standard_normal((rows, plan.indim))
    inputs[::4] *= 10.0
    if plan.recurrent:
        steps = min(rows // SEQUENCES, STEPS)
        return inputs[: SEQUENCES * steps].reshape(SEQUENCES, steps, plan.indim)
    return inputs


def plan_answers(plan: CompiledNetwork) -> Answers:
    """Return what a plan answers to random rows; a layer that draws at random always draws the same."""

    def answers(inputs: np.ndarray) -> np.ndarray:
        random = np.random.RandomState(SEED % 2**32) if plan.random else None
        if inputs.ndim == 3:
            return plan.run_sequences(inputs, random=random)
        return plan.run(inputs, random=random)

    return answers


def compare(
    plan: CompiledNetwork,
    other: Answers,
    *,
    tolerance: float,
    by: str,
    precision: str = "float64",
    rows: int = ROWS,
) -> Agreement:
    """Lets both sides answer the same random rows.

    Args:
        plan: the original.
        other: the other side.
        tolerance: the largest difference that is accepted, see ``Agreement.difference``.
        by: who answers on the other side, for people.
        precision: what the other side computes with.
        rows: how many rows.

    Raises:
        Disagreement: they differ by more, or one of them has a number where the other one has none.
    """
    inputs = random_rows(plan, rows)
    ours, theirs = plan_answers(plan)(inputs), other(inputs)
    difference = _difference(ours, np.asarray(theirs, dtype=np.float64))
    if not difference <= tolerance:
        raise Disagreement(
            f"The converted network answers differently: by {difference:.2g} in {precision}, computed by {by}, "
            f"where {tolerance:.0e} is accepted. Nothing was written.",
            hint="Please report it, with the file if you can.",
            difference=difference,
        )
    return Agreement(
        rows=inputs.size // plan.indim if plan.indim else len(inputs),
        difference=difference,
        tolerance=tolerance,
        precision=precision,
        by=by,
    )


def _difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    if ours.shape != theirs.shape:
        return float("inf")
    finite = np.isfinite(ours)
    if not np.array_equal(ours[~finite], theirs[~finite], equal_nan=True):
        return float("inf")
    if not np.isfinite(theirs[finite]).all():
        return float("inf")
    apart = np.abs(ours[finite] - theirs[finite]) / np.maximum(1.0, np.abs(ours[finite]))
    return float(apart.max(initial=0.0))
