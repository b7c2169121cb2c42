"""Remove specks: parts much smaller than the figure and not connected to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_CELLS = 32
_LEAST_SHARE = 0.05

Mask = NDArray[np.bool_]


def without_specks(mask: Mask) -> Mask:
    """Remove the parts of a mask that have less than a twentieth of the pixels of the largest part.

    The parts are found on a grid of 32 x 32 cells; cells that touch, even at a corner, belong to the same part.

    Args:
        mask: shape (height, width); at least one pixel is set.
    """
    (row_starts, rows), (column_starts, columns) = map(_cells, mask.shape)
    counts = np.add.reduceat(
        np.add.reduceat(mask.astype(np.int64), row_starts, axis=0), column_starts, axis=1
    )
    parts = _parts(counts > 0)
    sizes = np.bincount(parts.reshape(-1), counts.reshape(-1), parts.max() + 1)
    keeps = sizes >= _LEAST_SHARE * sizes.max()
    kept: Mask = mask & keeps[parts][rows[:, None], columns[None, :]]
    return kept


def _cells(side: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first pixel of each cell along a side, and the cell of each pixel."""
    number = min(_CELLS, side)
    starts = np.arange(number) * side // number
    return starts, np.repeat(np.arange(number), np.diff(starts, append=side))


def _parts(filled: Mask) -> NDArray[np.int64]:
    """Label the connected parts: return the number of each cell's part, from 1; 0 for empty cells."""
    parts = np.zeros(filled.shape, np.int64)
    number = 0
    for start in zip(*np.nonzero(filled), strict=True):
        if parts[start]:
            continue
        number += 1
        parts[start] = number
        waiting = [start]
        while waiting:
            row, column = waiting.pop()
            near = np.s_[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            new = filled[near] & (parts[near] == 0)
            parts[near][new] = number
            top, left = max(row - 1, 0), max(column - 1, 0)
            waiting.extend((top + int(y), left + int(x)) for y, x in np.argwhere(new))
    return parts
