"""The shared folders of a run: volumes in memory with limited size, which are read after the run.

Each folder that a submission may write to is a volume on a tmpfs. The kernel limits its size and the number of files,
files of the host cannot be written, and the files disappear with the volume, whoever owns them. A helper container
keeps the volumes mounted from before the run until they have been read.
"""

from __future__ import annotations

import hashlib
import tarfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from common import atomic_files, process
from evaluation.engine.session import HELPER, EngineSession
from evaluation.errors import CannotCheck, TooCostly
from evaluation.processes.byte_streams import oversized

# The user ID of a typical tutor. The folder is writable by all users, as with Docker Desktop.
OWNER = 1000
_MOUNT_POINT = "/volumes"


@dataclass(frozen=True)
class VolumeEntry:
    """A file or folder on a volume after a run.

    Attributes:
        name: its path relative to the volume.
        owner: the user ID of its owner.
        written: its modification time, in seconds since 1970.
        kind: file, folder, link or special.
        stored: the content of a file, or the path of a copy.
    """

    name: str
    owner: int
    written: float
    kind: str
    stored: bytes | Path = b""

    @property
    def size(self) -> int:
        """The size of the content in bytes."""
        return self.stored.stat().st_size if isinstance(self.stored, Path) else len(self.stored)

    @property
    def sha256(self) -> str:
        """SHA-256 of the content, which is never loaded into memory completely."""
        if not isinstance(self.stored, Path):
            return hashlib.sha256(self.stored).hexdigest()
        return atomic_files.sha256_of(self.stored)

    @property
    def content(self) -> bytes:
        """The content. Use it only in a worker, where memory is limited."""
        return self.stored.read_bytes() if isinstance(self.stored, Path) else self.stored


class Volumes:
    """Context manager for volumes in memory and the container that keeps them mounted.

    Args:
        engine: the engine session.
        names: the names of the volumes; duplicates are ignored.
        folder: a working folder of the evaluation for temporary archives.
    """

    def __init__(self, engine: EngineSession, names: Iterable[str], folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.names = tuple(dict.fromkeys(names))
        stamp = f"{time.monotonic_ns():x}"
        self._ids = {name: f"{engine.id}-v{index}-{stamp}" for index, name in enumerate(self.names)}
        self._keeper = f"{engine.id}-keeper-{stamp}"

    def __enter__(self) -> Volumes:
        if self.names:
            self._create()
        return self

    def __exit__(self, *error: object) -> None:
        if not self.names:
            return
        with process.ignore_signals():
            self.engine.remove_containers([self._keeper])
            self.engine.backend.remove("volume", *self._ids.values())

    def id(self, name: str) -> str:
        """Return the name of a volume in the engine."""
        return self._ids[name]

    def _create(self) -> None:
        engine, limits = self.engine, self.engine.limits
        options = f"size={limits.volume},nr_inodes={limits.volume_files},uid={OWNER},gid={OWNER},mode=0777"
        for volume in self._ids.values():
            engine.create_memory_volume(volume, options)
        engine.ensure_image(HELPER)
        mounts = [
            word
            for index, volume in enumerate(self._ids.values())
            for word in ("--volume", f"{volume}:{_MOUNT_POINT}/{index}:nocopy")
        ]
        engine.run_checked(
            "run", "--detach", "--name", self._keeper, "--label", engine.label, "--network", "none",
            "--read-only", "--cap-drop", "ALL", "--memory", "64m", "--pids-limit", "8", *mounts,
            HELPER, "sleep", "86400",
        )  # fmt: skip

    def fill(self, name: str, source: Path, *, leave_out: Callable[[str], bool] = lambda name: False) -> None:
        """Copy a folder of the submission into a volume.

        Args:
            name: the name of the volume.
            source: the folder to copy.
            leave_out: returns whether to skip a path, relative to the folder.

        Raises:
            CannotCheck: the engine failed.
        """

        def prepare(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
            entry.uid = entry.gid = OWNER
            entry.uname = entry.gname = ""
            entry.mode &= 0o777
            inside = PurePosixPath(entry.name).as_posix()
            return None if inside != "." and leave_out(inside) else entry

        archive_path = self.folder / "fill.tar"
        with tarfile.open(archive_path, "w") as archive:
            for path in sorted(source.iterdir()):
                archive.add(path, arcname=path.name, filter=prepare)
        target = f"{_MOUNT_POINT}/{self.names.index(name)}"
        failed = self.engine.backend.upload(archive_path, self._keeper, target)
        archive_path.unlink()
        if failed:
            raise CannotCheck(f"the files of {source.name} could not be copied into their volume: {failed}")

    def read(self, name: str, folder: Path) -> dict[str, VolumeEntry]:
        """Return the entries of a volume. Links are not followed.

        Args:
            name: the name of the volume.
            folder: a folder for the contents of its files; created by this method.

        Raises:
            CannotCheck: the volume could not be read.
            TooCostly: the entries exceed the limits of a worker.
        """
        archive_path = self.folder / "read.tar"
        source = f"{_MOUNT_POINT}/{self.names.index(name)}/."
        limit = self.engine.limits.volume
        failed = self.engine.backend.download(self._keeper, source, archive_path, 2 * limit)
        if failed == oversized(2 * limit):  # sparse files can be larger than the volume
            raise TooCostly("the content of the shared folder", failed)
        if failed:
            raise CannotCheck(f"the shared folder could not be read: {failed}")
        try:
            entries = self.engine.workers.call(
                tuple[VolumeEntry, ...], "read_volume", "the content of the shared folder",
                archive_path=archive_path, folder=folder, limit=2 * limit,
            )  # fmt: skip
        finally:
            archive_path.unlink()
        return {entry.name: entry for entry in entries}
