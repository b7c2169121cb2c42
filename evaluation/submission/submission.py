"""A submission as it was taken in: a copy of its files that nobody else writes to."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

COMPOSE_NAMES = ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml")
MARKS = (*COMPOSE_NAMES, "container1_activationbase", "container2_knowledgebase", "container3_codebase")
# Text that is longer is no text that anybody reads.
LONGEST_TEXT = 1024 * 1024


@dataclass(frozen=True)
class Remark:
    """Something that was noticed while a submission was taken in.

    Attributes:
        what: link, special, unreadable, name, nested, leftover or submodule.
        where: the file, relative to the submission.
        text: what was noticed.
    """

    what: str
    where: str
    text: str


@dataclass(frozen=True)
class Submission:
    """The files of a submission.

    Attributes:
        name: what to call it.
        source: where it came from, as it was typed.
        kind: folder, zip or git.
        root: the copy; the folder that its compose file lies in.
        remarks: what was noticed on the way in.
    """

    name: str
    source: str
    kind: str
    root: Path
    remarks: tuple[Remark, ...] = field(default=())

    def path(self, name: str) -> Path:
        """Where a file of the submission lies; it need not exist.

        Raises:
            ValueError: the name climbs out of the submission, also by way of a link.
        """
        path = Path(os.path.normpath(self.root / name))
        try:
            inside = path.is_relative_to(self.root) and path.resolve().is_relative_to(self.root.resolve())
        except (OSError, RuntimeError):  # links in a circle
            inside = False
        if not inside:
            raise ValueError(f"{name} lies outside the submission")
        return path

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return self.path(name).is_file()

    def has_folder(self, name: str) -> bool:
        return self.path(name).is_dir()

    def bytes(self, name: str) -> bytes:
        """The content of a file; empty where there is none."""
        path = self.path(name)
        return path.read_bytes() if path.is_file() else b""

    def text(self, name: str) -> str:
        """The text of a file, whatever it was written in; empty where there is none."""
        return decoded(self.bytes(name)[:LONGEST_TEXT])[0]

    @cached_property
    def files(self) -> tuple[str, ...]:
        """All files, relative to the root, with forward slashes, sorted."""
        found = []
        for folder, folders, names in os.walk(self.root):
            folders.sort()
            found += [(Path(folder) / name).relative_to(self.root).as_posix() for name in names]
        return tuple(sorted(found))

    @cached_property
    def size(self) -> int:
        return sum(self.path(name).lstat().st_size for name in self.files if self._inside(name))

    @cached_property
    def sha256(self) -> str:
        """Stands for names and contents: equal submissions, equal digits."""
        whole = hashlib.sha256()
        for name in self.files:
            content = self.path(name).read_bytes() if self._inside(name) and self.has(name) else b""
            whole.update(name.encode("utf-8", "surrogateescape") + b"\0" + hashlib.sha256(content).digest())
        return whole.hexdigest()

    def _inside(self, name: str) -> bool:
        try:
            return self.path(name).exists()
        except ValueError:
            return False

    @cached_property
    def compose_name(self) -> str:
        """The name of its compose file, as Compose looks for it; empty where it has none."""
        found = [name for name in ("compose.yaml", "compose.yml", *COMPOSE_NAMES[:2]) if self.has(name)]
        return found[0] if found else ""


def decoded(content: bytes) -> tuple[str, str]:
    """Text out of bytes, and what it was written in: utf-8, utf-8 with BOM, utf-16, or another."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace"), "utf-16"
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace"), "another"
    return (text[1:], "utf-8 with BOM") if text.startswith("\ufeff") else (text, "utf-8")
