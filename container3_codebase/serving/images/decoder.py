"""Decoder processes, started on first use and replaced after a failure."""

from __future__ import annotations

import json
import subprocess
import threading

import numpy as np
from numpy.typing import NDArray

from pybrain_runtime.network.image_input import ImageInput
from serving import errors
from serving.child_process import child_command, child_environment
from serving.errors import InvalidImage, RequestError, SlowImage
from serving.images.picture_limits import PictureLimits

_COMMAND = child_command("serving.images.decoder_process")
_ERRORS: dict[str, type[RequestError]] = {
    kind.code: kind
    for kind in (
        errors.AnimatedImage,
        errors.BlankImage,
        errors.ImageTooLarge,
        errors.InvalidImage,
        errors.UnsupportedImage,
    )
}


class Decoder:
    """A process that decodes one image at a time. Only one thread may use it at a time.

    Args:
        limits: the limits on images.
        seconds: time limit per image; a process that takes longer is killed.

    Attributes:
        seconds: time limit per image.
        process: the process; None before the first image.
    """

    def __init__(self, limits: PictureLimits, seconds: float) -> None:
        self._limits = limits
        self.seconds = seconds
        self.process: subprocess.Popen[bytes] | None = None

    def inputs(self, data: bytes, card: ImageInput) -> NDArray[np.float64]:
        """Convert an image to the inputs of a network, shape (height * width,).

        Args:
            data: the content of the image file.
            card: the model card's image section.

        Raises:
            RequestError: the image cannot be decoded, or exceeds a limit.
        """
        process = self._started()
        killed = threading.Event()

        def kill() -> None:
            killed.set()
            process.kill()

        timer = threading.Timer(self.seconds, kill)
        timer.daemon = True
        timer.start()
        try:
            line = self._exchange(process, data, card)
        finally:
            timer.cancel()
        if not line.endswith(b"\n"):
            self.close()
            if killed.is_set():
                raise SlowImage(f"The image was not decoded within {self.seconds:g} s.")
            raise InvalidImage("The image cannot be decoded: the decoder process failed.")
        return _result(line)

    def close(self) -> None:
        """End the process."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _started(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            self.close()
            self.process = subprocess.Popen(
                _COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=child_environment(),
            )
        return self.process

    def _exchange(self, process: subprocess.Popen[bytes], data: bytes, card: ImageInput) -> bytes:
        """Send an image, and return the response, which is incomplete if the process has ended."""
        limits = {name: getattr(self._limits, name) for name in ("pixels", "jpeg_pixels", "side")}
        request = {"bytes": len(data), "image": card.as_json(), "limits": limits}
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            process.stdin.write(data)
            process.stdin.flush()
            return process.stdout.readline()
        except OSError:
            return b""


def _result(line: bytes) -> NDArray[np.float64]:
    answer = json.loads(line)
    if "inputs" in answer:
        return np.array(answer["inputs"], np.float64)
    raise _ERRORS.get(answer["code"], InvalidImage)(answer["error"], **answer["details"])
