"""Read the settings of a containerized server from environment variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from access_control.origins import check_allowed_origin
from access_control.rates import Rate, parse_rate
from pybrain_runtime.errors import UsageError
from serving.cgroup import ControlGroup
from serving.models.served_files import MODEL_SUFFIXES
from serving.settings import RequestLimits, SessionSettings, Settings, Source

KNOWLEDGE = Path("/shared_data/currentSolution.pkl")
MODELS = Path("/models")
KEYS = Path("/selected/keys")
SESSIONS = Path("/sessions")
MOST_WORKERS = 64
_WORKER_MEMORY = 160 << 20
_KNOWLEDGE_NAME = "currentSolution"
_Value = TypeVar("_Value")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= 65535):
        raise ValueError("expected a port from 1 to 65535")
    return int(text)


def _workers(text: str) -> int:
    if text == "auto":
        return allowed_workers(ControlGroup())
    if not (text.isascii() and text.isdecimal() and len(text) < 3 and 1 <= int(text) <= MOST_WORKERS):
        raise ValueError(f"expected auto or a number from 1 to {MOST_WORKERS}")
    return int(text)


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("expected 0 or 1")
    return text == "1"


def _sources(text: str) -> tuple[Source, ...]:
    """Return the knowledge and all of /models, or only the named models, the first of which is the default."""
    if text == "all":
        return Source(KNOWLEDGE, _KNOWLEDGE_NAME), Source(MODELS)
    names = [name.strip() for name in text.split(",")]
    if not all(names) or len(set(names)) != len(names) or any("/" in name for name in names):
        raise ValueError("expected all, or unique model names separated by commas")
    return tuple(Source(_file(name), name) for name in names)


def _file(name: str) -> Path:
    if name == _KNOWLEDGE_NAME:
        return KNOWLEDGE
    candidates = [MODELS / f"{name}{suffix}" for suffix in MODEL_SUFFIXES]
    # If the file is missing, the server reports it, and serves the file when it appears.
    return next((path for path in candidates if path.is_file()), candidates[0])


def _keys(path: str) -> Path | None:
    """Return the path of the mounted key file; None if the path on the host is empty."""
    return KEYS / path.replace("\\", "/").rpartition("/")[2] if path else None


def _rate(text: str) -> Rate | None:
    return None if text == "none" else parse_rate(text)


def _words(text: str) -> tuple[str, ...]:
    return () if text == "none" else tuple(word.strip().lower() for word in text.split(","))


def _origins(text: str) -> tuple[str, ...]:
    return tuple(check_allowed_origin(word) for word in _words(text))


def allowed_workers(group: ControlGroup) -> int:
    """Return the number of workers for a container: one per CPU, limited by its memory.

    Args:
        group: the control group of the container.
    """
    limit = group.memory_limit()
    by_memory = MOST_WORKERS if limit is None else max(1, limit // _WORKER_MEMORY)
    return min(group.processors(), by_memory, MOST_WORKERS)


def limits_of(group: ControlGroup, workers: int) -> RequestLimits:
    """Return the limits on requests: the bodies of all workers together use at most a quarter of the memory.

    Args:
        group: the control group of the container.
        workers: the number of workers.
    """
    limits = RequestLimits()
    memory = group.memory_limit()
    if memory is None:
        return limits
    bodies = min(limits.bodies, memory // (4 * workers))
    return replace(limits, bodies=max(bodies, limits.body, limits.image))


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables.

    Args:
        environment: the environment variables.

    Raises:
        UsageError: a variable is empty or has an invalid value.
    """
    read = _Reader(environment)
    workers = read("SERVE_WORKERS", "auto", _workers)
    return Settings(
        sources=read("SERVE_MODEL", "all", _sources),
        host=read("SERVE_HOST", "0.0.0.0", str),
        port=read("SERVE_PORT", "8000", _port),
        workers=workers,
        log_requests=read("SERVE_LOG_REQUESTS", "0", _flag),
        keys=_keys(environment.get("SELECTED_KEYS", "")),
        rate=read("SERVE_RATE", "none", _rate),
        origins=read("SERVE_CORS", "none", _origins),
        hosts=read("SERVE_ALLOW_HOST", "none", _words),
        limits=limits_of(ControlGroup(), workers),
        sessions=SessionSettings(folder=SESSIONS if SESSIONS.is_dir() else None),
        in_container=True,
    )


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __call__(self, name: str, default: str, parse: Callable[[str], _Value]) -> _Value:
        """Return the value of a variable.

        Args:
            name: the name of the variable.
            default: the string to parse if the variable is not set.
            parse: converts the string; raises ValueError with the reason if it is not valid.
        """
        text = self._environment.get(name, default)
        if not text:
            raise UsageError(f"{name} is set, but empty.")
        try:
            return parse(text)
        except ValueError as error:
            raise UsageError(f"{name} is {text[:60]!r}: {error}.") from None
