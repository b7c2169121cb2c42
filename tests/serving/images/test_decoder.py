"""The processes that decode pictures: limits on time, replacement, load shedding, and servers without Pillow."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from pathlib import Path

import pytest

from pybrain_runtime.network.image_input import ImageInput
from serving.errors import ImagesUnavailable, ImageTooLarge, InvalidImage, Overloaded, SlowImage
from serving.images.decoder import Decoder
from serving.images.picture_limits import PictureLimits
from serving.images.pictures import Pictures
from serving.settings import RequestLimits
from tests.serving.images.pictures import drawn, encoded, png_chunk, png_header

CARD = ImageInput((8, 8))
PICTURE = encoded(drawn(3))


@pytest.mark.slow
def test_a_decoder_that_is_too_slow_or_dies_is_replaced() -> None:
    decoder = Decoder(PictureLimits(), 30.0)
    try:
        expected = decoder.inputs(PICTURE, CARD).tolist()
        process = decoder.process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)
        decoder.seconds = 0.1
        with pytest.raises(SlowImage, match=r"^The image was not decoded within 0\.1 s\.$"):
            decoder.inputs(PICTURE, CARD)
        assert process.poll() is not None
        decoder.seconds = 30.0
        assert decoder.inputs(PICTURE, CARD).tolist() == expected
        process = decoder.process
        assert process is not None
        process.kill()
        process.wait()
        assert decoder.inputs(PICTURE, CARD).tolist() == expected
        with pytest.raises(InvalidImage, match="empty"):
            decoder.inputs(b"", CARD)
        assert decoder.inputs(PICTURE, CARD).tolist() == expected
    finally:
        decoder.close()


@pytest.mark.slow
def test_a_decoder_has_limits_that_the_system_enforces() -> None:
    decoder = Decoder(PictureLimits(), 30.0)
    try:
        decoder.inputs(PICTURE, CARD)
        assert decoder.process is not None
        folder = Path("/proc") / str(decoder.process.pid)
        limits = (folder / "limits").read_text("ascii")
        found = re.search(r"Max address space +(\d+)", limits)
        assert found is not None and int(found[1]) < 1 << 30
        assert (folder / "oom_score_adj").read_text("ascii") == "1000\n"
    finally:
        decoder.close()


@pytest.mark.slow
def test_a_picture_that_needs_more_memory_than_allowed_is_refused() -> None:
    decoder = Decoder(PictureLimits(pixels=1 << 28, side=1 << 14), 30.0)
    try:
        with pytest.raises(
            ImageTooLarge, match=r"^Decoding the image takes more memory than this server allows\.$"
        ):
            decoder.inputs(png_header(12_000, 12_000, colours=6) + png_chunk(b"IDAT", b"x"), CARD)
        assert len(decoder.inputs(PICTURE, CARD)) == 64
    finally:
        decoder.close()


@pytest.mark.slow
def test_images_beyond_the_queue_limit_are_refused() -> None:
    pictures = Pictures(RequestLimits(images=1, images_waiting=2))

    async def ask() -> list[object]:
        async def one() -> object:
            with pictures.place():
                return await pictures.inputs(PICTURE, CARD)

        return await asyncio.gather(*(one() for _ in range(5)), return_exceptions=True)

    try:
        answers = asyncio.run(ask())
    finally:
        pictures.close()
    assert [type(each) for each in answers[3:]] == [Overloaded, Overloaded]
    assert not any(isinstance(each, Exception) for each in answers[:3])


def test_without_pillow_the_server_reports_it() -> None:
    pictures = Pictures(RequestLimits(), package="no_such_package")
    with pytest.raises(ImagesUnavailable, match="the package Pillow is not installed"):
        pictures.check_available()
    assert ImagesUnavailable.http_status == 501
