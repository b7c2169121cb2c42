"""The process that decodes images: `python -m serving.images.decoder_process`.

Each request is a line of JSON, followed by the bytes of the image; each response is a line of JSON.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import BinaryIO

from pybrain_runtime.network.image_input import ImageInput, read_image_input
from serving.child_process import limit_child
from serving.errors import ImageTooLarge, RequestError
from serving.images.decoding import decode
from serving.images.picture_limits import PictureLimits
from serving.images.preprocessing import inputs_of

_MEMORY = 448 << 20


def main() -> None:
    """Process requests until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_child(_MEMORY)
    answers = sys.stdout.buffer
    while line := sys.stdin.buffer.readline():
        answers.write(json.dumps(_answer(json.loads(line), sys.stdin.buffer)).encode("ascii") + b"\n")
        answers.flush()


def _answer(request: dict[str, object], pictures: BinaryIO) -> dict[str, object]:
    data = pictures.read(int(str(request["bytes"])))
    try:
        return {"inputs": _inputs(data, _card(request["image"]), _limits(request["limits"]))}
    except RequestError as error:
        return {"code": error.code, "error": error.message, "details": error.details}
    except MemoryError:
        message = "Decoding the image takes more memory than this server allows."
        return {"code": ImageTooLarge.code, "error": message, "details": {}}


def _inputs(data: bytes, card: ImageInput, limits: PictureLimits) -> list[float]:
    inputs: list[float] = inputs_of(decode(data, card.background, limits), card).tolist()
    return inputs


def _card(section: object) -> ImageInput:
    size = section["size"] if isinstance(section, dict) else (0, 0)
    return read_image_input(section, inputs=size[0] * size[1], network="the request", error=ValueError)


def _limits(values: object) -> PictureLimits:
    return PictureLimits(**values) if isinstance(values, dict) else PictureLimits()


if __name__ == "__main__":
    main()
