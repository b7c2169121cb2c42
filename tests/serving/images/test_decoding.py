"""Pictures of every kind are decoded to the grey that a viewer shows, or refused before a pixel is decoded."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from PIL import Image

from serving.errors import AnimatedImage, ImageTooLarge, InvalidImage, RequestError, UnsupportedImage
from serving.images.decoding import WORKING_SIDE, decode
from serving.images.picture_limits import PictureLimits
from tests.serving.images.pictures import drawn, encoded, png_chunk, png_header

LIMITS = PictureLimits()
RAMP = np.arange(0, 256, dtype=np.uint8).reshape(8, 32).repeat(4, axis=0)


def grey_of(data: bytes, background: int = 255) -> np.ndarray:
    return np.asarray(decode(data, background, LIMITS), np.int64)


def refusal(data: bytes, kind: type[RequestError]) -> str:
    with pytest.raises(kind) as caught:
        decode(data, 255, LIMITS)
    assert type(caught.value) is kind
    return caught.value.message


@pytest.mark.parametrize(
    ("kind", "options", "most"),
    [
        ("PNG", {}, 0), ("BMP", {}, 0), ("GIF", {}, 0), ("WEBP", {"lossless": True}, 0),
        ("WEBP", {}, 12), ("JPEG", {}, 12), ("JPEG", {"progressive": True}, 12),
    ],
)  # fmt: skip
def test_the_five_formats_give_the_same_grey(kind: str, options: dict[str, bool], most: int) -> None:
    found = grey_of(encoded(Image.fromarray(RAMP), kind, **options))
    assert found.shape == RAMP.shape
    assert abs(found - RAMP).max() <= most


def test_colours_are_weighted_as_usual() -> None:
    picture = Image.new("RGB", (3, 1))
    picture.putdata([(255, 0, 0), (0, 255, 0), (0, 0, 255)])
    assert grey_of(encoded(picture)).tolist() == [[76, 150, 29]]


def test_grey_of_16_bits_is_not_clipped() -> None:
    picture = Image.fromarray(RAMP.astype(np.uint16) * 257)
    assert grey_of(encoded(picture)).tolist() == RAMP.tolist()


def test_a_picture_of_1_bit_is_black_and_white() -> None:
    picture = Image.fromarray(RAMP > 127)
    assert grey_of(encoded(picture)).tolist() == np.where(RAMP > 127, 255, 0).tolist()


def test_cmyk_is_converted() -> None:
    picture = Image.new("CMYK", (16, 16), (0, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 8, 16))
    found = grey_of(encoded(picture, "JPEG", quality=100))
    assert found[:, :6].min() > 245 and found[:, 10:].max() < 10


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparent_pixels_have_the_background(mode: str) -> None:
    picture = Image.new("LA", (4, 1), (0, 0))
    picture.putdata([(0, 255), (0, 0), (255, 255), (255, 128)])
    data = encoded(picture.convert(mode))
    assert grey_of(data, 200).tolist() == [[0, 200, 255, 228]]
    assert grey_of(data, 0).tolist() == [[0, 0, 255, 128]]


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_entry_of_a_palette_has_the_background(kind: str) -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 10, 10, 90, 90, 90])
    picture.putdata([0, 1])
    assert grey_of(encoded(picture, kind, transparency=1), 255).tolist() == [[10, 255]]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_image_is_rotated_according_to_its_exif_orientation(kind: str) -> None:
    picture = Image.new("L", (32, 16), 255)
    picture.paste(0, (0, 0, 8, 8))  # top left
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned by 90 degrees: the top left is shown at the top right
    found = grey_of(encoded(picture, kind, exif=exif))
    assert found.shape == (32, 16)
    assert found[:6, 10:].mean() < 20 and found[:6, :6].mean() > 235 and found[20:].mean() > 235


@pytest.mark.slow
def test_a_large_picture_is_reduced() -> None:
    picture = drawn(3).convert("RGBA").resize((2000, 2000))
    found = grey_of(encoded(picture, compress_level=1))
    assert max(found.shape) <= WORKING_SIDE
    expected = np.asarray(drawn(3).resize(found.shape[::-1]), np.int64)
    assert abs(found - expected).mean() < 3


@pytest.mark.slow
def test_a_photo_of_24_megapixels_is_decoded_at_reduced_size() -> None:
    found = grey_of(encoded(Image.new("L", (6000, 4000), 77), "JPEG"))
    assert max(found.shape) <= WORKING_SIDE and set(found.reshape(-1)) == {77}


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\xef\xbb\xbf <?xml version='1.0'?><svg/>", "XML"),
        (b"%PDF-1.7\n", "PDF"),
        (b"II*\0" + bytes(60), "TIFF"),
        (b"\0\0\0\x1cftypavif" + bytes(60), "AVIF"),
        (b"\0\0\0\x1cftypheic" + bytes(60), "HEIC"),
        (b"hello", "of an unknown format"),
    ],
)
def test_other_formats_are_refused_whatever_their_names(data: bytes, what: str) -> None:
    assert refusal(data, UnsupportedImage) == f"The image is {what}; expected PNG, JPEG, BMP, WebP, GIF."


def test_a_compressed_bmp_is_refused() -> None:
    data = bytearray(encoded(Image.new("P", (4, 4)), "BMP"))
    data[30] = 1
    assert "compressed BMP" in refusal(bytes(data), UnsupportedImage)


@pytest.mark.parametrize(
    "data",
    [
        png_header(5000, 5000) + png_chunk(b"IDAT"),
        png_header(20_000, 2) + png_chunk(b"IDAT"),
        b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\x1f\x4e\0" * 2,
        encoded(Image.new("1", (5000, 5000)), "BMP"),
        encoded(Image.new("1", (5000, 5000)), "GIF"),
    ],
)
def test_too_many_pixels_are_refused_by_the_header(data: bytes) -> None:
    assert "pixels; the limits are 8,388,608 pixels and 16,384 per side." in refusal(data, ImageTooLarge)


def test_20000_times_20000_pixels_are_refused() -> None:
    assert refusal(png_header(20_000, 20_000) + png_chunk(b"IDAT"), ImageTooLarge) == (
        "The image has more than 8,388,608 pixels."
    )
    gif = bytearray(encoded(Image.new("L", (8, 8)), "GIF"))
    place = gif.index(b",\0\0\0\0")
    gif[place + 5 : place + 9] = b"\x20\x4e\x20\x4e"  # a frame that is larger than its screen
    assert refusal(bytes(gif), ImageTooLarge) == "The image has more than 8,388,608 pixels."


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_refused(kind: str) -> None:
    frames = [drawn(digit, side=64, height=40, place=(8, 8), pen=4) for digit in (1, 2)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert refusal(data, AnimatedImage) == "The image is animated; send an image with a single frame."


def test_the_first_of_several_images_in_a_jpeg_is_used() -> None:
    first, second = Image.new("L", (8, 8), 40), Image.new("L", (8, 8), 200)
    data = encoded(first, "MPO", save_all=True, append_images=[second])
    assert data.count(b"\xff\xd8\xff") == 2
    assert abs(grey_of(data) - 40).max() <= 4


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "WEBP"])
def test_a_truncated_or_damaged_picture_is_refused(kind: str) -> None:
    data = encoded(drawn(5), kind)
    for size in (len(data) * 2 // 3, 40, 20, 13):
        refusal(data[:size], InvalidImage)
    assert refusal(b"", InvalidImage) == "The image is empty."


def test_a_picture_without_pixels_is_refused() -> None:
    refusal(png_header(0, 4) + png_chunk(b"IDAT", zlib.compress(b"")) + png_chunk(b"IEND"), InvalidImage)
    data = bytearray(encoded(Image.new("L", (8, 8)), "GIF"))
    place = data.index(b",\0\0\0\0")
    data[6:10] = data[place + 5 : place + 9] = bytes(4)
    refusal(bytes(data), InvalidImage)


def test_headers_that_cost_much_time_are_refused() -> None:
    many = png_header(8, 8) + png_chunk(b"tEXt", b"a\0b") * 20_001
    assert refusal(many, ImageTooLarge) == "The PNG has more than 20000 chunks."
    scan = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0"
    assert refusal(b"\xff\xd8\xff\xe0\0\x02" + scan * 65, ImageTooLarge) == "The JPEG has more than 64 scans."


@pytest.mark.slow
def test_a_text_that_expands_a_thousandfold_is_refused() -> None:
    text = png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(100 << 20)))
    refusal(
        png_header(8, 8) + text + png_chunk(b"IDAT", zlib.compress(bytes(72))) + png_chunk(b"IEND"),
        InvalidImage,
    )
