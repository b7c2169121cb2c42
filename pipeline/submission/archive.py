"""Write the submission archive. The same files give the same bytes."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

from common import atomic_files
from common.errors import InputMissing
from common.project import Layout
from evaluation.submission.checklist import Contents

NAME = "Task06_Submission.zip"
_DATE = (1980, 1, 1, 0, 0, 0)
"""The oldest date of the format, for every file."""
_UNIX = 3
"""The origin system recorded in the entries, the same on every system."""


@dataclass(frozen=True)
class Archive:
    """A written archive.

    Attributes:
        path: the archive.
        size: the size in bytes.
        sha256: the hash of the archive, in hexadecimal.
        files: the number of files in the archive.
    """

    path: Path
    size: int
    sha256: str
    files: int


def write_archive(layout: Layout, contents: Contents, target: Path) -> Archive:
    """Write the archive.

    Files are stored without compression, because compressors differ between versions of Python.

    Args:
        layout: the checkout.
        contents: the files of the archive.
        target: the archive.

    Raises:
        InputMissing: a required file is missing; no archive is written.
        CannotWrite: the archive cannot be written; the message has the reason.
    """
    if contents.missing_required:
        raise InputMissing(
            "required files are missing: " + ", ".join(contents.missing_required),
            hint="Add them: the checklist of the task requires them.",
        )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in contents.files:
            content = _content_of(layout, name)
            archive.writestr(_entry(name, executable=content.startswith(b"#!")), content)
    content = buffer.getvalue()
    with atomic_files.atomic_write(target) as temporary:
        temporary.write_bytes(content)
    return Archive(target, len(content), hashlib.sha256(content).hexdigest(), len(contents.files))


def _content_of(layout: Layout, name: str) -> bytes:
    try:
        return (layout.root / name).read_bytes()
    except OSError as error:
        raise InputMissing(f"{name} cannot be read: {error.strerror}", path=name) from error


def _entry(name: str, *, executable: bool) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=_DATE)
    entry.create_system = _UNIX
    entry.external_attr = (0o100755 if executable else 0o100644) << 16
    return entry
