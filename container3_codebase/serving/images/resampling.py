"""Pixels in other sizes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Values = NDArray[np.float64]


def block_means(pixels: Values, size: tuple[int, int]) -> Values:
    """Return the means of equal blocks of pixels.

    Args:
        pixels: shape (height, width), multiples of ``size``.
        size: how many blocks there are, down and across.
    """
    rows, columns = size
    height, width = pixels.shape
    means: Values = pixels.reshape(rows, height // rows, columns, width // columns).mean(axis=(1, 3))
    return means


def resized(pixels: Values, size: tuple[int, int]) -> Values:
    """Return pixels in another size, shape ``size``: interpolated linearly, averaged where it is smaller."""
    if pixels.shape == size:
        return pixels
    image = Image.fromarray(pixels.astype(np.float32))
    return np.asarray(image.resize(size[::-1], Image.Resampling.BILINEAR), np.float64)
