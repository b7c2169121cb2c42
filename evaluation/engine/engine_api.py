"""Requests to the API of a local container engine, over its unix socket.

A request takes a millisecond or two; starting the engine's client for it takes 25 times as long.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlencode

from evaluation.engine.engine_socket import socket_path
from evaluation.errors import CannotCheck
from evaluation.processes.byte_streams import oversized
from evaluation.quotas import MIB

_LARGEST_ANSWER = 16 * MIB
_CHUNK = MIB
_DOWNLOAD_SECONDS = 1800.0


@dataclass(frozen=True)
class EngineResponse:
    """The engine's response to one request.

    Attributes:
        status: the HTTP status; 0 if the engine could not be reached.
        body: the content, up to the limit of the request.
        complete: whether the content ended within the limit.
        headers: the response headers.
    """

    status: int
    body: bytes
    complete: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the request succeeded."""
        return 200 <= self.status < 300

    @property
    def message(self) -> str:
        """The engine's error message, as its client prints it."""
        try:
            return f"Error response from daemon: {json.loads(self.body)['message']}"
        except (ValueError, TypeError, KeyError):
            return self.body[:300].decode("utf-8", "replace").strip() or f"status {self.status}"


class EngineApi:
    """The API of one engine. Each request has a connection of its own.

    Args:
        path: the engine's unix socket.
        api_version: the version of the API, such as 1.41; empty for the engine's newest.
    """

    def __init__(self, path: str, api_version: str = "") -> None:
        self.path = path
        self._prefix = f"/v{api_version}" if api_version else ""

    def request(
        self,
        method: str,
        *segments: str,
        query: Mapping[str, str] | None = None,
        content: Mapping[str, object] | BinaryIO | None = None,
        timeout: float = 60.0,
        limit: int = _LARGEST_ANSWER,
    ) -> EngineResponse:
        """Send a request, and read the response.

        Args:
            method: GET, HEAD, POST, PUT or DELETE.
            *segments: the path; a segment may be a name with slashes.
            query: the parameters.
            content: an object to send as JSON, or an archive.
            timeout: time limit for the whole request, in seconds.
            limit: limit on the content that is read, in bytes.

        Raises:
            CannotCheck: the time limit was exceeded.
        """
        path = self._path(segments)
        connection = _UnixConnection(self.path, time.monotonic() + timeout)
        try:
            with suppress(BrokenPipeError):  # the engine has responded before it read everything
                _send(connection, method, f"{path}?{urlencode(query or {})}", content)
            return _read(connection, connection.getresponse(), limit)
        except TimeoutError as error:
            raise CannotCheck(
                f"the engine did not respond to {method} {path} within {timeout:g} s"
            ) from error
        except (OSError, HTTPException) as error:
            return EngineResponse(0, f"the engine cannot be reached: {error}".encode())
        finally:
            connection.close()

    def _path(self, segments: tuple[str, ...]) -> str:
        return "/".join([self._prefix, *(quote(segment, safe="/:@") for segment in segments)])

    def download(self, *segments: str, file: Path, limit: int, path: str = "") -> str:
        """Write the content of a response to a file.

        Args:
            *segments: the path of the request.
            file: the file.
            limit: limit on its size in bytes.
            path: the parameter of this name; empty for none.

        Returns:
            The error message; empty if it succeeded.
        """
        connection = _UnixConnection(self.path, time.monotonic() + _DOWNLOAD_SECONDS)
        query = urlencode({"path": path} if path else {})
        try:
            connection.request("GET", f"{self._path(segments)}?{query}")
            response = connection.getresponse()
            if response.status != 200:
                return _read(connection, response, _LARGEST_ANSWER).message
            return _write(connection, response, file, limit)
        except TimeoutError:
            return f"it took more than {_DOWNLOAD_SECONDS:g} s"
        except HTTPException as error:
            return f"the engine's response is incomplete: {error}"
        except OSError as error:
            return str(error)
        finally:
            connection.close()


class _UnixConnection(HTTPConnection):
    """A connection to a unix socket, with a time limit for everything that is done with it."""

    def __init__(self, path: str, deadline: float) -> None:
        super().__init__("localhost")
        self._path = path
        self._deadline = deadline

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket = self.sock
        self.limit_time()
        self.sock.connect(self._path)

    def limit_time(self) -> None:
        """Limit the next operation to the remaining time."""
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        if self._socket.fileno() >= 0:  # else the engine has closed it after its response
            self._socket.settimeout(remaining)


def _send(
    connection: _UnixConnection, method: str, target: str, content: Mapping[str, object] | BinaryIO | None
) -> None:
    if content is None:
        connection.request(method, target)
    elif isinstance(content, Mapping):
        headers = {"Content-Type": "application/json"}
        connection.request(method, target, json.dumps(content).encode(), headers)
    else:
        size = os.fstat(content.fileno()).st_size
        headers = {"Content-Type": "application/x-tar", "Content-Length": str(size)}
        connection.request(method, target, content, headers)


def _write(connection: _UnixConnection, response: HTTPResponse, path: Path, limit: int) -> str:
    size = 0
    with path.open("wb") as file:
        while True:
            connection.limit_time()
            chunk = response.read(_CHUNK)
            size += len(chunk)
            if size > limit:
                return oversized(limit)
            if not chunk:
                return ""
            file.write(chunk)


def _read(connection: _UnixConnection, response: HTTPResponse, limit: int) -> EngineResponse:
    chunks: list[bytes] = []
    size = 0
    while size <= limit:
        connection.limit_time()
        chunk = response.read1(_CHUNK)
        if not chunk:
            return EngineResponse(response.status, b"".join(chunks), headers=dict(response.getheaders()))
        chunks.append(chunk)
        size += len(chunk)
    return EngineResponse(response.status, b"".join(chunks)[:limit], complete=False)


def connect(engine_version: str, variables: Mapping[str, str]) -> EngineApi | None:
    """Return the API of the engine that the client uses; None if only the client can reach that engine.

    Args:
        engine_version: the version of the engine, as the client reports it.
        variables: the environment variables.
    """
    path = socket_path(variables)
    if not path:
        return None
    connection = _UnixConnection(path, time.monotonic() + 5.0)
    try:
        connection.request("GET", "/_ping")
        response = connection.getresponse()
        server, api_version = response.getheader("Server", ""), response.getheader("Api-Version", "")
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
    is_same = response.status == 200 and server.startswith(f"Docker/{engine_version} ")
    return EngineApi(path, api_version) if is_same else None
