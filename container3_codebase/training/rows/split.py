"""Split the rows into training, validation and test: random, seeded, and stratified by class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pybrain_runtime.io.printable import plural, quoted
from training.errors import TooFewRows
from training.rows.targets import Rows

LEAST = 10
"""The minimum number of rows to split; with fewer, metrics are meaningless."""

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """The indices of the rows of each part, in ascending order. Validation and test may be empty."""

    train: Indices
    validation: Indices
    test: Indices

    def parts(self) -> Iterator[tuple[str, Indices]]:
        """Yield the name and the indices of each part that has rows."""
        for name in ("train", "validation", "test"):
            indices: Indices = getattr(self, name)
            if len(indices):
                yield name, indices


def split_rows(rows: Rows, *, validation: float, test: float, seed: int, name: str) -> Split:
    """Return a random stratified split.

    Args:
        rows: the rows.
        validation: the fraction of rows for validation, below 1.
        test: the fraction of rows for the test, below 1.
        seed: the random seed.
        name: the name of the file, for messages.

    Raises:
        TooFewRows: a part would be empty or lack a class.
    """
    if len(rows.inputs) < LEAST:
        raise TooFewRows(
            f"{name} has {plural(len(rows.inputs), 'row')}; training needs at least {LEAST}.",
            rows=len(rows.inputs), needed=LEAST,
        )  # fmt: skip
    generator = np.random.Generator(np.random.PCG64([seed, 0]))
    groups = [np.arange(len(rows.inputs))]
    if rows.labels:
        groups = [np.flatnonzero(rows.classes == place) for place in range(len(rows.labels))]
        groups = [group for group in groups if len(group)]
    needed = 1 + (validation > 0) + (test > 0)
    for group in groups:
        if len(group) < needed:
            label = rows.labels[rows.classes[group[0]]]
            raise TooFewRows(
                f"{name} has {plural(len(group), 'row')} of the class {quoted(label)}; at least {needed} are needed, "
                "one for each part of the split.",
                hint="Add rows of this class, or remove it.",
                rows=len(group), needed=needed,
            )  # fmt: skip
    parts = [_cut(generator.permutation(group), validation, test) for group in groups]
    return Split(*(np.sort(np.concatenate(part)) for part in zip(*parts, strict=True)))


def _cut(shuffled: Indices, validation: float, test: float) -> tuple[Indices, Indices, Indices]:
    """Return the rows of one class for training, validation and test: at least one for each fraction above 0."""
    count = len(shuffled)
    for_test = max(int(test > 0), round(test * count))
    for_validation = max(int(validation > 0), round(validation * count))
    for_test = min(for_test, count - 1 - int(validation > 0))
    for_validation = min(for_validation, count - 1 - for_test)
    ends = (for_test, for_test + for_validation)
    return shuffled[ends[1] :], shuffled[ends[0] : ends[1]], shuffled[: ends[0]]
