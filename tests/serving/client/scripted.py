"""A server that answers as a test says: slowly, wrongly, not at all."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

MODEL = {"name": "net", "version": "1", "sha256": "00"}
ANSWER = {"predictions": [[0.5]], "model": MODEL}


class Asked(NamedTuple):
    """A request."""

    line: str
    headers: Mapping[str, str]
    body: bytes


Reply = Callable[[socket.socket], None]


class ScriptedServer:
    """Answers the first request with the first reply, the second with the second, all later ones with the last.

    Args:
        replies: called with the connection when a request is complete.
    """

    def __init__(self, *replies: Reply) -> None:
        self._replies = list(replies)
        self.asked: list[Asked] = []
        self._context: ssl.SSLContext | None = None
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> ScriptedServer:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self._context = context

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        if self._context is not None:
            connection = self._context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        with connection, contextlib.suppress(OSError):
            while (asked := _read(connection)) is not None:
                reply = self._replies[min(len(self.asked), len(self._replies) - 1)]
                self.asked.append(asked)
                reply(connection)


def _read(connection: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (block := connection.recv(65536)):
            return None
        data += block
    head, _, body = data.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        if not (block := connection.recv(65536)):
            return None
        body += block
    return Asked(line, headers, body)


def reply(body: Any = ANSWER, status: int = 200, kind: str = "application/json", **headers: object) -> Reply:
    """Return a whole answer; a body that is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"content-type": kind, "content-length": len(content)}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return raw(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + content)


def raw(data: bytes, *, then_close: bool = False) -> Reply:
    """Return bytes as they are."""

    def send(connection: socket.socket) -> None:
        connection.sendall(data)
        if then_close:
            raise OSError

    return send


def closing(connection: socket.socket) -> None:
    """Close the connection without an answer."""
    raise OSError


def dripping(data: bytes, seconds: float) -> Reply:
    """Send bytes one at a time, with pauses."""

    def send(connection: socket.socket) -> None:
        for each in data:
            connection.sendall(bytes([each]))
            time.sleep(seconds)

    return send


def endless(data: bytes, block: bytes) -> Reply:
    """Send bytes, then a block until the client goes away."""

    def send(connection: socket.socket) -> None:
        connection.sendall(data)
        while True:
            connection.sendall(block)

    return send
