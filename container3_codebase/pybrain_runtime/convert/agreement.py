"""Checks on random rows that two implementations of a network give the same outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pybrain_runtime.engine.compiled_network import CompiledNetwork
from pybrain_runtime.errors import Disagreement

SEED = 20_240_229
ROWS = 256
SEQUENCES, STEPS = 8, 32

Predict = Callable[[np.ndarray], np.ndarray]
"""Returns outputs, shape (..., outdim), for rows (rows, indim) or sequences (sequences, steps, indim)."""


@dataclass(frozen=True)
class Agreement:
    """How well a converted network agrees with the original.

    Attributes:
        rows: number of random rows that were compared.
        difference: the largest difference between two outputs, relative to the larger of 1 and the output.
        tolerance: the largest difference that is accepted.
        precision: dtype of the converted network, ``float64`` or ``float32``.
        by: the name of the program that ran the converted network.
    """

    rows: int
    difference: float
    tolerance: float
    precision: str
    by: str


def random_rows(network: CompiledNetwork, rows: int = ROWS) -> np.ndarray:
    """Return random inputs: always the same, normally distributed, a quarter of them ten times as large.

    Args:
        network: the network.
        rows: number of rows.

    Returns:
        Shape (rows, indim); for a recurrent network (sequences, steps, indim), with as many rows in total.
    """
    random = np.random.default_rng(SEED)
    inputs = random.standard_normal((rows, network.indim))
    inputs[::4] *= 10.0
    if network.recurrent:
        steps = min(rows // SEQUENCES, STEPS)
        return inputs[: SEQUENCES * steps].reshape(SEQUENCES, steps, network.indim)
    return inputs


def compiled_predict(network: CompiledNetwork) -> Predict:
    """Return a function that runs a compiled network, with a fixed seed for layers that draw at random."""

    def predict(inputs: np.ndarray) -> np.ndarray:
        random = np.random.RandomState(SEED % 2**32) if network.random else None
        if inputs.ndim == 3:
            return network.run_sequences(inputs, random=random)
        return network.run(inputs, random=random)

    return predict


def compare(
    network: CompiledNetwork,
    converted: Predict,
    *,
    tolerance: float,
    by: str,
    precision: str = "float64",
    rows: int = ROWS,
) -> Agreement:
    """Compare the outputs of a network and of its converted form on the same random rows.

    Args:
        network: the original.
        converted: runs the converted network.
        tolerance: the largest difference that is accepted, see ``Agreement.difference``.
        by: name of the program that runs the converted network, for messages.
        precision: dtype of the converted network, ``float64`` or ``float32``.
        rows: number of rows.

    Raises:
        Disagreement: two outputs differ by more, or only one of them is finite.
    """
    inputs = random_rows(network, rows)
    expected, outputs = compiled_predict(network)(inputs), converted(inputs)
    difference = _difference(expected, np.asarray(outputs, dtype=np.float64))
    if not difference <= tolerance:
        raise Disagreement(
            f"The outputs of the converted network ({precision}, computed by {by}) differ from the original by "
            f"{difference:.2g}; expected at most {tolerance:.0e}. Nothing was written.",
            hint="This is an internal error. Please report it, with the file if possible.",
            difference=difference,
        )
    return Agreement(
        rows=inputs.size // network.indim if network.indim else len(inputs),
        difference=difference,
        tolerance=tolerance,
        precision=precision,
        by=by,
    )


def _difference(expected: np.ndarray, outputs: np.ndarray) -> float:
    if expected.shape != outputs.shape:
        return float("inf")
    finite = np.isfinite(expected)
    if not np.array_equal(expected[~finite], outputs[~finite], equal_nan=True):
        return float("inf")
    if not np.isfinite(outputs[finite]).all():
        return float("inf")
    relative = np.abs(expected[finite] - outputs[finite]) / np.maximum(1.0, np.abs(expected[finite]))
    return float(relative.max(initial=0.0))
