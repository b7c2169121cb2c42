"""Determines how many threads a run may use, and distributes work over them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from pybrain_runtime.errors import UsageError

_CGROUPS = "/sys/fs/cgroup"


def allowed_threads(cgroups: str = _CGROUPS, membership: str = "/proc/self/cgroup") -> int:
    """Return the number of CPUs that this process may use: its affinity, limited by its control groups.

    Args:
        cgroups: the folder in which the kernel shows the limits of control groups.
        membership: the file that names the control group of this process.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # available on Linux
    found = len(affinity(0)) if affinity else os.cpu_count() or 1
    share = _share_of_time(cgroups, membership)
    return max(1, found if share is None else min(found, share))


def checked_threads(threads: int | None) -> int:
    """Return the number of threads to use; if None is passed, as many as are allowed.

    Raises:
        UsageError: the number is not a positive integer.
    """
    if threads is None:
        return _allowed()
    if type(threads) is not int or threads < 1:
        raise UsageError(f"The number of threads must be a positive integer, got {threads!r}.")
    return threads


@cache
def _allowed() -> int:
    return allowed_threads()


def _share_of_time(cgroups: str, membership: str) -> int | None:
    """Return the number of CPUs that the control groups allow, rounded up; None for no limit."""
    shares = [
        share
        for folder in _groups(cgroups, membership)
        for share in (
            _quota(_words(f"{folder}/cpu.max")),
            _quota(_words(f"{folder}/cpu.cfs_quota_us") + _words(f"{folder}/cpu.cfs_period_us")),
        )
        if share is not None
    ]
    return min(shares, default=None)


def _groups(cgroups: str, membership: str) -> Iterator[str]:
    """Yield the folders of the control groups of this process and of their parents."""
    for line in _lines(membership):
        _, controllers, group = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        # In a container the group's own folder is often mounted as the root.
        root = f"{cgroups}/{controllers}" if controllers else cgroups
        parts = group.strip("/").split("/")
        for end in range(len(parts), -1, -1):
            yield "/".join([root, *parts[:end]])


def _quota(words: list[str]) -> int | None:
    if len(words) != 2 or not words[0].isdigit() or not words[1].isdigit() or words[1] == "0":
        return None
    return max(1, -(-int(words[0]) // int(words[1])))


def _words(path: str) -> list[str]:
    return " ".join(_lines(path)).split()


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123
            return file.read().splitlines()
    except (OSError, ValueError):
        return []


def spread(work: Callable[[int], None], pieces: Iterable[int], threads: int) -> None:
    """Call a function once for each piece of work, in several threads, or in fewer if no more can be started.

    The first error stops the work. It is raised after the other threads have finished their current piece.

    Args:
        work: the function to call.
        pieces: the arguments, one per call.
        threads: the number of threads, the current one included.
    """
    from threading import Thread  # one row needs none

    waiting, errors = deque(pieces), deque[BaseException]()

    def take() -> None:
        try:
            while (piece := _next(waiting)) is not None:
                work(piece)
        except BaseException as error:
            waiting.clear()
            errors.append(error)

    helpers: list[Thread] = []
    for _ in range(threads - 1):
        helper = Thread(target=take, daemon=True)
        try:
            helper.start()
        except RuntimeError:  # the container may have reached its limit on processes
            break
        helpers.append(helper)
    take()
    for helper in helpers:
        helper.join()
    if errors:
        raise errors[0]


def _next(waiting: deque[int]) -> int | None:
    try:
        return waiting.popleft()
    except IndexError:  # a check would not help: another thread may take the last one
        return None


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit OpenBLAS to one thread; other matrix libraries are left as they are.

    The setting applies to the whole process. It is restored when the last of several overlapping contexts ends.
    """
    blas = _blas()
    if blas is None:
        yield
        return
    blas.hold()
    try:
        yield
    finally:
        blas.release()


class _Blas:
    def __init__(self, read: Callable[[], int], write: Callable[[int], Any]) -> None:
        from threading import Lock

        self._read = read
        self._write = write
        self._lock = Lock()
        self._holders = 0
        self._before = 1

    def hold(self) -> None:
        with self._lock:
            if not self._holders:
                self._before = self._read()
                self._write(1)
            self._holders += 1

    def release(self) -> None:
        with self._lock:
            self._holders -= 1
            if not self._holders:
                self._write(self._before)


@cache
def _blas() -> _Blas | None:
    """Return NumPy's OpenBLAS; None if NumPy was built with another library."""
    if os.environ.get("OPENBLAS_NUM_THREADS") == "1":
        return None
    import ctypes

    from numpy.linalg import _umath_linalg

    for prefix, suffix in (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", "")):
        try:
            library = ctypes.CDLL(_umath_linalg.__file__)  # which is linked with the library
            read = getattr(library, f"{prefix}openblas_get_num_threads{suffix}")
            write = getattr(library, f"{prefix}openblas_set_num_threads{suffix}")
            return _Blas(read, write)
        except (OSError, AttributeError):
            continue
    return None
