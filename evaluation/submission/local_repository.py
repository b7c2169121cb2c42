"""Copy a repository on this machine before git reads it: only its objects and references.

An untrusted repository may refer to other locations: `commondir` and `objects/info/alternates` to any repository on
this machine, links to any file, and `config` to programs that git starts. None of these are copied.
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
from evaluation.submission.copying import CHUNK, NOT_REGULAR, Copy
from evaluation.submission.safe_tree import Parts

# Loose objects are one file each.
MOST_OBJECTS = 200_000
_CONFIG = b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
_FILES = ("HEAD", "packed-refs", "shallow")
_ELSEWHERE: tuple[Parts, ...] = (("objects", "info", "alternates"), ("objects", "info", "http-alternates"))


def is_bare_repository(path: Path) -> bool:
    """Return whether a folder is a bare repository."""
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def repository_at(url: str) -> Path:
    """Return the repository of a ``file://`` URL: the folder itself, or its `.git` folder.

    Raises:
        NoSubmission: the folder is not a repository, or is only a reference to another location.
    """
    path = Path(unquote(urlsplit(url).path))
    for folder in (path, path / ".git"):
        if is_bare_repository(folder) and not (folder.name == ".git" and folder.is_symlink()):
            return folder.resolve()
    raise NoSubmission(f"{url} cannot be cloned: the folder is not a repository")


def copy_repository(source: Path, target: Path, limits: Limits) -> Path:
    """Copy the objects and references of a repository, without its configuration.

    Args:
        source: the repository; its path must not contain links.
        target: the path of the copy, which is created.
        limits: limits on the size of a submission.

    Raises:
        NoSubmission: the repository is too large.
    """
    limit = 2 * limits.total_size
    repository_limits = replace(limits, files=MOST_OBJECTS, total_size=limit, file_size=limit)
    copy = Copy(target, repository_limits, leave_out=frozenset())  # a branch may be named venv/something
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
            continue  # not every repository has all of them; git reports missing ones
    copy.tree.write(("config",), [_CONFIG])
    return target


def _file(source: Path, copy: Copy, name: str) -> None:
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    with os.fdopen(os.open(source, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, NOT_REGULAR)
        copy.file((name,), iter(lambda: file.read(CHUNK), b""))
