"""The limits on images."""

from __future__ import annotations

from pybrain_runtime.io.record import Record


class PictureLimits(Record, eq=True):
    """The limits on images.

    Attributes:
        pixels: maximum number of pixels, except for JPEG.
        jpeg_pixels: maximum number of pixels of a JPEG, which is reduced while it is decoded.
        side: maximum width and height in pixels.
    """

    pixels: int = 8_388_608
    jpeg_pixels: int = 25_165_824
    side: int = 16_384
