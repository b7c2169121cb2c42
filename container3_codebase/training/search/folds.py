"""Create the folds of a cross-validation: random, seeded, and stratified by class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pybrain_runtime.io.printable import plural, quoted
from training.errors import TooFewFoldRows
from training.rows.split import Split
from training.rows.targets import Rows

Indices = NDArray[np.int64]


def rows_in(rows: Rows, indices: Indices) -> Rows:
    """Return some of the rows.

    Args:
        rows: all rows.
        indices: the indices of the rows to return.
    """
    return replace(rows, inputs=rows.inputs[indices], expected=rows.expected[indices])


def fold_splits(rows: Rows, folds: int, *, seed: int, name: str) -> tuple[Split, ...]:
    """Return one split per fold, with the fold for validation and all other rows for training.

    Every row is in exactly one fold. The sizes of the folds, and of each class within them, differ by at most 1.

    Args:
        rows: the rows, without test rows.
        folds: the number of folds.
        seed: the random seed.
        name: the name of the file, for messages.

    Raises:
        TooFewFoldRows: there are fewer rows, or fewer rows of a class, than folds.
    """
    count = len(rows.inputs)
    groups = [np.arange(count)]
    if rows.labels:
        groups = [np.flatnonzero(rows.classes == place) for place in range(len(rows.labels))]
        groups = [group for group in groups if len(group)]
    for group in groups:
        if len(group) < folds:
            which = f" of the class {quoted(rows.labels[rows.classes[group[0]]])}" if rows.labels else ""
            raise TooFewFoldRows(
                f"{name} has {plural(len(group), 'row')}{which} besides the test rows; {folds} folds need at "
                f"least {folds}.",
                hint=f"{len(group)} folds are possible." if len(group) > 1 else "Add rows of this class.",
                rows=len(group), needed=folds,
            )  # fmt: skip
    generator = np.random.Generator(
        np.random.PCG64([seed, 2])
    )  # stream 0 is for the split, 1 for the weights
    shuffled = np.concatenate([generator.permutation(group) for group in groups])
    fold_of = np.empty(count, dtype=np.int64)
    fold_of[shuffled] = np.arange(count) % folds
    nothing = np.empty(0, dtype=np.int64)
    return tuple(
        Split(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold), nothing)
        for fold in range(folds)
    )
