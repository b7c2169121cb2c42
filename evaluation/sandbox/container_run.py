"""Run one container by itself, as a tutor would, within limits and without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.compose.keys import CAPABILITIES
from evaluation.engine.engine_failures import is_of_engine
from evaluation.engine.session import DISK, EngineSession
from evaluation.errors import CannotCheck, MissingPrerequisite
from evaluation.images.canonical import MOST_VOLUMES, VOLUMES_LABEL
from evaluation.processes import bounded_process
from evaluation.quotas import MIB, Limits
from evaluation.sandbox.volumes import Volumes

_TRIES = 2
# The exit status of `docker run` if the engine or an option fails.
_CLIENT_FAILED = 125


@dataclass(frozen=True)
class ContainerRun:
    """One run of a single container.

    Attributes:
        command: the command, as a tutor types it.
        status: its exit status.
        output: the output of the container.
        seconds: its duration in seconds.
        stopped: why it was stopped; empty if it ended by itself.
    """

    command: str
    status: int
    output: str
    seconds: float
    stopped: str

    @property
    def ok(self) -> bool:
        """Whether the container ended by itself with status 0."""
        return self.status == 0 and not self.stopped


def container_options(limits: Limits, cpus: float) -> list[str]:
    """Return the `docker run` options for every container of a submission.

    Args:
        limits: limits on memory, processes and disk.
        cpus: number of CPUs.
    """
    capabilities = [word for capability in CAPABILITIES for word in ("--cap-add", capability)]
    memory = str(limits.memory)
    return [
        "--network", "none", "--cap-drop", "ALL", *capabilities, "--security-opt", "no-new-privileges",
        "--memory", memory, "--memory-swap", memory, "--pids-limit", str(limits.processes),
        "--cpus", str(cpus), "--ulimit", f"fsize={limits.disk}", "--ulimit", "core=0",
        "--log-opt", "max-size=1m", "--log-opt", "max-file=1", "--stop-timeout", "2",
    ]  # fmt: skip


def declared_volumes(image: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the paths that an image declares as volumes.

    Each path gets a volume in memory; otherwise the engine would create one on the host's disk.

    Args:
        image: the image as ``docker image inspect`` reports it.

    Raises:
        MissingPrerequisite: a path cannot be passed as a `docker run` option, or there are too many paths.
    """
    config = image.get("Config") or {}
    paths = tuple(
        dict.fromkeys([*(config.get("Volumes") or ()), *_labelled_volumes(config.get("Labels") or {})])
    )
    invalid = [path for path in paths if not re.fullmatch(r"/[^\x00-\x1f\x7f:,]*", path)]
    if invalid or len(paths) > MOST_VOLUMES:
        description = repr(invalid[0][:80]) if invalid else f"{len(paths)} paths"
        raise MissingPrerequisite(
            f"the image declares {description} as VOLUME",
            hint="A VOLUME must be an absolute path without a colon.",
        )
    return paths


def _labelled_volumes(labels: Mapping[str, str]) -> list[str]:
    """Return the paths of the VOLUME instructions, which the build recorded in a label."""
    try:
        paths = json.loads(bytes.fromhex(labels.get(VOLUMES_LABEL, "")) or b"[]")
    except ValueError as error:
        raise MissingPrerequisite(f"the image sets the reserved label {VOLUMES_LABEL}") from error
    return [str(path) for path in paths] if isinstance(paths, list) else []


def run_container(
    engine: EngineSession,
    image: str,
    tag: str,
    folder: Path,
    command: Sequence[str] = (),
    seconds: float | None = None,
    *,
    empty_folders: Sequence[str] = (),
    as_entrypoint: bool = False,
) -> ContainerRun:
    """Run a container until it ends.

    Args:
        engine: the engine session.
        image: the local name of the image.
        tag: the image name that a tutor would type.
        folder: a working folder of the evaluation.
        command: a command that replaces the image's own; empty to keep it.
        seconds: time limit in seconds; None for the default of the evaluation.
        empty_folders: folders that are replaced by empty ones in this run.
        as_entrypoint: whether the command also replaces the entry point of the image.

    Raises:
        CannotCheck: the engine could not start the container, even when it was tried again.
    """
    entrypoint = ["--entrypoint", command[0]] if as_entrypoint else []
    arguments = command[1:] if as_entrypoint else command
    declared = declared_volumes(engine.image(image) or {})
    limits = engine.limits
    seconds = seconds or limits.alone_seconds
    with Volumes(engine, declared, folder) as volumes:
        options = [*_volume_options(volumes, empty_folders), *_tmpfs_options(empty_folders, declared)]
        result, state = _run_with_retry(engine, [*options, *entrypoint, image, *arguments], seconds, tag)
    stopped = why_stopped(result.end_reason, limits, seconds)
    if not stopped and state.get("OOMKilled"):
        stopped = f"it used more than {limits.memory // MIB} MB of memory and was killed by the kernel"
    return ContainerRun(
        _as_typed(tag, entrypoint, arguments), result.status, result.output, result.seconds, stopped
    )


