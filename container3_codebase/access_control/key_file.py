"""Read, check and write the file with the hashes of the API keys."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from access_control.errors import KeyFileError
from access_control.keys import SCOPES, Key
from access_control.rates import Rate, parse_rate
from pybrain_runtime.errors import InputMissing
from pybrain_runtime.io.atomic_file import cannot_write
from pybrain_runtime.io.open_flags import READ
from pybrain_runtime.io.temporary_files import temporary_name

_FORMAT = "app07-keys-1"
_LARGEST = 1 << 20
_MOST_KEYS = 1000
_MEMBERS = {"id", "sha256", "scopes", "rate", "created", "expires"}
KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""The pattern of a key ID."""


def read_key_file(path: Path) -> tuple[Key, ...]:
    """Return the keys of a file.

    Raises:
        InputMissing: the file does not exist or cannot be read.
        KeyFileError: the file is not a valid key file, or every user of the system may change it.
    """
    try:
        descriptor = os.open(path, READ)  # which does not wait for the other end of a pipe
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise KeyFileError(f"{path.name} is not a regular file.", path=path)
            if os.name != "nt" and about.st_mode & stat.S_IWOTH:
                raise KeyFileError(f"{path.name} can be changed by every user of this system.", path=path)
            text = os.read(descriptor, _LARGEST + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputMissing(f"{path} cannot be read: {reason}.", path=path, role="keys") from error
    if len(text) > _LARGEST:
        raise KeyFileError(f"{path.name} has more than {_LARGEST} bytes.", path=path)
    try:
        return _keys(json.loads(text))
    except (ValueError, RecursionError) as error:  # json.JSONDecodeError and UnicodeDecodeError, too
        raise KeyFileError(f"{path.name} is not a valid key file: {error}.", path=path) from None


def write_key_file(path: Path, keys: Iterable[Key]) -> None:
    """Replace the file atomically; only its owner can read it.

    Args:
        path: the file.
        keys: all keys, hashed.

    Raises:
        CannotWrite: the file cannot be written.
    """
    content = {"format": _FORMAT, "keys": [_as_json(key) for key in keys]}
    temporary = Path(temporary_name(str(path)))
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(content, indent=2) + "\n")
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise cannot_write(path, error) from error


def _keys(content: object) -> tuple[Key, ...]:
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ValueError(f'expected an object with "format": "{_FORMAT}"')
    found = content.get("keys")
    if not isinstance(found, list) or len(found) > _MOST_KEYS:
        raise ValueError(f"keys is not a list of at most {_MOST_KEYS}")
    keys = tuple(_key(f"keys[{place}]", value) for place, value in enumerate(found))
    for name in ("id", "sha256"):
        if len({getattr(key, name) for key in keys}) != len(keys):
            raise ValueError(f"two keys have the same {name}")
    return keys


def _key(where: str, value: object) -> Key:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is not an object")
    if unknown := value.keys() - _MEMBERS:
        raise ValueError(f"{where} has an unknown member {min(unknown)[:40]!a}")
    scopes = value.get("scopes")
    if not isinstance(scopes, list) or not scopes or not all(scope in [*SCOPES] for scope in scopes):
        raise ValueError(f"{where}.scopes is not a list of {', '.join(SCOPES)}")
    return Key(
        _matching(f"{where}.id", value.get("id"), KEY_ID.pattern),
        _matching(f"{where}.sha256", value.get("sha256"), "[0-9a-f]{64}"),
        frozenset(scopes),
        _rate(f"{where}.rate", value.get("rate")),
        _time(f"{where}.created", value.get("created")) or 0.0,
        _time(f"{where}.expires", value.get("expires")),
    )


def _matching(where: str, value: object, pattern: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ValueError(f"{where} does not match {pattern}")
    return value


def _rate(where: str, value: object) -> Rate | None:
    if value is None:
        return None
    try:
        return parse_rate(value if isinstance(value, str) else json.dumps(value))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _time(where: str, value: object) -> float | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value if isinstance(value, str) else "").astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f"{where} is not a time such as 2030-01-31T00:00:00+00:00") from None


def _as_json(key: Key) -> dict[str, object]:
    times = {"created": key.created, "expires": key.expires}
    return {
        "id": key.id,
        "sha256": key.sha256,
        "scopes": sorted(key.scopes),
        **({"rate": str(key.rate)} if key.rate else {}),
        **{name: shown_time(value) for name, value in times.items() if value is not None},
    }


def shown_time(seconds: float) -> str:
    """Format a time in UTC, to the second.

    Args:
        seconds: seconds since 1970-01-01 UTC.
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
