"""The settings that both clients share, and the validation of their arguments."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

from app07_client.errors import InvalidInput, MissingPackage
from app07_client.protocol.address import authorization, base_url
from app07_client.protocol.exchange import MIB, Exchange, Retries
from app07_client.protocol.file_blocks import TABLE_TYPES, ResponseFile, Upload, check_different

MOST_BYTES = 64 * MIB
MOST_BYTES_OF_A_FILE = 16 * 1024 * MIB
MOST_BYTES_OF_AN_IMAGE = 64 * MIB
_FILE_PATIENCE = 600.0
"""Maximum seconds without receiving data: the server responds only after predicting the last row of a table."""


@dataclass(frozen=True)
class Settings:
    """The settings of a client.

    Attributes:
        url: the validated URL of the server.
        headers: the headers of every request, including the API key.
        retries: the retry policy.
        most: maximum size in bytes of a response that is kept in memory.
    """

    url: str
    headers: dict[str, str]
    retries: Retries
    most: int

    @classmethod
    def checked(cls, url: str, api_key: str | None, timeout: float, retries: int, most: int) -> Settings:
        """Validate the arguments of a client, and return them as settings.

        Args:
            url: the URL of the server.
            api_key: the API key; None for no key.
            timeout: time limit of a call in seconds.
            retries: maximum number of retries of a request.
            most: maximum size in bytes of a response that is kept in memory.

        Raises:
            InvalidInput: an argument is not valid.
        """
        if isinstance(most, bool) or not isinstance(most, int) or most < 1:
            raise InvalidInput("max_response_bytes must be a positive integer.")
        limits = Retries(retries, timeout, timeout, time.monotonic)
        return cls(base_url(url), authorization(api_key), limits, most)

    def exchange(self) -> Exchange:
        """Return the exchange for a call, whose time limit starts now."""
        return Exchange(self.retries)

    def file_exchange(self, timeout: float | None) -> Exchange:
        """Return the exchange for a call that sends a file.

        Args:
            timeout: time limit for the whole call in seconds; None: no limit, but 10 minutes without receiving data.
        """
        own = self.retries
        seconds = math.inf if timeout is None else timeout
        patience = max(own.patience, _FILE_PATIENCE)
        return Exchange(Retries(own.count, seconds, patience, own.clock, own.uniform))


def table_files(
    rows: str | os.PathLike[str], output: str | os.PathLike[str], most: int
) -> tuple[Upload, ResponseFile]:
    """Return the files of a call: the table and the prediction.

    Args:
        rows: the path of the table.
        output: the path of the prediction.
        most: maximum size of the prediction in bytes.

    Raises:
        FileFailed: the table cannot be read.
        InvalidInput: the prediction would replace the table.
    """
    upload = Upload(rows)
    check_different(upload.path, os.fspath(output))
    kind = TABLE_TYPES.get(Path(output).suffix.lower(), TABLE_TYPES[".csv"])
    return upload, ResponseFile(output, kind=kind, most=most)


def image_bytes(image: bytes | str | os.PathLike[str]) -> bytes:
    """Return the content of an image.

    Args:
        image: the content itself, or the path of a file.

    Raises:
        FileFailed: the file cannot be read.
        InvalidInput: the image is too large.
    """
    if isinstance(image, bytes):
        content = image
    else:
        upload = Upload(image)
        with upload.open() as file:
            content = file.read(MOST_BYTES_OF_AN_IMAGE + 1)
    if len(content) > MOST_BYTES_OF_AN_IMAGE:
        raise InvalidInput(f"The image exceeds the limit of {MOST_BYTES_OF_AN_IMAGE} bytes.")
    return content


def missing_httpx(error: ImportError) -> MissingPackage:
    """Return the error to raise if httpx cannot be imported."""
    return MissingPackage(
        f"The client needs httpx, which cannot be imported: {error}. Run: pip install 'httpx>=0.28,<0.29'",
        package="httpx",
    )
