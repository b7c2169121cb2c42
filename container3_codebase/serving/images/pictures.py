"""Decode the images of requests, a bounded number at a time, without blocking the event loop."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from pybrain_runtime.network.image_input import ImageInput
from serving.errors import ImagesUnavailable, Overloaded
from serving.images.decoder import Decoder
from serving.images.picture_limits import PictureLimits
from serving.settings import RequestLimits


class Pictures:
    """Converts images to network inputs.

    Args:
        limits: the limits on requests.
        package: the package that decodes images; optional for the server.
    """

    def __init__(self, limits: RequestLimits, package: str = "PIL") -> None:
        self._available = find_spec(package) is not None
        self._most = limits.images + limits.images_waiting
        self._pending = 0
        self._threads = ThreadPoolExecutor(limits.images, "pictures")
        self._decoders = [Decoder(PictureLimits(), limits.image_seconds) for _ in range(limits.images)]
        self._idle: queue.SimpleQueue[Decoder] = queue.SimpleQueue()
        for decoder in self._decoders:
            self._idle.put(decoder)

    def check_available(self) -> None:
        """Check that images can be decoded.

        Raises:
            ImagesUnavailable: Pillow is not installed.
        """
        if not self._available:
            raise ImagesUnavailable(
                "This server does not accept images: the package Pillow is not installed."
            )

    @contextmanager
    def place(self) -> Iterator[None]:
        """Reserve a slot for an image, before it is received, until the block ends.

        Raises:
            Overloaded: too many images are waiting.
        """
        if self._pending >= self._most:
            raise Overloaded(
                f"The server has reached its limit of {self._pending} images at a time; try again."
            )
        self._pending += 1
        try:
            yield
        finally:
            self._pending -= 1

    async def inputs(self, data: bytes, card: ImageInput) -> NDArray[np.float64]:
        """Convert an image to the inputs of a network, shape (height * width,).

        Args:
            data: the content of the image file.
            card: the model card's image section.

        Raises:
            RequestError: the image cannot be decoded, or exceeds a limit.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._decode, data, card)

    def close(self) -> None:
        """Stop the decoder processes."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for decoder in self._decoders:
            decoder.close()

    def _decode(self, data: bytes, card: ImageInput) -> NDArray[np.float64]:
        decoder = self._idle.get()
        try:
            return decoder.inputs(data, card)
        finally:
            self._idle.put(decoder)
