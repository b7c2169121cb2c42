"""Pictures for the tests: digits as a person may draw them, in shapes that the network was not trained on."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw

Points = Sequence[tuple[float, float]]

# Strokes in a square with sides of 100, as clicked by hand.
DIGITS: dict[int, Sequence[Points]] = {
    0: [[(52, 4), (30, 10), (18, 38), (20, 70), (34, 94), (58, 95), (76, 72), (80, 40), (70, 12), (50, 5)]],
    1: [[(38, 22), (56, 4), (54, 96)]],
    2: [[(20, 24), (34, 8), (58, 5), (74, 20), (68, 42), (44, 66), (20, 94), (50, 91), (82, 93)]],
    3: [[(22, 12), (48, 4), (72, 16), (66, 36), (44, 46), (70, 56), (78, 76), (58, 94), (22, 88)]],
    4: [[(62, 6), (40, 34), (16, 64), (50, 62), (86, 63)], [(64, 34), (62, 66), (60, 97)]],
    5: [[(76, 6), (30, 8), (26, 42), (52, 38), (74, 54), (72, 80), (50, 95), (20, 88)]],
    6: [[(68, 5), (40, 24), (22, 58), (26, 84), (48, 95), (70, 84), (72, 64), (50, 54), (28, 68)]],
    7: [[(18, 8), (50, 9), (82, 6), (60, 44), (42, 95)]],
    8: [[(70, 16), (48, 5), (30, 18), (38, 38), (66, 58), (74, 80), (50, 96), (26, 82), (36, 58), (64, 36), (70, 16)]],
    9: [[(72, 22), (50, 6), (28, 20), (32, 44), (54, 50), (72, 32), (73, 20), (72, 56), (66, 96)]],
}  # fmt: skip


def drawn(
    digit: int,
    *,
    side: int = 280,
    height: int = 200,
    place: tuple[int, int] = (60, 40),
    pen: int = 14,
    dark: int = 0,
) -> Image.Image:
    """Return a digit.

    Args:
        digit: 0 to 9.
        side: of the picture.
        height: of the digit.
        place: its left and its top.
        pen: the width of the strokes.
        dark: the grey value of the strokes; the background is 255 minus it.
    """
    picture = Image.new("L", (side, side), 255 - dark)
    for stroke in DIGITS[digit]:
        points = [(place[0] + x * height / 125, place[1] + y * height / 100) for x, y in stroke]
        ImageDraw.Draw(picture).line(points, dark, pen, "curve")
        for x, y in points:
            box = (x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2)
            ImageDraw.Draw(picture).ellipse(box, dark)
    return picture


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return the file of a picture."""
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def png_chunk(kind: bytes, data: bytes = b"") -> bytes:
    """Return a chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int, *, colours: int = 0) -> bytes:
    """Return the beginning of a PNG file of any size: ``colours`` is 0 for grey, 6 for RGBA."""
    header = struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
