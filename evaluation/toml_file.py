"""Read TOML files of any origin: only regular files, of limited size and depth."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

LARGEST = 1024 * 1024
# Each part of a dotted key costs memory for all parts before it.
_MOST_PARTS = 20
_TOKEN = re.compile(r"[\w-]+|\"[^\"\n]*\"|'[^'\n]*'|#[^\n]*|[ \t]+|.|\n")


class TomlError(ValueError):
    """A file that is not valid TOML, or exceeds a limit."""


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    Args:
        path: the file; it must be a regular file, not a pipe or a device.

    Raises:
        OSError: the file cannot be read.
        TomlError: the path is not a regular file, or the file is too large.
    """
    # A pipe without a writer would block.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise TomlError("it is not a regular file")
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise TomlError(f"it has more than {LARGEST:,} bytes")
    return content


def parse(text: str) -> dict[str, Any]:
    """Parse a TOML document.

    Args:
        text: the document.

    Raises:
        TomlError: the document is not valid TOML, is nested too deeply, or has numbers with thousands of digits.
    """
    _check_keys(text)
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise TomlError("lists or tables are nested too deeply") from error
    except ValueError as error:
        raise TomlError(str(error)) from error


def _check_keys(text: str) -> None:
    """Raise an error if a key has too many parts.

    In a multi-line string, a sequence of that many words with a dot after each also counts as a key.
    """
    parts, dotted, number = 0, False, 1
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "\n":
            number += 1
        if token == ".":
            dotted = True
        elif not token.isspace() or token == "\n":
            is_part = (len(token) > 1 and token[0] != "#") or token.isalnum() or token in "_-"
            parts = (parts + 1 if dotted else 1) if is_part else 0
            dotted = False
        if parts > _MOST_PARTS:
            raise TomlError(f"a key has more than {_MOST_PARTS} parts (at line {number})")
