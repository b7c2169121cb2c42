"""The engine backend that uses the engine's client, wherever the engine is: each call runs `docker`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common import process
from common.errors import TimedOut
from evaluation.engine.backend import EngineInformation
from evaluation.errors import CannotCheck
from evaluation.processes.bounded_process import run_bounded
from evaluation.processes.byte_streams import run_to_output_file, run_with_input_file
from evaluation.quotas import MIB

_LISTINGS = {
    "container": ("ps", "--all", "--no-trunc"),
    "network": ("network", "ls"),
    "volume": ("volume", "ls"),
    "image": ("image", "ls", "--no-trunc"),
}


def run_client(*words: str, timeout: float = 60.0) -> process.CompletedProgram:
    """Run a command of the engine's client.

    Args:
        *words: the arguments of `docker`.
        timeout: time limit in seconds.

    Raises:
        CannotCheck: the time limit was exceeded.
    """
    try:
        return process.capture(["docker", *words], timeout=timeout)
    except TimedOut as error:
        raise CannotCheck(
            f"the engine did not respond to `docker {words[0]}` within {timeout:g} s"
        ) from error


def run_client_checked(*words: str, timeout: float = 60.0) -> str:
    """Run a command of the engine's client, and return its output.

    Args:
        *words: the arguments of `docker`.
        timeout: time limit in seconds.

    Raises:
        CannotCheck: the command failed, or the time limit was exceeded.
    """
    completed = run_client(*words, timeout=timeout)
    if not completed.ok:
        raise CannotCheck(f"`docker {' '.join(words[:2])}` failed: {completed.last_lines(2).strip()}")
    return completed.output.strip()


class ClientBackend:
    """Short queries and commands through the engine's client. The methods are described in `Backend`."""

    def inspect(self, kind: str, *names: str) -> list[dict[str, Any]]:
        """Return what the engine knows about objects; see `Backend.inspect`."""
        if not names:
            return []
        reply = run_client(kind, "inspect", *names)
        if reply.ok:
            return list(json.loads(reply.output))
        # One of several does not exist.
        return [about for name in names for about in self.inspect(kind, name)] if len(names) > 1 else []

    def ids(self, kind: str, *filters: str) -> list[str]:
        """Return the ids of objects; see `Backend.ids`."""
        result = run_client(*_LISTINGS[kind], "--quiet", *_filter_words(filters))
        return list(dict.fromkeys(result.output.split())) if result.ok else []

    def labels(self, kind: str, label: str) -> list[str]:
        """Return the values of a label; see `Backend.labels`."""
        if kind == "image":  # the client does not print their labels
            images = self.inspect(kind, *self.ids(kind, f"label={label}"))
            return [str(image["Config"]["Labels"][label]) for image in images]
        words = _filter_words([f"label={label}"])
        result = run_client(*_LISTINGS[kind], *words, "--format", f'{{{{.Label "{label}"}}}}')
        return result.output.split() if result.ok else []

    def remove(self, kind: str, *names: str, force: bool = True) -> None:
        """Remove objects; see `Backend.remove`."""
        options = ["--force"] if force and kind != "network" else []
        if kind == "container":
            options.append("--volumes")
        if names:
            run_client(kind, "rm", *options, *names, timeout=120.0)

    def kill(self, *names: str) -> None:
        """Kill containers."""
        if names:
            run_client("kill", *names)

    def written_bytes(self, *names: str) -> int:
        """Return the number of bytes written by the container that has written most."""
        if not names:
            return 0
        result = run_client("container", "inspect", "--size", "--format", "{{.SizeRw}}", *names)
        return max((int(line) for line in result.output.splitlines() if line.isdigit()), default=0)

    def most_written(self, *filters: str) -> int:
        """Return the number of bytes written by the container that has written most, among those that match filters."""
        return self.written_bytes(*self.ids("container", *filters))

    def limit_processes(self, container: str, limit: int) -> None:
        """Set the limit on the processes of a running container; see `Backend.limit_processes`."""
        run_client("update", "--pids-limit", str(limit), container, timeout=20.0)

    def create_volume(self, name: str, label: str, options: Mapping[str, str]) -> None:
        """Create a volume; see `Backend.create_volume`."""
        words = [word for key, value in options.items() for word in ("--opt", f"{key}={value}")]
        run_client_checked("volume", "create", "--driver", "local", "--label", label, *words, name)

    def create_container(self, image: str, label: str) -> str:
        """Create a container that is not started; see `Backend.create_container`."""
        return run_client_checked("create", "--label", label, "--network", "none", image, "-")

    def download(
        self, container: str, path: str, archive: Path, limit: int, *, follow_link: bool = False
    ) -> str:
        """Write a file or folder of a container into an archive; see `Backend.download`."""
        options = ["--follow-link"] if follow_link else []
        return run_to_output_file(["docker", "cp", *options, f"{container}:{path}", "-"], archive, limit)

    def export(self, container: str, archive: Path, limit: int) -> str:
        """Write the whole file system of a container into an archive; see `Backend.export`."""
        return run_to_output_file(["docker", "export", container], archive, limit)

    def upload(self, archive: Path, container: str, path: str) -> str:
        """Unpack an archive into a folder of a container; see `Backend.upload`."""
        return run_with_input_file(["docker", "cp", "--archive", "-", f"{container}:{path}"], archive)

    def history_length(self, image: str) -> int:
        """Return the number of instructions that an image was built with."""
        result = run_client("history", "--quiet", image)
        return len(result.output.split()) if result.ok else 0

    def output(self, container: str) -> str:
        """Return the standard output of a container."""
        return run_client("logs", container).output

    def last_lines(self, container: str, count: int) -> list[str]:
        """Return the last lines of both output streams of a container; see `Backend.last_lines`."""
        command = ["docker", "logs", "--tail", str(count), container]
        return run_bounded(command, seconds=20, output=MIB).output.splitlines()

    def information(self) -> EngineInformation:
        """Return what the engine reports about itself."""
        result = run_client("info", "--format", "{{.NCPU}} {{.SystemTime}}")
        processors, _, time = result.output.strip().partition(" ") if result.ok else ("", "", "")
        return EngineInformation(int(processors) if processors.isdigit() else 0, time)


def _filter_words(filters: list[str] | tuple[str, ...]) -> list[str]:
    return [word for text in filters for word in ("--filter", text)]
