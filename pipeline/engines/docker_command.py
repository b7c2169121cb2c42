"""Find the docker command, its daemon, and Compose."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from pipeline import process
from pipeline.errors import EngineUnavailable, TimedOut


@dataclass(frozen=True)
class Compose:
    """One of the two generations of Compose.

    Attributes:
        command: what to type.
        version: what it says of itself.
    """

    command: tuple[str, ...]
    version: str


def find_docker(*, compose: str = "auto") -> tuple[str, Compose]:
    """Looks for an engine that answers.

    Args:
        compose: v1, v2 or auto.

    Returns:
        The engine's version, and the Compose to use with it.

    Raises:
        EngineUnavailable: no docker command, no daemon, no right to its socket, no Compose; in words.
    """
    if shutil.which("docker") is None:
        raise EngineUnavailable("docker is not installed", hint="Install Docker, or use --engine local.")
    try:
        asked = process.capture(["docker", "version", "--format", "{{.Server.Version}}"], timeout=20)
    except TimedOut as error:
        raise EngineUnavailable(
            "the Docker daemon does not answer", hint="Is Docker still starting?"
        ) from error
    if not asked.ok:
        raise _no_daemon(asked.output)
    return asked.output.strip(), _find_compose(compose)


def _no_daemon(said: str) -> EngineUnavailable:
    if "permission denied" in said.lower():
        return EngineUnavailable(
            "no permission to use the Docker daemon's socket",
            hint="Add yourself to the group docker (sudo usermod -aG docker $USER), then log in again.",
        )
    last = said.strip().splitlines()[-1] if said.strip() else "it said nothing"
    return EngineUnavailable(
        f"the Docker daemon does not answer: {last}", hint="Start Docker, or use --engine local."
    )


def _find_compose(wanted: str) -> Compose:
    candidates = {"v2": ("docker", "compose"), "v1": ("docker-compose",)}
    for generation in ("v2", "v1") if wanted == "auto" else (wanted,):
        command = candidates[generation]
        if shutil.which(command[0]) is None:
            continue
        asked = process.capture([*command, "version", "--short"], timeout=20)
        if asked.ok:
            return Compose(command, asked.output.strip().lstrip("v"))
    named = {
        "auto": "neither `docker compose` nor `docker-compose`",
        "v1": "no `docker-compose`",
        "v2": "no `docker compose`",
    }
    raise EngineUnavailable(
        f"Docker answers, but there is {named[wanted]}", hint="Install Compose, or use --engine local."
    )
