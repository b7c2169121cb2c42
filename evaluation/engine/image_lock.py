"""Keep evaluations of one user from removing images while another of them repeats a build that lost a layer."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from common.run_lock import Busy, exclusive


@contextmanager
def images_locked(patience: float, folder: Path | None = None) -> Iterator[bool]:
    """Hold the lock that is required to remove images and to repeat a build.

    It yields False, and the block runs without the lock, if the lock cannot be acquired: its file belongs to another
    user, or another evaluation holds it for too long.

    Args:
        patience: seconds to wait for another holder.
        folder: the folder of the lock file; None for the folder of temporary files.
    """
    path = (folder or Path(tempfile.gettempdir())) / f"app07eval-images-{_user()}.lock"
    if not _is_own_file(path):
        yield False
        return
    with ExitStack() as held:
        try:
            held.enter_context(exclusive(path, patience=patience, on_wait=lambda holder: None))
        except (Busy, OSError):
            yield False
        else:
            yield True


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def _is_own_file(path: Path) -> bool:
    """Create the file if it is missing; return whether it is a regular file of this user, and not a link."""
    flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    with suppress(OSError):
        descriptor = os.open(path, flags, 0o600)
        try:
            owner = os.fstat(descriptor).st_uid
        finally:
            os.close(descriptor)
        return path.is_file() and owner == _user()
    return False
