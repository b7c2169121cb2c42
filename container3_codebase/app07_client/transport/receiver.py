"""Receive a response in blocks, within its limits. Both transports use it."""

from __future__ import annotations

from collections.abc import Mapping

from app07_client.errors import InvalidResponse
from app07_client.protocol.exchange import MIB, Request, Response
from app07_client.protocol.file_blocks import ResponseFile
from app07_client.protocol.refusals import printable

_MOST_OF_AN_ERROR = MIB


class Receiver:
    """Collects the body of a response.

    Args:
        request: the request that was sent.
        status: the HTTP status.
        headers: the headers by lower-case name.
        most: maximum size in bytes of a body that is kept in memory.

    Raises:
        InvalidResponse: the response is compressed, too large, or not a table although one was requested.
    """

    def __init__(self, request: Request, status: int, headers: Mapping[str, str], most: int) -> None:
        self._status = status
        self._headers = headers
        self._most = most if status < 300 else min(most, _MOST_OF_AN_ERROR)
        self._blocks: list[bytes] = []
        self._size = 0
        self._target = request.target if status == 200 else None
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise self._invalid("The response is compressed, although no compression was requested.")
        if self._target is not None:
            self._check_table(self._target)
            self._target.restart()
            self._most = self._target.most
        self._check_size(
            int(length) if (length := headers.get("content-length", "0")[:18]).isdecimal() else 0
        )

    def add(self, block: bytes) -> None:
        """Add the next bytes of the body.

        Raises:
            InvalidResponse: the body is too large.
            FileFailed: the bytes cannot be written.
        """
        self._size += len(block)
        self._check_size(self._size)
        if self._target is None:
            self._blocks.append(block)
        else:
            self._target.write(block)

    def response(self) -> Response:
        """Return the complete response."""
        return Response(self._status, self._headers, b"".join(self._blocks))

    def _check_table(self, target: ResponseFile) -> None:
        kind = self._headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != target.kind:
            raise self._invalid(
                f"The content type of the response is {printable(kind, 60)!r}; expected {target.kind}."
            )
        if "content-length" not in self._headers and "transfer-encoding" not in self._headers:
            raise self._invalid("The response has no length, so truncation could not be detected.")

    def _check_size(self, size: int) -> None:
        if size > self._most:
            raise self._invalid(f"The response exceeds the limit of {self._most} bytes.")

    def _invalid(self, message: str) -> InvalidResponse:
        return InvalidResponse(message, status=self._status)
