"""Preprocess a greyscale image to the inputs of a network, as specified by the model card."""

from __future__ import annotations

import numpy as np
from PIL import Image

from pybrain_runtime.network.image_input import ImageInput
from serving.images.figure import bitmap_of
from serving.images.resampling import Values, block_means, resized


def inputs_of(picture: Image.Image, card: ImageInput) -> Values:
    """Convert an image to the inputs of a network.

    Args:
        picture: the image, mode ``L``.
        card: the model card's image section.

    Returns:
        The inputs, shape (height * width,), in the value range of the card.

    Raises:
        BlankImage: the card requires a figure, but the image contains none.
    """
    pixels = np.asarray(picture, np.float64)
    behind = border(pixels)
    if card.invert is True or (card.invert == "auto" and behind > 127.5):
        pixels, behind = 255.0 - pixels, 255.0 - behind
    if card.figure is not None:
        bitmap = bitmap_of(pixels, card.figure, stretch=card.fit == "stretch")
        shares = block_means(bitmap.astype(np.float64), card.size)
    else:
        shares = fitted(pixels, card, behind) / 255.0
    low, high = card.scale
    values: Values = low + shares.reshape(-1) * (high - low)
    return values


def border(pixels: Values) -> float:
    """Return the median of the outermost pixels of an image of shape (height, width)."""
    edges = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    return float(np.median(np.concatenate(edges)))


def fitted(pixels: Values, card: ImageInput, behind: float) -> Values:
    """Resize an image to the size in the card: stretched, or padded and centred.

    Args:
        pixels: grey values of shape (height, width).
        card: the model card's image section.
        behind: the grey value of the padding.
    """
    height, width = card.size
    if card.fit == "stretch":
        return resized(pixels, card.size)
    factor = min(height / pixels.shape[0], width / pixels.shape[1])
    inner = (max(1, round(pixels.shape[0] * factor)), max(1, round(pixels.shape[1] * factor)))
    padded = np.full(card.size, behind)
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    padded[top : top + inner[0], left : left + inner[1]] = resized(pixels, inner)
    return padded
