"""Let both generations of Compose read a file, as far as they are installed. No daemon is needed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline import process
from pipeline.errors import TimedOut

_COMMANDS = {"docker-compose": ("docker-compose",), "docker compose": ("docker", "compose")}
# Nothing else of the environment: the result must not depend on the variables of the host.
_VARIABLES = ("PATH", "HOME", "DOCKER_CONFIG", "SYSTEMROOT", "USERPROFILE", "PROGRAMFILES")
_PATIENCE = 30.0


def refused_by_compose(text: str, folders: Iterable[str] = ()) -> dict[str, str]:
    """Return why a generation of Compose refuses a file, by its command; empty where none does.

    Args:
        text: the file.
        folders: what it names beside it; 1.29.2 refuses a file whose build contexts do not exist.
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
    return "" if asked.ok else asked.last_lines(5) or f"it ended with status {asked.status}"


def _is_compose(command: tuple[str, ...]) -> bool:
    """Return whether ``docker`` has the plugin; docker-compose is Compose itself."""
    if len(command) == 1:
        return True
    try:
        return process.capture([*command, "version", "--short"], timeout=_PATIENCE).ok
    except TimedOut:
        return False
