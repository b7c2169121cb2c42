"""Find the figure in an image, and normalize its size and stroke width in a bitmap."""

from __future__ import annotations

import numpy as np
from PIL import Image

from pybrain_runtime.network.image_input import Figure
from serving.errors import BlankImage
from serving.images.components import Mask, without_specks
from serving.images.resampling import Values, block_means, resized

_FINER = 4
"""The figure is processed at a resolution higher by this factor."""
_LEAST_CONTRAST = 32.0
_STEEPEST = 0.7
_MOST_STEPS = 64
_MOST_STRETCHED = 2.0
"""The aspect ratio changes by at most this factor, so a vertical line remains a line."""


def bitmap_of(pixels: Values, figure: Figure, *, stretch: bool) -> Mask:
    """Return the normalized bitmap of the figure in an image.

    Args:
        pixels: grey values of shape (height, width), 0 to 255; the figure is brighter than the background.
        figure: the model card's figure section.
        stretch: whether to change the aspect ratio so that the figure fills the box.

    Returns:
        A mask of shape ``figure.bitmap``.

    Raises:
        BlankImage: the image contains no figure.
    """
    mask = without_specks(figure_mask(pixels))
    if figure.upright:
        mask = upright(mask)
    fine = _in_box(_cropped(mask), figure, stretch)
    height, width = figure.bitmap
    canvas = np.zeros((height * _FINER, width * _FINER))
    top, left = (canvas.shape[0] - fine.shape[0]) // 2, (canvas.shape[1] - fine.shape[1]) // 2
    canvas[top : top + fine.shape[0], left : left + fine.shape[1]] = fine
    return block_means(canvas, figure.bitmap) >= 0.5


def figure_mask(pixels: Values) -> Mask:
    """Return the pixels of the figure: those above the threshold that best separates two classes (Otsu's method).

    Raises:
        BlankImage: the two classes hardly differ.
    """
    counts = np.bincount(np.rint(pixels).astype(np.int64).reshape(-1), minlength=256).astype(np.float64)
    below = np.cumsum(counts)[:-1]
    above = pixels.size - below
    sums = np.cumsum(counts * np.arange(256))
    with np.errstate(divide="ignore", invalid="ignore"):
        contrast = (sums[-1] - sums[:-1]) / above - sums[:-1] / below
        variance = np.where((below > 0) & (above > 0), below * above * contrast**2, -1.0)
    threshold = int(variance.argmax())
    if variance[threshold] < 0 or contrast[threshold] < _LEAST_CONTRAST:
        raise BlankImage("The image is blank: no figure differs from its background.")
    mask: Mask = np.rint(pixels) > threshold
    return mask


def upright(mask: Mask) -> Mask:
    """Remove the slant of a figure: shear it so that the centres of its rows do not drift to a side."""
    rows, columns = np.nonzero(mask)
    rows = rows - rows.mean()
    spread = float(rows @ rows)
    slope = float(rows @ (columns - columns.mean())) / spread if spread else 0.0
    slope = max(-_STEEPEST, min(_STEEPEST, slope))
    height, width = mask.shape
    room = int(abs(slope) * height) + 1
    image = Image.fromarray(mask.astype(np.uint8) * 255)
    moved = (1.0, slope, -room - slope * height / 2, 0.0, 1.0, 0.0)
    sheared = image.transform(
        (width + 2 * room, height), Image.Transform.AFFINE, moved, Image.Resampling.BILINEAR
    )
    return np.asarray(sheared) > 127


def _cropped(mask: Mask) -> Mask:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _in_box(mask: Mask, figure: Figure, stretch: bool) -> Mask:
    """Scale the figure to its box and to the required stroke width, at the higher resolution."""
    wanted = figure.ink * figure.bitmap[0] * figure.bitmap[1] * _FINER**2
    fine = _scaled(mask, figure, stretch)
    widens = np.count_nonzero(fine) < wanted
    for _ in range(_MOST_STEPS if wanted else 0):
        changed = _widened(fine) if widens else _narrowed(fine)
        if not changed.any():
            break
        changed = _scaled(_cropped(changed), figure, stretch)
        if abs(np.count_nonzero(changed) - wanted) > abs(np.count_nonzero(fine) - wanted):
            break
        fine = changed
    return fine


def _scaled(mask: Mask, figure: Figure, stretch: bool) -> Mask:
    box = np.array(figure.box) * _FINER
    factors = box / mask.shape
    most = factors.min() * (_MOST_STRETCHED if stretch else 1.0)
    factors = np.minimum(factors, most)
    height, width = (max(1, round(float(side))) for side in mask.shape * factors)
    scaled = resized(mask.astype(np.float64), (height, width)) > 0.5
    return scaled if scaled.any() else np.ones((height, width), np.bool_)


def _widened(mask: Mask) -> Mask:
    """Dilate a figure by one pixel."""
    padded = np.pad(mask, 1)
    padded[1:] |= padded[:-1].copy()
    padded[:-1] |= padded[1:].copy()
    padded[:, 1:] |= padded[:, :-1].copy()
    padded[:, :-1] |= padded[:, 1:].copy()
    return padded


def _narrowed(mask: Mask) -> Mask:
    """Erode a figure by one pixel; nothing may be left of it."""
    return ~_widened(~np.pad(mask, 1))[1:-1, 1:-1]
