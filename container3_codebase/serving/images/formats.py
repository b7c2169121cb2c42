"""Recognize the format of an image by its content, and check its header before decoding."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from serving.errors import ImageTooLarge, InvalidImage, UnsupportedImage

_MOST_SCANS = 64
_MOST_CHUNKS = 20_000
_KNOWN_OTHERS = (
    (b"%PDF", "PDF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"8BPS", "Photoshop"),
    (b"\0\0\1\0", "an icon"),
    (b"<svg", "SVG"),
    (b"<?xml", "XML"),
    (b"<!DOCTYPE", "HTML or XML"),
    (b"%!PS", "PostScript"),
    (b"PK\3\4", "a zip archive"),
)
_ISO_MEDIA = {b"avif": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF"}
NAMES = "PNG, JPEG, BMP, WebP, GIF"


def check_format(data: bytes) -> str:
    """Return Pillow's name for the format of an image.

    Args:
        data: the content of the image file.

    Raises:
        UnsupportedImage: the format is not one of the five supported ones.
        InvalidImage: the file is empty, or its header is not valid.
        ImageTooLarge: decoding the image would take too long.
    """
    if not data:
        raise InvalidImage("The image is empty.")
    for name, recognizes in _FORMATS.items():
        if recognizes(data[:16]):
            _CHECKS.get(name, _nothing)(data)
            return name
    raise UnsupportedImage(f"The image is {_described(data)}; expected {NAMES}.")


def _described(data: bytes) -> str:
    start = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    for signature, name in _KNOWN_OTHERS:
        if start[: len(signature)].lower() == signature.lower():
            return name
    if data[4:8] == b"ftyp":
        return _ISO_MEDIA.get(data[8:12], "a media file")
    return "of an unknown format"


def _nothing(data: bytes) -> None:
    """Accept any header."""


def _check_jpeg(data: bytes) -> None:
    # Each scan of a progressive JPEG covers the whole image but may have only a few bytes. Inside a scan, the byte
    # 0xFF is followed by 0x00 or a restart marker, so this count is an upper bound.
    if data.count(b"\xff\xda") > _MOST_SCANS:
        raise ImageTooLarge(f"The JPEG has more than {_MOST_SCANS} scans.", limit=_MOST_SCANS)


def _check_png(data: bytes) -> None:
    # Pillow reads the chunks before the pixels one at a time.
    place = 8
    for _ in range(_MOST_CHUNKS):
        if place + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind == b"IDAT":
            return
        place += 12 + length
    raise ImageTooLarge(f"The PNG has more than {_MOST_CHUNKS} chunks.", limit=_MOST_CHUNKS)


def _check_bmp(data: bytes) -> None:
    if len(data) >= 34 and struct.unpack_from("<I", data, 14)[0] >= 40:
        compression = struct.unpack_from("<I", data, 30)[0]
        if compression not in (0, 3):
            raise UnsupportedImage("The image is a compressed BMP; save it uncompressed or as PNG.")


_FORMATS: Mapping[str, Callable[[bytes], bool]] = {
    "PNG": lambda start: start.startswith(b"\x89PNG\r\n\x1a\n"),
    "JPEG": lambda start: start.startswith(b"\xff\xd8\xff"),
    "BMP": lambda start: start.startswith(b"BM"),
    "GIF": lambda start: start.startswith((b"GIF87a", b"GIF89a")),
    "WEBP": lambda start: start.startswith(b"RIFF") and start[8:12] == b"WEBP",
}
_CHECKS: Mapping[str, Callable[[bytes], None]] = {"JPEG": _check_jpeg, "PNG": _check_png, "BMP": _check_bmp}


def webp_size(data: bytes) -> tuple[int, int]:
    """Read width and height of a WebP file from its first chunk: Pillow allocates memory as soon as it opens the file.

    Raises:
        InvalidImage: the chunk is incomplete or unknown.
    """
    kind = data[12:16]
    if kind == b"VP8X" and len(data) >= 30:
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L" and len(data) >= 25 and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and len(data) >= 30 and data[23:26] == b"\x9d\x01\x2a":
        return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    raise InvalidImage("The image is a WebP file without a valid header.")
