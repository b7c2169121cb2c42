"""Reads the arrays of an npz file, with limits on memory.

Python's ``zipfile`` creates an object of half a kilobyte for each directory entry before their number can be
checked, and supports compressions whose dictionaries take gigabytes. Here the number of entries is checked first, and
only stored and deflated members are supported, as NumPy writes them.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections.abc import Generator
from io import BytesIO
from typing import NamedTuple

import numpy as np

from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.limits import Limits
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.content import check_not_other_format

_HEADER = re.compile(
    rb"\{'descr': '([<>](?:f8|f4|U[1-9][0-9]{0,8}))', 'fortran_order': (True|False), "
    rb"'shape': \(([0-9]{0,10}(?:, ?[0-9]{1,10})*,?)\), \} *\n"
)
_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x1
_MEMBER_SIZE = 400  # bytes of memory for an entry, without its name
_BLOCK = 1 << 16
_OUTPUT = 1 << 18
_DIMENSIONS = 8
_ENDING = ".npy"


class _Damage(Exception):
    """The archive is damaged; the message is the reason."""


class _Member(NamedTuple):
    method: int
    packed: int
    size: int
    crc: int
    start: int


class NpzArrays:
    """The arrays of an npz file, each decompressed when it is read.

    Args:
        data: the whole file.
        name: its name, for messages.
        limits: the limits on decompressed bytes, entries, and elements of all arrays.
        budget: what is left of the limits.

    Raises:
        KnowledgeError: the file is damaged, is another kind of zip archive, or exceeds a limit.
    """

    def __init__(self, data: bytes, name: str, limits: Limits, budget: Budget) -> None:
        self._data = data
        self._name = name
        self._limits = limits
        self._budget = budget
        self._left = limits.file_size
        self._elements = limits.array_elements
        self._members: dict[str, _Member] = {}
        try:
            for key, member in self._directory():
                if key in self._members:
                    raise self.error("has two arrays of the same name")
                self._members[key] = member
        except _Damage as damage:
            if b"PK\5\6" in data and b"network" + _ENDING.encode() not in data:
                check_not_other_format(data, name)  # a valid zip archive, but not an npz file
            raise self._damaged(damage) from None

    def __contains__(self, key: object) -> bool:
        return f"{key}{_ENDING}" in self._members

    def take(self, key: str) -> np.ndarray:
        """Return an array of numbers or text.

        Raises:
            KnowledgeError: the array is not found, is damaged, or exceeds a limit.
        """
        member = self._members.get(key + _ENDING)
        if member is None:
            raise self.error(f"has no array '{escaped(key, 60)}', to which its description refers")
        try:
            return self._array(self._content(member))
        except _Damage as damage:
            raise self._damaged(damage) from None

    def error(self, what: str) -> KnowledgeError:
        """Return the error for the file.

        Args:
            what: the problem, as the predicate of a sentence.
        """
        return KnowledgeError(f"{self._name} {what}.", hint="Write it again with convert.")

    def _damaged(self, damage: _Damage) -> KnowledgeError:
        return KnowledgeError(
            f"{self._name} is a damaged npz file: {damage}.",
            hint="Copy the file again, or write it again with convert.",
        )

    # The archive.

    def _directory(self) -> Generator[tuple[str, _Member], None, None]:
        """Yield the entries of the directory, after their number has been checked."""
        size = len(self._data)
        if size < _END.size:
            raise _Damage("unexpected end of file")
        mark, *_, count, length, start, comment = _END.unpack_from(self._data, size - _END.size)
        if mark != b"PK\5\6" or comment or start + length != size - _END.size:
            raise _Damage("its directory is not at its end")
        if count > self._limits.members:
            raise self.error(f"exceeds the limit of {self._limits.members:,} members")
        position: int = start
        for _ in range(count):
            position = yield from self._entry(position, start + length)
        if position != start + length:
            raise _Damage("its directory has the wrong length")

    def _entry(self, position: int, end: int) -> Generator[tuple[str, _Member], None, int]:
        if position + _ENTRY.size > end:
            raise _Damage("its directory is truncated")
        fields = _ENTRY.unpack_from(self._data, position)
        mark, flags, method, crc = fields[0], fields[3], fields[4], fields[7]
        packed, size = fields[8:10]
        sizes, start = fields[10:13], fields[16]
        if mark != b"PK\1\2":
            raise _Damage("its directory has an invalid entry")
        if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED):
            raise _Damage("a member is encrypted, or its compression is not supported")
        name_start = position + _ENTRY.size
        if sizes[0] > self._limits.name_length:
            raise _Damage("a member has a name that is too long")
        self._budget.charge(_MEMBER_SIZE + 4 * sizes[0])
        name = self._data[name_start : name_start + sizes[0]].decode("utf-8", "replace")
        yield name, _Member(method, packed, size, crc, start)
        end_of_entry: int = name_start + sum(sizes)
        return end_of_entry

    def _content(self, member: _Member) -> bytes:
        data, start = self._data, member.start
        if start + _LOCAL.size > len(data):
            raise _Damage("a member starts after the end of the file")
        mark, *_, name_length, extra_length = _LOCAL.unpack_from(data, start)
        begin = start + _LOCAL.size + name_length + extra_length
        if mark != b"PK\3\4" or begin + member.packed > len(data):
            raise _Damage("a member is not at its position in the directory")
        packed = memoryview(data)[begin : begin + member.packed]
        content = self._inflate(packed) if member.method == _DEFLATED else self._stored(packed)
        if len(content) != member.size or zlib.crc32(content) != member.crc:
            raise _Damage("the size or checksum of a member is wrong")
        return content

    def _stored(self, packed: memoryview) -> bytes:
        self._charge(len(packed))
        return bytes(packed)

    def _inflate(self, packed: memoryview) -> bytes:
        """Return the content of a member, decompressed in blocks: a single call would need twice the memory."""
        plain = BytesIO()
        member = zlib.decompressobj(wbits=-15)
        position = 0
        while not member.eof:
            block = member.unconsumed_tail
            if not block:
                block = bytes(packed[position : position + _BLOCK])
                position += len(block)
            try:
                part = member.decompress(block, _OUTPUT)
            except zlib.error as error:
                raise _Damage(escaped(str(error), 100)) from None
            if not block and not part and not member.eof:
                raise _Damage("a member is truncated")
            self._charge(len(part))
            self._budget.check_time()
            plain.write(part)
        return plain.getvalue()

    def _charge(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise self.error(f"exceeds the limit of {self._limits.file_size:,} bytes after decompression")

    # The arrays.

    def _array(self, content: bytes) -> np.ndarray:
        """Return the array in the content of an npy file (version 1.0 of that format)."""
        if content[:8] != b"\x93NUMPY\x01\x00":
            raise _Damage("a member is not an npy file of version 1.0")
        start = 10 + int.from_bytes(content[8:10], "little")
        header = _HEADER.fullmatch(content, 10, start)
        if header is None:
            raise _Damage("an array is neither numeric nor text")
        dtype = np.dtype(header[1].decode())
        shape = tuple(int(size) for size in header[3].split(b",") if size.strip())
        if len(shape) > _DIMENSIONS:
            raise _Damage(f"an array has more than {_DIMENSIONS} dimensions")
        count = math.prod(shape)
        if count * dtype.itemsize != len(content) - start:
            raise _Damage("the size of an array does not match its shape")
        self._elements -= count
        if self._elements < 0:
            raise self.error(f"exceeds the limit of {self._limits.array_elements:,} numbers")
        try:
            return np.frombuffer(content, dtype, offset=start).reshape(
                shape, order="F" if header[2] == b"True" else "C"
            )
        except ValueError:  # no elements, but sizes that are too large
            raise _Damage("an array has an invalid shape") from None
