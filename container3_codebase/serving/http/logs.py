"""Logs as JSON, one object per line."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

_FIELDS = ("request_id", "method", "path", "status", "seconds")


class JsonFormatter(logging.Formatter):
    """Formats a record as a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for a record; a traceback becomes one string."""
        content: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        content |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            content["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(_encodable(content)).decode("utf-8")


def set_up_logs(*, every_request: bool, names: Sequence[str] = ("serving", "access_control")) -> None:
    """Write the logs of this process to standard error.

    Args:
        every_request: whether to log successful requests as well.
        names: the names of the server's loggers.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name in (*names, "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
    for name in names:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.getLogger("serving.requests").setLevel(logging.DEBUG if every_request else logging.INFO)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def _encodable(content: dict[str, object]) -> dict[str, object]:
    return {
        key: value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value
        for key, value in content.items()
    }
