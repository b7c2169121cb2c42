"""How an evaluation queries and controls the engine: through the engine's API if possible, otherwise its client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class EngineInformation:
    """What an engine reports about itself.

    Attributes:
        processors: the number of its CPUs; 0 if unknown.
        time: the time of its clock, as RFC 3339; empty if unknown.
    """

    processors: int
    time: str


class Backend(Protocol):
    """Short queries and commands. All names are those of the evaluation, or ids that the engine has reported.

    Every method may raise `CannotCheck` if the engine does not respond in time. A kind is container, image, network
    or volume; a filter is written as for the client: ``label=KEY=VALUE``.
    """

    def inspect(self, kind: str, *names: str) -> list[dict[str, Any]]:
        """Return what the engine knows about objects; those that do not exist are left out.

        Args:
            kind: the kind of the objects.
            *names: the names or ids of the objects.
        """

    def ids(self, kind: str, *filters: str) -> list[str]:
        """Return the ids of objects, or the names of volumes; stopped containers are included.

        Args:
            kind: the kind of the objects.
            *filters: the filters that an object must match, all of them.
        """

    def labels(self, kind: str, label: str) -> list[str]:
        """Return the values of a label on all objects that have it.

        Args:
            kind: the kind of the objects.
            label: the key of the label.
        """

    def remove(self, kind: str, *names: str, force: bool = True) -> None:
        """Stop and remove objects; containers with their anonymous volumes.

        Args:
            kind: the kind of the objects.
            *names: the names or ids of the objects; those that do not exist are ignored.
            force: whether objects that are in use are removed as well.
        """

    def kill(self, *names: str) -> None:
        """Kill containers."""

    def written_bytes(self, *names: str) -> int:
        """Return the number of bytes written by the container that has written most; 0 if unknown."""

    def most_written(self, *filters: str) -> int:
        """Return the number of bytes written by the container that has written most, among those that match filters."""

    def limit_processes(self, container: str, limit: int) -> None:
        """Set the limit on the processes of a running container.

        Args:
            container: the container.
            limit: the maximum number of processes.
        """

    def create_volume(self, name: str, label: str, options: Mapping[str, str]) -> None:
        """Create a volume of the local driver.

        Args:
            name: the name of the volume.
            label: its label, as ``KEY=VALUE``.
            options: the options of the driver, by name.

        Raises:
            CannotCheck: the engine failed.
        """

    def create_container(self, image: str, label: str) -> str:
        """Create a container that is not started and has no network, and return its id.

        Args:
            image: the image.
            label: the label of the container, as ``KEY=VALUE``.

        Raises:
            CannotCheck: the engine failed.
        """

    def download(
        self, container: str, path: str, archive: Path, limit: int, *, follow_link: bool = False
    ) -> str:
        """Write a file or folder of a container into an archive.

        Args:
            container: the container.
            path: the file or folder; ``FOLDER/.`` for its contents.
            archive: the archive to write, a tar file.
            limit: limit on the size of the archive in bytes.
            follow_link: whether a link is followed, inside the container.

        Returns:
            The error message; empty if it succeeded.
        """

    def export(self, container: str, archive: Path, limit: int) -> str:
        """Write the whole file system of a container into an archive.

        Args:
            container: the container.
            archive: the archive to write, a tar file.
            limit: limit on the size of the archive in bytes.

        Returns:
            The error message; empty if it succeeded.
        """

    def upload(self, archive: Path, container: str, path: str) -> str:
        """Unpack an archive into a folder of a container, with the owners that it names.

        Args:
            archive: the archive, a tar file.
            container: the container.
            path: the folder in the container.

        Returns:
            The error message; empty if it succeeded.
        """

    def history_length(self, image: str) -> int:
        """Return the number of instructions that an image was built with."""

    def output(self, container: str) -> str:
        """Return the standard output of a container."""

    def last_lines(self, container: str, count: int) -> list[str]:
        """Return the last lines of both output streams of a container, without escape codes.

        Args:
            container: the container.
            count: the maximum number of lines.
        """

    def information(self) -> EngineInformation:
        """Return what the engine reports about itself."""
