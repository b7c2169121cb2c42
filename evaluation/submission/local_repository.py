"""A repository on this machine, copied before git reads it: nothing but its objects and its references.

A stranger's repository may name other places as its own: `commondir` and `objects/info/alternates` lead to any
repository of this machine, links to any file, and `config` says what git starts. None of these is copied.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from evaluation.errors import NoSubmission
from evaluation.quotas import Limits
from evaluation.submission.copying import CHUNK, Copy
from evaluation.submission.safe_tree import Parts

# A history that was never packed has one file for each of its objects.
MOST_OBJECTS = 200_000
_CONFIG = b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
_FILES = ("HEAD", "packed-refs", "shallow")
_ELSEWHERE: tuple[Parts, ...] = (("objects", "info", "alternates"), ("objects", "info", "http-alternates"))


def is_bare_repository(path: Path) -> bool:
    """Whether a folder holds no files but a repository's own, as a server keeps it."""
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def repository_at(url: str) -> Path:
    """The folder that a ``file://`` URL means: the repository itself, or `.git` in it.

    Raises:
        NoSubmission: there is no repository, or a file that says that it lies elsewhere.
    """
    path = Path(unquote(urlsplit(url).path))
    for folder in (path, path / ".git"):
        if is_bare_repository(folder) and not (folder.name == ".git" and folder.is_symlink()):
            return folder.resolve()
    raise NoSubmission(f"{url} cannot be cloned: there is no repository in this folder")


def copied_repository(source: Path, target: Path, limits: Limits) -> Path:
    """Copies objects and references of a repository; what it is set up with stays behind.

    Args:
        source: the repository; its path holds no link.
        target: where the copy goes; made here.
        limits: how large a submission may be.

    Raises:
        NoSubmission: it is too large.
    """
    most = 2 * limits.total_size
    wide = replace(limits, files=MOST_OBJECTS, total_size=most, file_size=most)
    copy = Copy(target, wide, leave_out=frozenset())  # a branch may be called venv/something
    for name in ("objects", "refs"):
        copy.make_folder((name,))
        copy.folder(source / name, (name,))
    for parts in _ELSEWHERE:
        if copy.tree.has(parts):
            copy.tree.unlink(parts)
    for name in _FILES:
        try:
            _file(source / name, copy, name)
        except OSError:
            continue  # not every repository has each of them; git says what is missing
    copy.tree.write(("config",), [_CONFIG])
    return target


def _file(source: Path, copy: Copy, name: str) -> None:
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    with os.fdopen(os.open(source, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "is no regular file")
        copy.file((name,), iter(lambda: file.read(CHUNK), b""))
