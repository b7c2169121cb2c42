"""The submission: a copy of its files to which no other process writes."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from evaluation.layout.expected_layout import Layout

COMPOSE_NAMES = ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml")
# The kinds of remarks about how a submission was found in an upload.
FOUND_BY = ("nested", "candidates", "alone", "archive", "loose")
# Longer strings are cut.
LONGEST_TEXT = 1024 * 1024


@dataclass(frozen=True)
class Remark:
    """A remark for the report that was recorded while a submission was copied.

    Attributes:
        what: link, special, unreadable, name, leftover, submodule, or one of `FOUND_BY`.
        where: the path of the file, relative to the submission.
        text: the message.
    """

    what: str
    where: str
    text: str


@dataclass(frozen=True)
class Submission:
    """The files of a submission.

    Attributes:
        name: its name in reports.
        source: the folder, archive or URL, as the user typed it.
        kind: folder, git, files, or the kind of archive: zip, tar.gz and so on.
        root: the folder of the copy that contains the compose file.
        remarks: the remarks that were recorded while it was copied.
        layout: the layout that the rubric expects, with the folders where its parts were found; None for the
            rubric's layout.
    """

    name: str
    source: str
    kind: str
    root: Path
    remarks: tuple[Remark, ...] = field(default=())
    layout: Layout | None = None

    def path(self, name: str) -> Path:
        """Return the path of a file of the submission, which need not exist.

        Raises:
            ValueError: the path is outside the submission, possibly because of a link.
        """
        path = Path(os.path.normpath(self.root / name))
        try:
            inside = path.is_relative_to(self.root) and path.resolve().is_relative_to(self.root.resolve())
        except (OSError, RuntimeError):  # circular links
            inside = False
        if not inside:
            raise ValueError(f"{name} is outside the submission")
        return path

    def has(self, name: str) -> bool:
        """Return whether a file exists."""
        return self.path(name).is_file()

    def has_folder(self, name: str) -> bool:
        """Return whether a folder exists."""
        return self.path(name).is_dir()

    def bytes(self, name: str) -> bytes:
        """Return the content of a file; empty if it does not exist."""
        path = self.path(name)
        return path.read_bytes() if path.is_file() else b""

    def text(self, name: str) -> str:
        """Return the text of a file in any encoding; empty if it does not exist."""
        return decode_text(self.bytes(name)[:LONGEST_TEXT])[0]

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The sorted paths of all files, relative to the root, with forward slashes."""
        paths = []
        for folder, folders, names in os.walk(self.root):
            folders.sort()
            paths += [(Path(folder) / name).relative_to(self.root).as_posix() for name in names]
        return tuple(sorted(paths))

    @cached_property
    def size(self) -> int:
        """The total size of the files in bytes."""
        return sum(self.path(name).lstat().st_size for name in self.files if self._inside(name))

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the names and contents of the files, equal for equal submissions."""
        digest = hashlib.sha256()
        for name in self.files:
            content = self.path(name).read_bytes() if self._inside(name) and self.has(name) else b""
            digest.update(name.encode("utf-8", "surrogateescape") + b"\0" + hashlib.sha256(content).digest())
        return digest.hexdigest()

    def _inside(self, name: str) -> bool:
        try:
            return self.path(name).exists()
        except ValueError:
            return False

    @cached_property
    def compose_name(self) -> str:
        """The name of the compose file that Compose would use; empty if there is none."""
        names = [name for name in ("compose.yaml", "compose.yml", *COMPOSE_NAMES[:2]) if self.has(name)]
        return names[0] if names else ""


def decode_text(content: bytes) -> tuple[str, str]:
    """Decode text and return its encoding: utf-8, utf-8 with BOM, utf-16, or another."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace"), "utf-16"
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace"), "another"
    return (text[1:], "utf-8 with BOM") if text.startswith("\ufeff") else (text, "utf-8")
