"""The file of a session: a header, and the states after the last two calls.

The newer state is never overwritten: a call writes to the other slot, and a slot counts only if its checksum matches.
So the file always has a valid state, even if the writing process is killed.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from serving.errors import UnknownSession
from serving.models.served_model import Array

_MAGIC = b"A07SESS1"
_LENGTH = struct.Struct("<I")
_SLOT = struct.Struct("<QB32s")
_CHECKSUM = struct.Struct("<I")
_LONGEST_HEADER = 4096


class Header(msgspec.Struct, forbid_unknown_fields=True):
    """The constant data of a session.

    Attributes:
        model: the name of the model.
        version: the version of the model.
        sha256: the SHA-256 of the network's file.
        file: the name of the network's file.
        created: the time of creation, in seconds since 1970.
        values: the number of values in the recurrent state.
        owner: a hash of the client that created the session; empty if unknown.
    """

    model: str
    version: str
    sha256: str
    file: str
    created: float
    values: int
    owner: str = ""


class State(NamedTuple):
    """The state of a session after a call.

    Attributes:
        steps: the number of time steps since the session was created.
        single: whether the precision is ``float32``.
        digest: the SHA-256 of the rows of the call; zeros before the first call.
        values: the flat recurrent state as float64, which represents float32 exactly.
    """

    steps: int
    single: bool
    digest: bytes
    values: Array


def encode(header: Header) -> bytes:
    """Return the file content of a new session."""
    text = msgspec.json.encode(header)
    first = _slot(State(0, False, bytes(32), np.zeros(header.values)))
    return b"".join((_MAGIC, _LENGTH.pack(len(text)), text, first, bytes(len(first))))


class StateFile:
    """An open file of a session.

    Attributes:
        header: the header.
        current: the state after the last call.
        previous: the state before that call; None before the first call.
        used: the time of the last write, in seconds since 1970.

    Args:
        descriptor: the file descriptor, closed by the caller.

    Raises:
        UnknownSession: the file is damaged.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        start = os.pread(descriptor, _LONGEST_HEADER, 0)
        self.header, self._start = _header(start)
        self._size = _SLOT.size + 8 * self.header.values + _CHECKSUM.size
        about = os.fstat(descriptor)
        self.used = about.st_mtime
        if not start.startswith(_MAGIC) or about.st_size != self._start + 2 * self._size:
            raise damaged()
        states = [(state.steps, place) for place in (0, 1) if (state := self._read(place))]
        if not states:
            raise damaged()
        _, self._place = max(states)
        current, self.previous = self._read(self._place), self._read(1 - self._place)
        assert current is not None
        self.current = current

    def write(self, state: State) -> None:
        """Write the state after a call, replacing the older of the two states."""
        content = _slot(state)
        assert len(content) == self._size
        os.pwrite(self._descriptor, content, self._start + (1 - self._place) * self._size)

    def _read(self, place: int) -> State | None:
        content = os.pread(self._descriptor, self._size, self._start + place * self._size)
        if len(content) != self._size:
            return None
        end = self._size - _CHECKSUM.size
        if _CHECKSUM.unpack_from(content, end)[0] != zlib.crc32(content[:end]):
            return None
        steps, single, digest = _SLOT.unpack_from(content)
        return State(steps, bool(single), digest, np.frombuffer(content[_SLOT.size : end], "<f8"))


def owner_of(path: str) -> str:
    """Return the hash of the client that created a session; empty if unknown.

    Args:
        path: the file of the session.
    """
    try:
        with Path(path).open("rb") as file:
            return _header(file.read(_LONGEST_HEADER))[0].owner
    except (OSError, UnknownSession):
        return ""


def _header(start: bytes) -> tuple[Header, int]:
    """Parse the header at the start of a file; return it and its length."""
    fixed = len(_MAGIC) + _LENGTH.size
    try:
        (length,) = _LENGTH.unpack_from(start, len(_MAGIC))
        return msgspec.json.decode(start[fixed : fixed + length], type=Header), fixed + length
    except (struct.error, msgspec.DecodeError):
        raise damaged() from None


def damaged() -> UnknownSession:
    """Return the error for a file that is not a valid session."""
    return UnknownSession("The state of this session is damaged; create another session.")


def _slot(state: State) -> bytes:
    head = _SLOT.pack(state.steps, state.single, state.digest)
    content = head + state.values.astype("<f8").tobytes()
    return content + _CHECKSUM.pack(zlib.crc32(content))
