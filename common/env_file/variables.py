"""The environment variables of a command, as for Compose: those of the shell, then those of `.env`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from common.env_file.profile import FILES, SEPARATOR, selected_profile
from common.env_file.syntax import MAX_BYTES, Assignment, EnvFileError, parse

NAME = ".env"

_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
# In `environment:`, a name without a value is passed through from the host.
_PASSED_THROUGH = re.compile(r"^ +(?:- )?\"?([A-Z_][A-Z0-9_]*)\"?:?[ \t]*(?:#.*)?$", re.MULTILINE)
_OF_COMPOSE = (FILES, "COMPOSE_PROFILES", "COMPOSE_ENV_FILES", "CODE_IMAGE")
_OF_DOCKER = ("DOCKER_HOST", "DOCKER_CONTEXT")
_OFF = "COMPOSE_DISABLE_ENV_FILE"


@dataclass(frozen=True)
class Variables:
    """The environment of a command.

    Attributes:
        values: the variables of the shell, and those of the file that the shell does not set.
        from_file: the names of the variables from the file.
        notes: notes about variables that affect Compose, but not the command.
    """

    values: Mapping[str, str]
    from_file: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def with_env_file(root: Path, environment: Mapping[str, str]) -> Variables:
    """Return the environment variables, including those of `.env`, as Compose reads them.

    The shell takes precedence, even with an empty value. From the file, only the variables that the compose files of
    the folder use are read, because Compose ignores the others, and COMPOSE_FILE, which may select a hardware profile.

    Args:
        root: the folder with the compose files and `.env`.
        environment: the environment variables of the shell.

    Raises:
        EnvFileError: the file cannot be read, or the two versions of Compose read a variable of the run differently.
    """
    content = _content(root / NAME)
    if content is None:
        return Variables(environment, notes=_notes(environment, {}))
    if environment.get(_OFF, "").lower() in ("1", "t", "true"):
        return Variables(environment, notes=(f"{_OFF} is set: {NAME} is not read.",))
    assigned = {each.name: each for each in parse(content, environment)}
    used = compose_variables(root) | {FILES, SEPARATOR}
    taken = {name: each for name, each in assigned.items() if name in used and name not in environment}
    _refuse_ambiguous(taken)
    values = {name: each.value for name, each in taken.items()}
    notes = _notes(environment, {name: each.value for name, each in assigned.items()})
    return Variables({**environment, **values}, tuple(values), notes)


def compose_variables(root: Path) -> frozenset[str]:
    """Return the names of all variables that the compose files of a folder use.

    Args:
        root: the folder.
    """
    names: set[str] = set()
    for path in sorted(root.glob("docker-compose*.yml"))[:50]:
        text = path.read_bytes()[:MAX_BYTES].decode("utf-8", "replace").replace("$$", "")
        names.update(_REFERENCE.findall(text), _PASSED_THROUGH.findall(text))
    return frozenset(names)


def _content(path: Path) -> bytes | None:
    """Return the content of the file, at most one byte more than allowed; None if there is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a pipe would block
        with os.fdopen(descriptor, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise EnvFileError(
            f"{NAME} cannot be read: {error.strerror or error}.", hint="Make it readable, or remove it."
        ) from error


def _refuse_ambiguous(taken: Mapping[str, Assignment]) -> None:
    for each in taken.values():
        if each.problem:
            raise EnvFileError(
                f"{NAME} line {each.line}: {each.name} has {each.problem}, which docker-compose 1.29 and "
                "docker compose 2 read differently.",
                hint="Rewrite the value, or set the variable in the shell.",
                line=each.line,
            )


def _notes(environment: Mapping[str, str], assigned: Mapping[str, str]) -> tuple[str, ...]:
    both = {**assigned, **environment}
    of_compose = [
        name for name in _OF_COMPOSE if both.get(name) and not (name == FILES and selected_profile(both))
    ]
    of_docker = [name for name in _OF_DOCKER if assigned.get(name) and name not in environment]
    notes = [
        f"{name} has no effect: the project's own compose files and images are used." for name in of_compose
    ]
    return (*notes, *(f"{name} in {NAME} has no effect: set it in the shell." for name in of_docker))
