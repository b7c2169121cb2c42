"""Unpack an untrusted tar archive, which may be compressed."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evaluation.errors import NoSubmission
from evaluation.quotas import MIB, Limits
from evaluation.submission.archives.byte_source import ByteSource, pieces_of
from evaluation.submission.archives.tar_headers import BLOCK, Kind, TarEntry, TarError, next_entry
from evaluation.submission.archives.target import Target, is_left_out, parts_of
from evaluation.submission.copying import CHUNK

_DAMAGED = (TarError, EOFError, OSError, zlib.error, lzma.LZMAError)
_LEFT_OUT = {
    Kind.SPARSE: "is a sparse file; it was left out",
    Kind.SPECIAL: "is not a regular file, a folder or a link",
}


def untar(path: Path, kind: str, target: Target, limits: Limits, *, name: str = "") -> None:
    """Unpack a tar archive.

    Args:
        path: the archive.
        kind: its compression: gz, bz2 or xz; any other string for none.
        target: the target of the unpacked files.
        limits: limits on the size of a submission.
        name: the name of the archive in messages; empty for its file name.

    Raises:
        NoSubmission: the file is not a tar archive, damaged or too large, or a path leads out of the target.
    """
    name = name or path.name
    size = path.stat().st_size
    if size > limits.total_size:
        raise NoSubmission(f"{name} is larger than {limits.total_size // MIB} MB")
    allowed = min(max(size * limits.ratio, 16 * MIB), 2 * limits.total_size)
    with path.open("rb") as file:
        source = ByteSource(pieces_of(file, kind, allowed))
        count = 0
        while True:
            with _tar_errors(name, first=count == 0):
                entry = next_entry(source)
            if entry is None:
                return
            count += 1
            if count > limits.files:
                raise NoSubmission(f"{name} has more than {limits.files:,} entries")
            _unpack(entry, source, target, name)


@contextmanager
def _tar_errors(name: str, *, first: bool = False) -> Iterator[None]:
    """Convert the errors of a damaged archive to an error that names the archive."""
    try:
        yield
    except NoSubmission as error:
        raise NoSubmission(f"{name}: {error.message}", hint=error.hint) from error
    except _DAMAGED as error:
        what = "is damaged or not a tar archive" if first else "is damaged"
        raise NoSubmission(f"{name} {what}: {error}") from error


def _unpack(entry: TarEntry, source: ByteSource, target: Target, name: str) -> None:
    """Unpack one entry; its content is always read to the end."""
    parts = parts_of(entry.name)
    content = _content(entry, source, name)
    if not is_left_out(parts):
        if entry.kind == Kind.FILE:
            target.file(parts, content, entry.mode or 0o644)
        elif entry.kind == Kind.FOLDER:
            target.make_folder(parts)
        elif entry.kind == Kind.LINK:
            target.link(parts, entry.target)
        elif entry.kind == Kind.HARD_LINK:
            _copy_linked(entry, parts, target)
        else:
            target.remark("special", parts, _LEFT_OUT[entry.kind])
    for _ in content:
        pass


def _content(entry: TarEntry, source: ByteSource, name: str) -> Iterator[bytes]:
    """Yield the content of an entry and skip the rest of its last block."""
    read = 0
    chunks = source.chunks(entry.size)
    while True:
        with _tar_errors(name):
            chunk = next(chunks, b"")
        if not chunk:
            break
        read += len(chunk)
        yield chunk
    if read < entry.size:
        raise NoSubmission(f"{name} is damaged: unexpected end of file in {entry.name}")
    with _tar_errors(name):
        source.read(-entry.size % BLOCK)


def _copy_linked(entry: TarEntry, parts: tuple[str, ...], target: Target) -> None:
    """Write a hard link as another copy of the earlier file in the archive to which it refers."""
    linked = parts_of(entry.target)
    try:
        with target.opened(linked) as file:
            target.file(parts, iter(lambda: file.read(CHUNK), b""), entry.mode or 0o644)
    except OSError:
        text = (
            f"is a hard link to {'/'.join(linked)[:200]}, which is not a file in the archive; it was left out"
        )
        target.remark("link", parts, text)
