"""The result of a run of the stack: its exit status, containers, log and the files that it wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from common.container_state import ContainerState
from common.project import SHARED_FOLDER
from evaluation.layout.patterns import find_files, has_wildcard
from evaluation.sandbox.volumes import VolumeEntry


@dataclass(frozen=True)
class StackRun:
    """One run of the stack.

    Attributes:
        command: the command, as a tutor types it.
        status: its exit status.
        seconds: its duration in seconds.
        stopped: why it was stopped; empty if it ended by itself.
        containers: the states of its containers, in the order in which they started.
        log: what the containers printed, as pairs of service and line.
        output: everything that was printed.
        shared: the files of the shared folder after the run, by name.
        other: the files of the other writable folders, by folder and name.
        engine_log: the last lines of each service in the engine's log, some of which Compose may not show. A tutor
            who types the command sees `log`, so only `log` counts for the checks.
        abort: whether the first container that ends stops the stack.
        last_result: the time of codebase's last output or of the last file written, in seconds since its start.
    """

    command: str
    status: int
    seconds: float
    stopped: str
    containers: tuple[ContainerState, ...]
    log: tuple[tuple[str, str], ...]
    output: str
    shared: Mapping[str, VolumeEntry]
    other: Mapping[str, Mapping[str, VolumeEntry]]
    engine_log: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    abort: bool = True
    last_result: float = 0.0

    def container(self, service: str) -> ContainerState | None:
        """Return the state of a service's container; None if there is none."""
        return next((state for state in self.containers if state.service == service), None)

    def shared_file(self, name: str, folder: str = SHARED_FOLDER) -> VolumeEntry | None:
        """Return a file of the shared folder; None if there is none.

        Args:
            name: the name of the file, or a pattern, of which the first match is returned.
            folder: the name of the shared folder, which is a prefix of the file names if the whole project is shared.
        """
        if has_wildcard(name):
            found = find_files([name], list(self.shared))
            return self.shared[found[0]] if found else None
        return self.shared.get(name) or self.shared.get(f"{folder}/{name}")

    @property
    def first_to_end(self) -> ContainerState | None:
        """The container that ended first and was not restarted; None if there is none."""
        ended = [state for state in self.containers if state.ended is not None and not state.restarts]
        return min(ended, key=lambda state: state.ended or datetime.max, default=None)

    def lines_of(self, service: str) -> list[str]:
        """Return the lines that a service printed."""
        return [line for name, line in self.log if name == service]
