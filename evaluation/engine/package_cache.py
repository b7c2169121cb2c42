"""Files of package indexes, stored under their SHA-256 in a folder that the proxies of a class share.

A file is written to `SHA256.part` by the one process that holds the lock of this file, and renamed to `SHA256` if its
content has this hash. Others that need it meanwhile read `SHA256.part` while it grows. Each file begins with a header:
the size of the content. This module uses the standard library only; see `package_proxy`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPException
from typing import Protocol

# Maximum total size of all files, and space that must stay free on the disk, in bytes.
MOST_STORED = 4 * 1024**3
FREE_DISK = 1024**3
# Maximum number of files that are downloaded at the same time, each in a thread.
MOST_DOWNLOADS = 8
DOWNLOAD_SECONDS = 900.0
# Maximum seconds until the first byte of an index's response; pip waits for 15 s.
START_SECONDS = 8.0
# Maximum seconds without a further byte of a file that another process downloads.
SILENCE = 60.0
_HEADER = 16
_CHUNK = 65536
_POLL = 0.02


class Download(Protocol):
    """A file that is being downloaded."""

    @property
    def size(self) -> int:
        """The size of the file in bytes."""

    def read(self) -> bytes:
        """Return the next bytes; empty at the end."""

    def close(self) -> None:
        """Close the connection."""


class CachedFile:
    """An open file of the cache, which may still grow.

    Args:
        descriptor: the open file; closed by `close`.
        size: the size of its content.
        complete: whether the whole file was there when it was opened.
        shared: whether it was downloaded for another request.
    """

    def __init__(self, descriptor: int, size: int, *, complete: bool, shared: bool) -> None:
        self.size = size
        self.shared = shared
        self.complete = complete
        self._descriptor = descriptor

    def chunks(self) -> Iterator[bytes]:
        """Yield the content; less of it if the download fails."""
        position, deadline = 0, time.monotonic() + SILENCE
        ended = self.complete
        while position < self.size:
            chunk = os.pread(self._descriptor, min(_CHUNK, self.size - position), _HEADER + position)
            if chunk:
                position, deadline = position + len(chunk), time.monotonic() + SILENCE
                yield chunk
            elif ended or time.monotonic() > deadline:
                return
            elif not _is_locked(self._descriptor):
                ended = True  # read again, for what was written before the end
            else:
                time.sleep(_POLL)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class PackageCache:
    """A cache of package files. A file is trusted only because of its name, which is the hash of its content.

    Args:
        folder: the folder; if it is missing or read-only, nothing is stored.
        on_stored: called with the SHA-256 of each file that this process has stored.
        most_stored: the maximum total size of all files in bytes.
        free_disk: the space in bytes that must stay free on the disk.
    """

    def __init__(
        self,
        folder: str,
        on_stored: Callable[[str], None] = lambda sha256: None,
        *,
        most_stored: int = MOST_STORED,
        free_disk: int = FREE_DISK,
    ) -> None:
        self.folder = folder
        self.on_stored = on_stored
        self.most_stored = most_stored
        self.free_disk = free_disk
        self._slots = threading.BoundedSemaphore(MOST_DOWNLOADS)
        self._lock = threading.Lock()

    @property
    def usable(self) -> bool:
        """Whether files can be stored."""
        return os.access(self.folder, os.W_OK | os.X_OK)

    def open(self, sha256: str, start: Callable[[], Download]) -> CachedFile | None:
        """Open a file; one that is not there is downloaded meanwhile.

        Args:
            sha256: the hash of its content.
            start: starts the download; may raise OSError, ValueError or HTTPException.

        Returns:
            None if it cannot be stored: there is no room, or its size is unknown, or too much is being downloaded.

        Raises:
            OSError: the download failed before it began, or the folder cannot be used.
            ValueError: the hash is not a SHA-256 in lowercase hexadecimal, or ``start`` rejected the response.
            HTTPException: the server sent an invalid HTTP response.
        """
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise ValueError(sha256)
        path = os.path.join(self.folder, sha256)  # noqa: PTH118
        for _ in range(8):
            with suppress(FileNotFoundError):
                return _opened(path, complete=True, shared=True)
            locked = _lock_new(f"{path}.part")
            if locked is None:
                with suppress(FileNotFoundError):
                    return _opened(f"{path}.part", complete=False, shared=True)
            elif os.path.exists(path):  # noqa: PTH110  (stored in the meantime)
                _discard(locked, f"{path}.part")
            else:
                return self._download(locked, path, start)
        return None

    def _download(self, descriptor: int, path: str, start: Callable[[], Download]) -> CachedFile | None:
        """Start a download into a locked file, and open the file; None if there is no room for it."""
        if not self._slots.acquire(blocking=False):
            _discard(descriptor, f"{path}.part")
            return None
        source: Download | None = None
        file: CachedFile | None = None
        begun = False
        try:
            source = start()
            with self._lock:
                if self._has_room(source.size):
                    os.write(descriptor, b"%015d\n" % source.size)
                    file = _opened(f"{path}.part", complete=False, shared=False)
                    arguments = (descriptor, path, source)
                    threading.Thread(target=self._write, args=arguments, daemon=True).start()
                    begun = True
        except RuntimeError:  # no thread available
            pass
        finally:
            if not begun:
                if source is not None:
                    source.close()
                if file is not None:
                    file.close()
                self._slots.release()
                _discard(descriptor, f"{path}.part")
        return file if begun else None

    def _write(self, descriptor: int, path: str, source: Download) -> None:
        digest, written = hashlib.sha256(), 0
        deadline, stored = time.monotonic() + DOWNLOAD_SECONDS, False
        try:
            while written < source.size and time.monotonic() < deadline and (chunk := source.read()):
                written += len(chunk)
                if written > source.size:
                    break
                digest.update(chunk)
                while chunk:
                    chunk = chunk[os.write(descriptor, chunk) :]
            if written == source.size and digest.hexdigest() == os.path.basename(path):  # noqa: PTH119
                os.rename(f"{path}.part", path)  # noqa: PTH104
                stored = True
        except (OSError, ValueError, HTTPException):
            pass  # the disk is full, or the connection was lost: readers get what was written
        finally:
            source.close()
            if stored:
                os.close(descriptor)
            else:
                _discard(descriptor, f"{path}.part")
            self._slots.release()
        if stored:
            self.on_stored(os.path.basename(path))  # noqa: PTH119

    def _has_room(self, size: int) -> bool:
        """Return whether there is room for a file besides those that are stored or being downloaded."""
        disk = os.statvfs(self.folder)
        if not 0 < size <= self.most_stored or disk.f_bavail * disk.f_frsize < size + self.free_disk:
            return False
        taken = 0
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if re.fullmatch(r"[0-9a-f]{64}(\.part)?", entry.name):
                    with suppress(OSError, ValueError):
                        taken += _size_of(entry.path)
        return taken + size <= self.most_stored


def _opened(path: str, *, complete: bool, shared: bool) -> CachedFile:
    """Open a file of the cache; wait until its size is known.

    Raises:
        FileNotFoundError: the file does not exist, or its download has failed.
        TimeoutError: the size of the file is not known yet.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        deadline = time.monotonic() + START_SECONDS
        while len(header := os.pread(descriptor, _HEADER, 0)) < _HEADER:
            if complete or not _is_locked(descriptor):
                raise FileNotFoundError(path)
            if time.monotonic() > deadline:
                raise TimeoutError(path)
            time.sleep(_POLL)
        return CachedFile(descriptor, int(header), complete=complete, shared=shared)
    except BaseException:
        os.close(descriptor)
        raise


def _size_of(path: str) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        return int(os.pread(descriptor, _HEADER, 0) or b"0")
    finally:
        os.close(descriptor)


def _lock_new(path: str) -> int | None:
    """Create a file, and lock it.

    Returns:
        Its descriptor; None if another thread or process writes it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        about = os.fstat(descriptor)
        if about.st_ino == os.stat(path).st_ino and not about.st_size:  # noqa: PTH116
            return descriptor
        if about.st_ino == os.stat(path).st_ino:  # noqa: PTH116  (left by a proxy that was stopped)
            os.unlink(path)  # noqa: PTH108
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _discard(descriptor: int, path: str) -> None:
    """Remove a locked file, and release its lock."""
    with suppress(OSError):
        os.unlink(path)  # noqa: PTH108
    os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    """Return whether another thread or process writes a file."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False
