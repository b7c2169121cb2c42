"""The audit log: one JSON line per request to the API, without its body, its key, or the queries of URLs."""

from __future__ import annotations

import json
import logging
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.control.scopes import API

_LOG = logging.getLogger("control")
_FLAGS = (
    os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe without a reader is an error instead of blocking the server
)  # fmt: skip
_DETAILS = "audit"


class AuditLog:
    """A file to which lines are appended. It is opened for each line, so that it can be moved at any time.

    Args:
        path: the path of the file, which only its owner can read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, entry: dict[str, object]) -> None:
        """Append an entry in a single write, so that the lines of several servers do not interleave."""
        line = json.dumps(entry, ensure_ascii=True, separators=(",", ":")) + "\n"
        try:
            descriptor = os.open(self._path, _FLAGS, 0o600)
            try:
                os.write(descriptor, line.encode("ascii"))
            finally:
                os.close(descriptor)
        except OSError as error:
            _LOG.error("the audit log cannot be written: %s; the entry: %s", error.strerror, line.rstrip())


class AuditMiddleware:
    """Adds an entry for each request to the API, including refused ones.

    Args:
        app: the application.
        log: the log.
    """

    def __init__(self, app: ASGIApp, log: AuditLog) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http" or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        status, sent, is_added = 0, 0, False
        started = time.perf_counter()

        def add_entry() -> None:
            nonlocal is_added
            if not is_added:
                self._log.add(_entry(scope, status, sent, time.perf_counter() - started))
            is_added = True

        async def send_counted(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            sent += len(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                add_entry()  # before the client receives the end of the response
            await send(message)

        scope[_DETAILS] = {}
        try:
            await self._app(scope, receive, send_counted)
        finally:
            add_entry()


def details_of(scope: Scope) -> dict[str, Any]:
    """Return the details of the entry of a request, a dict to which routes add items."""
    details: dict[str, Any] = scope.setdefault(_DETAILS, {})
    return details


def _entry(scope: Scope, status: int, sent: int, seconds: float) -> dict[str, object]:
    client = scope["client"]
    return {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "request_id": scope.get("request_id", ""),
        "key": scope.get("key", ""),
        "client": client[0] if client else "",
        "method": scope["method"],
        "path": scope["path"][:200],
        "status": status,
        "bytes": sent,
        "seconds": round(seconds, 3),
        **scope[_DETAILS],
    }
