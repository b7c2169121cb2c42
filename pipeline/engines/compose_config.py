"""Validate a file with both versions of Compose, as far as they are installed. No daemon is needed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import process
from common.errors import TimedOut

_COMMANDS = {"docker-compose": ("docker-compose",), "docker compose": ("docker", "compose")}
# No other variables of the host: the result must not depend on them.
_VARIABLES = ("PATH", "HOME", "DOCKER_CONFIG", "SYSTEMROOT", "USERPROFILE", "PROGRAMFILES")
_PATIENCE = 30.0


def refused_by_compose(text: str, folders: Iterable[str] = ()) -> dict[str, str]:
    """Return the reasons why installed versions of Compose reject a file, by command; empty if none rejects it.

    Args:
        text: the content of the file.
        folders: the build contexts that the file names; 1.29.2 rejects a file whose build contexts do not exist.
    """
    with tempfile.TemporaryDirectory(prefix="app07-generated-") as name:
        folder = Path(name)
        for path in folders:
            (folder / path).mkdir(parents=True, exist_ok=True)
        (folder / "docker-compose.yml").write_text(text, encoding="utf-8")
        with ThreadPoolExecutor(len(_COMMANDS)) as pool:
            answers = pool.map(lambda command: _answer(command, folder), _COMMANDS.values())
        return {name: answer for name, answer in zip(_COMMANDS, answers, strict=True) if answer}


def _answer(command: tuple[str, ...], folder: Path) -> str:
    if shutil.which(command[0]) is None or not _is_compose(command):
        return ""
    environment = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
    try:
        asked = process.capture(
            [*command, "-f", "docker-compose.yml", "config", "-q"],
            timeout=_PATIENCE,
            cwd=folder,
            environment=environment,
        )
    except TimedOut:
        return ""
    return "" if asked.ok else asked.last_lines(5) or f"it exited with status {asked.status}"


def _is_compose(command: tuple[str, ...]) -> bool:
    """Return whether ``docker`` has the plugin; docker-compose is Compose itself."""
    if len(command) == 1:
        return True
    try:
        return process.capture([*command, "version", "--short"], timeout=_PATIENCE).ok
    except TimedOut:
        return False
