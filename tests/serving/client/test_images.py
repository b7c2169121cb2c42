"""`predict_image`: an image goes to the server as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app07_client import FileFailed, InvalidInput
from tests.serving.client.callers import CALLERS, Caller, blocking
from tests.serving.client.scripted import ScriptedServer, reply

PNG = b"\x89PNG\r\n\x1a\n..."


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"BM6\0", "image/bmp"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_the_format_is_recognized_by_the_content(
    tmp_path: Path, caller: Caller, content: bytes, kind: str
) -> None:
    (tmp_path / "image.txt").write_bytes(content)
    with ScriptedServer(reply()) as server:
        for image in (content, tmp_path / "image.txt", str(tmp_path / "image.txt")):
            assert len(caller(server.url, "predict_image", image, "digits", 2)) == 1
    assert {(asked.line, asked.headers["content-type"], asked.body) for asked in server.asked} == {
        ("POST /predict/image?model=digits&version=2 HTTP/1.1", kind, content)
    }


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (b"", InvalidInput, "The image format is not supported; expected image/png, image/jpeg,"),
        (b"RIFF1234WAVE", InvalidInput, "The image format is not supported; expected image/png"),
        ("nope.png", FileFailed, "nope.png cannot be read: No such file or directory."),
        (
            lambda: PNG + bytes(65 << 20),
            InvalidInput,
            "The image exceeds the limit of 67108864 bytes.",
        ),
    ],
    ids=["empty", "sound", "missing", "65 MiB"],
)
def test_a_file_that_is_not_an_image_is_not_sent(image: Any, error: type[Exception], message: str) -> None:
    with ScriptedServer(reply()) as server, pytest.raises(error, match=message):
        blocking(server.url, "predict_image", image() if callable(image) else image)
    assert server.asked == []
