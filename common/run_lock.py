"""A lock on a file, with a note about its holder. The system releases it when the holder ends, however it ends.

Uses only the standard library, not `pybrain_runtime.io.locks`: it guards the creation of `.venv`, before which that
package cannot be imported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

if os.name == "nt":
    import msvcrt

    def _try(file: IO[str]) -> bool:
        try:
            file.seek(1_000_000)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class Busy(Exception):
    """Another process held the lock for longer than the caller was willing to wait."""


@contextmanager
def exclusive(path: Path, *, patience: float, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock on a file while the block runs.

    Args:
        path: the lock file; it is created if missing, and not removed.
        patience: seconds to wait for another holder.
        on_wait: called once with a description of the other holder.

    Raises:
        Busy: the lock is still held after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    warned = False
    with path.open("a+", encoding="utf-8") as file:
        while not _try(file):
            if not warned:
                on_wait(_holder(path))
                warned = True
            if time.monotonic() >= deadline:
                raise Busy(f"still held after {patience:.0f} s by {_holder(path)}")
            time.sleep(0.2)
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}\n")
        file.flush()
        yield


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip() or "another process"
    except OSError:
        return "another process"
