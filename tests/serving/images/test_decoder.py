"""The processes that decode pictures: limits on time, replacement, load shedding, and servers without Pillow."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from pybrain_runtime.network.image_input import ImageInput
from serving.errors import ImagesUnavailable, InvalidImage, Overloaded, SlowImage
from serving.images.decoder import Decoder
from serving.images.picture_limits import PictureLimits
from serving.images.pictures import Pictures
from serving.settings import RequestLimits
from tests.serving.images.pictures import drawn, encoded

CARD = ImageInput((8, 8))
PICTURE = encoded(drawn(3))


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


def test_pictures_beyond_the_waiting_ones_are_refused() -> None:
    pictures = Pictures(RequestLimits(images=1, images_waiting=2))

    async def ask() -> list[object]:
        asked = [pictures.inputs(PICTURE, CARD) for _ in range(5)]
        return await asyncio.gather(*asked, return_exceptions=True)

    try:
        answers = asyncio.run(ask())
    finally:
        pictures.close()
    assert [type(each) for each in answers[3:]] == [Overloaded, Overloaded]
    assert not any(isinstance(each, Exception) for each in answers[:3])


def test_without_pillow_the_server_says_so() -> None:
    pictures = Pictures(RequestLimits(), package="no_such_package")
    with pytest.raises(ImagesUnavailable, match="the package Pillow is not installed"):
        pictures.check_available()
    assert ImagesUnavailable.http_status == 501
