"""How an evaluation asks the engine and changes its objects: through the engine's API if possible, else its client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class EngineInformation:
    """What an engine reports of itself.

    Attributes:
        processors: the number of its processors; 0 if that is unknown.
        time: its clock, as RFC 3339; empty if that is unknown.
    """

    processors: int
    time: str


class Backend(Protocol):
    """The short questions and commands. All names are those of the evaluation, or ids that the engine has reported.

    Every method may raise `CannotCheck`, if the engine does not answer in time. A kind is container, image, network
    or volume; a filter is written as for the client: ``label=KEY=VALUE``.
    """

    def inspect(self, kind: str, *names: str) -> list[dict[str, Any]]:
        """Return what the engine knows of objects; those that do not exist are left out."""

    def ids(self, kind: str, *filters: str) -> list[str]:
        """Return the ids of objects, of volumes the names; containers that do not run are included."""

    def labels(self, kind: str, label: str) -> list[str]:
        """Return the values of a label on all objects that have it."""

    def remove(self, kind: str, *names: str, force: bool = True) -> None:
        """Stop and remove objects; containers with their anonymous volumes."""

    def kill(self, *names: str) -> None:
        """Kill containers."""

    def written_bytes(self, *names: str) -> int:
        """Return how many bytes the container has written that has written most; 0 if that is unknown."""

    def most_written(self, *filters: str) -> int:
        """Return the same for the containers that filters select."""

    def limit_processes(self, container: str, limit: int) -> None:
        """Set the limit on the processes of a running container."""

    def create_volume(self, name: str, label: str, options: Mapping[str, str]) -> None:
        """Create a volume of the local driver.

        Raises:
            CannotCheck: The engine failed.
        """

    def create_container(self, image: str, label: str) -> str:
        """Create a container that is not started and has no network, and return its id.

        Raises:
            CannotCheck: The engine failed.
        """

    def download(
        self, container: str, path: str, archive: Path, limit: int, *, follow_link: bool = False
    ) -> str:
        """Write a file or folder of a container into an archive.

        Args:
            container: the container.
            path: the file or folder; ``FOLDER/.`` for its contents.
            archive: the archive to write, a tar file.
            limit: limit on its size in bytes.
            follow_link: whether a link is followed, inside the container.

        Returns:
            The error message; empty if it succeeded.
        """

    def export(self, container: str, archive: Path, limit: int) -> str:
        """Write the whole file system of a container into an archive; arguments and result as of `download`."""

    def upload(self, archive: Path, container: str, path: str) -> str:
        """Unpack an archive into a folder of a container, with the owners that it names.

        Returns:
            The error message; empty if it succeeded.
        """

    def history_length(self, image: str) -> int:
        """Return the number of instructions that an image was made with."""

    def output(self, container: str) -> str:
        """Return the standard output of a container."""

    def last_lines(self, container: str, count: int) -> list[str]:
        """Return the last lines of both output streams of a container, without escape codes."""

    def information(self) -> EngineInformation:
        """Return what the engine reports of itself."""
