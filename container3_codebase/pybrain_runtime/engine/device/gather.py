"""Collects small batches of rows into larger ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from pybrain_runtime.tables.batch import RowBatch
from pybrain_runtime.tables.text_column import TextColumn


def gather(batches: Iterable[RowBatch], rows: int) -> Iterator[RowBatch]:
    """Yield the same rows in the same order, in batches of at least ``rows`` rows; the last one may be smaller.

    Args:
        batches: the rows; all batches have targets, or none has, and all have the same text columns.
        rows: the minimum size of a batch.
    """
    waiting: list[RowBatch] = []
    count = 0
    for batch in batches:
        waiting.append(batch)
        count += len(batch.inputs)
        if count >= rows:
            yield _joined(waiting)
            waiting, count = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(batches: list[RowBatch]) -> RowBatch:
    """Return the rows of several batches as one, without the line numbers that messages refer to."""
    first = batches[0]
    if len(batches) == 1:
        return first
    targets = [batch.targets for batch in batches if batch.targets is not None]
    labels = [batch.labels for batch in batches if batch.labels is not None]
    joined = RowBatch(
        np.concatenate([batch.inputs for batch in batches]),
        np.concatenate(targets) if targets else None,
        first=first.first,
    )
    joined.labels = np.concatenate(labels) if labels else None
    joined.kept = [
        TextColumn([text for batch in batches for text in batch.kept[place].texts()])
        for place in range(len(first.kept))
    ]
    return joined
