"""Find the docker command, its daemon, and Compose."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common import process
from common.errors import EngineUnavailable, TimedOut

_NO_VARIABLES = Path(__file__).with_name("no_variables.txt")


@dataclass(frozen=True)
class Compose:
    """One of the two versions of Compose.

    Attributes:
        command: ``docker compose`` or ``docker-compose``, as words.
        version: the version number.
    """

    command: tuple[str, ...]
    version: str

    def words(self, project: str, files: Sequence[Path], *words: str) -> list[str]:
        """Return a command line for compose files that ignores `.env` and reads variables from the environment only.

        Args:
            project: the name of the Compose project.
            files: the compose files; later files override earlier ones.
            words: the subcommand with its options.
        """
        without_env_file = ("--env-file", str(_NO_VARIABLES))
        named = [word for file in files for word in ("-f", str(file))]
        return [*self.command, "--ansi", "never", *without_env_file, "-p", project, *named, *words]


def find_docker(*, compose: str = "auto") -> tuple[str, Compose]:
    """Find a container engine that responds, and Compose.

    Args:
        compose: v1, v2 or auto.

    Returns:
        The version of the engine, and the version of Compose to use with it.

    Raises:
        EngineUnavailable: no docker command, no daemon, no permission to use its socket, or no Compose.
    """
    return find_daemon(), _find_compose(compose)


def find_daemon() -> str:
    """Find a container engine that responds, and return its version.

    Raises:
        EngineUnavailable: no docker command, no daemon, or no permission to use its socket.
    """
    if shutil.which("docker") is None:
        raise EngineUnavailable("docker is not installed", hint="Install Docker, or use --engine local.")
    try:
        asked = process.capture(["docker", "version", "--format", "{{.Server.Version}}"], timeout=20)
    except TimedOut as error:
        raise EngineUnavailable(
            "the Docker daemon does not respond", hint="If Docker is still starting, try again later."
        ) from error
    if not asked.ok:
        raise _no_daemon(asked.output)
    return asked.output.strip()


def _no_daemon(output: str) -> EngineUnavailable:
    if "permission denied" in output.lower():
        return EngineUnavailable(
            "no permission to use the Docker daemon's socket",
            hint="Add yourself to the group docker (sudo usermod -aG docker $USER), then log in again.",
        )
    last = output.strip().splitlines()[-1] if output.strip() else "no error message"
    return EngineUnavailable(
        f"the Docker daemon does not respond: {last}", hint="Start Docker, or use --engine local."
    )


def _find_compose(requested: str) -> Compose:
    candidates = {"v2": ("docker", "compose"), "v1": ("docker-compose",)}
    for generation in ("v2", "v1") if requested == "auto" else (requested,):
        command = candidates[generation]
        if shutil.which(command[0]) is None:
            continue
        asked = process.capture([*command, "version", "--short"], timeout=20)
        if asked.ok:
            return Compose(command, asked.output.strip().lstrip("v"))
    missing = {
        "auto": "neither `docker compose` nor `docker-compose` is installed",
        "v1": "`docker-compose` is not installed",
        "v2": "`docker compose` is not installed",
    }
    raise EngineUnavailable(
        f"Docker responds, but {missing[requested]}",
        hint="Install Compose, or use --engine local.",
    )
