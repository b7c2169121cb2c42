"""Upper bounds for a picture."""

from __future__ import annotations

from pybrain_runtime._io.record import Record


class PictureLimits(Record, eq=True):
    """Upper bounds for a picture.

    Attributes:
        pixels: of any format but JPEG.
        jpeg_pixels: of a JPEG, which is reduced while it is decoded.
        side: of width and height.
    """

    pixels: int = 8_388_608
    jpeg_pixels: int = 25_165_824
    side: int = 16_384
