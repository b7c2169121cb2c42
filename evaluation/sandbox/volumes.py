"""The shared folders of a run: in memory, of limited size, on no disk of the host, and read out afterwards.

Each folder that a submission may write to is a volume on a tmpfs: the size and the number of its files are
limited by the kernel, nothing of the host can be written, and what is left disappears with it, whoever owns it.
A container of our own keeps the volumes mounted from before the run until they have been read.
"""

from __future__ import annotations

import hashlib
import tarfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from evaluation.engine.session import HELPER, EngineSession
from evaluation.errors import CannotCheck
from evaluation.processes.byte_streams import from_file, into_file
from pipeline import atomic_files, process

# A tutor's ordinary user. The folder is open to everybody, as it is under Docker Desktop.
OWNER = 1000
_PLACE = "/volumes"


@dataclass(frozen=True)
class VolumeEntry:
    """A file that a run left on a volume.

    Attributes:
        name: relative to the volume.
        owner: the number of its user.
        written: when, in seconds since 1970.
        kind: file, folder, link or special.
        kept: the content of a file, or the file of ours that it is kept in.
    """

    name: str
    owner: int
    written: float
    kind: str
    kept: bytes | Path = b""

    @property
    def size(self) -> int:
        """Bytes of its content."""
        return self.kept.stat().st_size if isinstance(self.kept, Path) else len(self.kept)

    @property
    def sha256(self) -> str:
        """Of its content, which is never in memory as a whole for it."""
        if not isinstance(self.kept, Path):
            return hashlib.sha256(self.kept).hexdigest()
        return atomic_files.sha256_of(self.kept)

    @property
    def content(self) -> bytes:
        """Its content; to be asked for in a worker only, where memory is limited."""
        return self.kept.read_bytes() if isinstance(self.kept, Path) else self.kept


class Volumes:
    """Volumes in memory, and the container that keeps them.

    Args:
        workshop: where they are.
        names: what to call them, each once.
        folder: a folder of our own for what is read out.
    """

    def __init__(self, engine: EngineSession, names: Iterable[str], folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.names = tuple(dict.fromkeys(names))
        stamp = f"{time.monotonic_ns():x}"
        self._ids = {name: f"{engine.id}-v{place}-{stamp}" for place, name in enumerate(self.names)}
        self._keeper = f"{engine.id}-keeper-{stamp}"

    def __enter__(self) -> Volumes:
        if self.names:
            self._make()
        return self

    def __exit__(self, *error: object) -> None:
        if not self.names:
            return
        with process.undisturbed():
            self.engine.docker("rm", "--force", self._keeper)
            self.engine.docker("volume", "rm", "--force", *self._ids.values())

    def id(self, name: str) -> str:
        """What the engine calls a volume."""
        return self._ids[name]

    def _make(self) -> None:
        engine, limits = self.engine, self.engine.limits
        options = f"size={limits.volume},nr_inodes={limits.volume_files},uid={OWNER},gid={OWNER},mode=0777"
        for volume in self._ids.values():
            engine.must(
                "volume", "create", "--driver", "local", "--label", engine.label,
                "--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", f"o={options}", volume,
            )  # fmt: skip
        engine.ensure_image(HELPER)
        mounts = [
            word
            for place, volume in enumerate(self._ids.values())
            for word in ("--volume", f"{volume}:{_PLACE}/{place}:nocopy")
        ]
        engine.must(
            "run", "--detach", "--name", self._keeper, "--label", engine.label, "--network", "none",
            "--read-only", "--cap-drop", "ALL", "--memory", "64m", "--pids-limit", "8", *mounts,
            HELPER, "sleep", "86400",
        )  # fmt: skip

    def fill(self, name: str, source: Path, *, leave_out: Callable[[str], bool] = lambda name: False) -> None:
        """Copies a folder of the submission into a volume.

        Args:
            name: the volume.
            source: the folder.
            leave_out: names, relative to the folder, that are not copied.
        """

        def wanted(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
            entry.uid = entry.gid = OWNER
            entry.uname = entry.gname = ""
            entry.mode &= 0o777
            inside = PurePosixPath(entry.name).as_posix()
            return None if inside != "." and leave_out(inside) else entry

        packed = self.folder / "fill.tar"
        with tarfile.open(packed, "w") as archive:
            for path in sorted(source.iterdir()):
                archive.add(path, arcname=path.name, filter=wanted)
        place = f"{self._keeper}:{_PLACE}/{self.names.index(name)}"
        failed = from_file(["docker", "cp", "--archive", "-", place], packed)
        packed.unlink()
        if failed:
            raise CannotCheck(f"the files of {source.name} could not be put into their volume: {failed}")

    def read(self, name: str, kept: Path) -> dict[str, VolumeEntry]:
        """What lies on a volume: whole files, links that are not followed, names of anything else.

        Args:
            name: the volume.
            kept: a folder of our own, made here; it holds the contents as long as they are needed.

        Raises:
            CannotCheck: it could not be read.
            TooCostly: what lies on it is too much.
        """
        packed = self.folder / "read.tar"
        place = f"{self._keeper}:{_PLACE}/{self.names.index(name)}/."
        most = self.engine.limits.volume
        failed = into_file(["docker", "cp", place, "-"], packed, 2 * most)
        if failed:
            raise CannotCheck(f"the shared folder could not be read: {failed}")
        try:
            found = self.engine.workers.call(
                tuple[VolumeEntry, ...], "read_volume", "what the run left in the shared folder",
                packed=packed, kept=kept, most=2 * most,
            )  # fmt: skip
        finally:
            packed.unlink()
        return {left.name: left for left in found}
