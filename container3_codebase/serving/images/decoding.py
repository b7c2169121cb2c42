"""Decode an image to greyscale, with limits that are checked before any pixel is decoded."""

from __future__ import annotations

import warnings
from io import BytesIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from pybrain_runtime.io.printable import escaped
from serving.errors import AnimatedImage, ImageTooLarge, InvalidImage, RequestError
from serving.images.formats import check_format, webp_size
from serving.images.picture_limits import PictureLimits

WORKING_SIDE = 1024
"""Larger images are reduced to at most this width and height."""
_STRIP_PIXELS = 1 << 20
_ORIENTATION = 0x0112
_TRANSPOSED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(data: bytes, background: int, limits: PictureLimits) -> Image.Image:
    """Decode an image to greyscale (mode ``L``), upright, at most ``WORKING_SIDE`` pixels wide and high.

    Args:
        data: the content of the image file.
        background: the grey value behind transparent pixels, 0 to 255.
        limits: the limits on images.

    Raises:
        RequestError: the image cannot be decoded, or exceeds a limit.
    """
    kind = check_format(data)
    if kind == "WEBP":
        _check_size(webp_size(data), kind, limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(data), formats=[kind]) as image:
                _check_size(image.size, kind, limits)
                _check_frames(image, kind)
                return _decoded(image, background)
    except RequestError:
        raise
    except Image.DecompressionBombError:
        most = limits.jpeg_pixels if kind == "JPEG" else limits.pixels
        raise ImageTooLarge(f"The image has more than {most:,} pixels.", limit=most) from None
    except MemoryError:
        raise ImageTooLarge("Decoding the image takes more memory than this server allows.") from None
    except UnidentifiedImageError:
        raise InvalidImage(
            f"The image is not a valid {kind} file: its header is damaged or incomplete."
        ) from None
    # Pillow raises errors of many types for damaged files.
    except Exception as error:
        what = escaped(str(error), 100).rstrip(".")
        raise InvalidImage(f"The image is not a valid {kind} file: {what}.") from None


def _check_size(size: tuple[int, int], kind: str, limits: PictureLimits) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise InvalidImage(f"The image has {width} x {height} pixels.")
    most = limits.jpeg_pixels if kind == "JPEG" else limits.pixels
    if width > limits.side or height > limits.side or width * height > most:
        raise ImageTooLarge(
            f"The image has {width} x {height} pixels; the limits are {most:,} pixels and {limits.side:,} per side.",
            width=width,
            height=height,
            limit=most,
        )


def _check_frames(image: Image.Image, kind: str) -> None:
    # A JPEG may be followed by other images, such as a preview or another exposure (MPO); viewers show the first.
    if kind in ("GIF", "PNG", "WEBP") and getattr(image, "is_animated", False):
        raise AnimatedImage("The image is animated; send an image with a single frame.")


def _decoded(image: Image.Image, background: int) -> Image.Image:
    orientation = image.getexif().get(_ORIENTATION, 1)
    image.draft("L", (WORKING_SIDE, WORKING_SIDE))
    grey = _reduced(image, background)
    return grey.transpose(_TRANSPOSED[orientation]) if orientation in _TRANSPOSED else grey


def _reduced(image: Image.Image, background: int) -> Image.Image:
    """Convert an image to greyscale, a large one in strips, so that only its decoded pixels take memory."""
    width, height = image.size
    factor = -(-max(width, height) // WORKING_SIDE)
    grey = Image.new("L", (-(-width // factor), -(-height // factor)))
    rows = max(1, _STRIP_PIXELS // (width * factor)) * factor
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        grey.paste(_grey(strip, background).reduce(factor), (0, top // factor))
    return grey


def _grey(image: Image.Image, background: int) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        # 16-bit greyscale; Pillow's conversion would clip the values at 255.
        values = np.asarray(image, np.float64) / 257.0
        return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("L")
    image = image.convert("RGBA")
    behind = Image.new("L", image.size, background)
    behind.paste(image.convert("L"), mask=image.getchannel("A"))
    return behind
