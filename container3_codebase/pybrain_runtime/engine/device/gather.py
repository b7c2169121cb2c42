"""Collect small batches of rows into larger ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from pybrain_runtime.engine.inference_session import Batch


def gather(batches: Iterable[Batch], rows: int) -> Iterator[Batch]:
    """Yield the same rows in the same order, in batches of at least ``rows`` rows; the last one may be smaller.

    Args:
        batches: inputs and targets; all have targets, or none.
        rows: the smallest size of a batch.
    """
    waiting: list[Batch] = []
    count = 0
    for batch in batches:
        waiting.append(batch)
        count += len(batch[0])
        if count >= rows:
            yield _joined(waiting)
            waiting, count = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(batches: list[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    targets = [targets for _, targets in batches if targets is not None]
    return np.concatenate([inputs for inputs, _ in batches]), np.concatenate(targets) if targets else None