def _volume_options(volumes: Volumes, empty_folders: Sequence[str]) -> list[str]:
    """Return the options that mount the declared volumes, except where a folder is replaced by an empty one."""
    return [
        word
        for path in volumes.names
        if path.rstrip("/") not in empty_folders
        for word in ("--volume", f"{volumes.id(path)}:{path}")
    ]


def _tmpfs_options(empty_folders: Sequence[str], declared: Sequence[str]) -> list[str]:
    return [word for path in empty_folders for word in ("--tmpfs", _empty_folder(path, declared))]


def _as_typed(tag: str, entrypoint: Sequence[str], arguments: Sequence[str]) -> str:
    """Return the command as a tutor types it, without the limits of the evaluation."""
    quoted = [f'"{word}"' if " " in word else word for word in arguments]
    return " ".join(["docker run --rm", *entrypoint, tag, *quoted])


def _run_with_retry(
    engine: EngineSession, words: Sequence[str], seconds: float, tag: str
) -> tuple[bounded_process.BoundedResult, Mapping[str, Any]]:
    """Run a container, once more where the engine could not start it.

    Args:
        engine: the engine session.
        words: further options, the image and the command.
        seconds: time limit.
        tag: the name that a tutor would type.

    Returns:
        The result of the run, and the state of the container at its end.

    Raises:
        CannotCheck: the engine could not start the container, also not when it was tried again.
    """
    for _ in range(_TRIES):
        result, state = _run_once(engine, words, seconds)
        if not _is_engine_failure(result, state):
            return result, state
    raise CannotCheck(f"the engine could not start a container of {tag}: {result.last_lines(2)[:300]}")


def _run_once(
    engine: EngineSession, words: Sequence[str], seconds: float
) -> tuple[bounded_process.BoundedResult, Mapping[str, Any]]:
    """Run a container within the limits of the evaluation, and remove it."""
    name, limits = f"{engine.id}-single", engine.limits
    options = ["--name", name, "--label", engine.label, *container_options(limits, engine.cpus)]

    def over_disk_limit() -> str | None:
        return DISK if engine.written_bytes(name) > limits.disk else None

    try:
        result = bounded_process.run_bounded(
            ["docker", "run", *options, *words],
            seconds=seconds,
            output=limits.output,
            environment=engine.environment(),
            check=over_disk_limit,
            stop=lambda: engine.kill([name]),
        )
        return result, (engine.inspect(name) or [{}])[0].get("State", {})
    finally:
        engine.remove_containers([name])


def _is_engine_failure(result: bounded_process.BoundedResult, state: Mapping[str, Any]) -> bool:
    """Return whether the engine failed before it started the container, so that all output is that of its client."""
    never_started = str(state.get("StartedAt") or "0001").startswith("0001")
    return result.status == _CLIENT_FAILED and never_started and is_of_engine(result.output)


def _empty_folder(path: str, declared: Sequence[str]) -> str:
    """Return the option for an empty folder at a path, writable only if a volume is mounted inside it."""
    holds_volume = any(volume.startswith(f"{path}/") and volume.rstrip("/") != path for volume in declared)
    return f"{path}:{'rw' if holds_volume else 'ro'},size=1m"


def why_stopped(end_reason: str, limits: Limits, seconds: float) -> str:
    """Return why a program was stopped; empty if it ended by itself.

    Args:
        end_reason: how the program ended, as in `BoundedResult.end_reason`.
        limits: the limits of the run.
        seconds: the time limit in seconds.
    """
    return {
        bounded_process.BY_ITSELF: "",
        bounded_process.TIME: f"it did not end within {seconds:g} s and was stopped",
        bounded_process.OUTPUT: f"it printed more than {limits.output // MIB} MB and was stopped",
        DISK: f"it wrote more than {limits.disk // MIB} MB and was stopped",
    }[end_reason]
