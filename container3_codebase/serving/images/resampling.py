"""Resize arrays of pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Values = NDArray[np.float64]


def block_means(pixels: Values, size: tuple[int, int]) -> Values:
    """Average equal blocks of pixels.

    Args:
        pixels: array of shape (height, width), both multiples of ``size``.
        size: the number of blocks, down and across.
    """
    rows, columns = size
    height, width = pixels.shape
    means: Values = pixels.reshape(rows, height // rows, columns, width // columns).mean(axis=(1, 3))
    return means


def resized(pixels: Values, size: tuple[int, int]) -> Values:
    """Resize pixels with linear interpolation when enlarging, and averaging when reducing.

    Args:
        pixels: array of shape (height, width).
        size: the new height and width.
    """
    if pixels.shape == size:
        return pixels
    image = Image.fromarray(pixels.astype(np.float32))
    return np.asarray(image.resize(size[::-1], Image.Resampling.BILINEAR), np.float64)
