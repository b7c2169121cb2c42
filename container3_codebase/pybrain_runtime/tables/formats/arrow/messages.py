"""Checks the messages of an Arrow stream before any of them is read.

A compressed buffer begins with its decompressed length, and pyarrow allocates that much. So the declared lengths are
added up first. The metadata of the messages, FlatBuffers tables of Arrow's columnar format (Message.fbs), give the
positions of the buffers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from pyarrow import ipc  # type: ignore[import-untyped]

from pybrain_runtime.errors import ActivationError

_LARGEST_BATCH = 1 << 28
"""Maximum decompressed bytes of all columns of a compressed batch."""

_HEADER, _LENGTH, _BUFFERS, _COMPRESSION, _DATA = 2, 0, 2, 3, 1
_FIELD, _OFFSET, _LONG, _BUFFER = (
    struct.Struct("<H"),
    struct.Struct("<I"),
    struct.Struct("<q"),
    struct.Struct("<qq"),
)
_SIGNED = struct.Struct("<i")


def count_rows(source: Any, name: str) -> int:
    """Return the number of rows of a stream.

    Args:
        source: the stream, a ``pyarrow.NativeFile``; it is read to its end, except the bodies of its messages.
        name: the file's name, for messages.

    Raises:
        ActivationError: a batch is too large, decompressed.
        struct.error: the metadata are damaged.
        pyarrow.ArrowException: the file is damaged.
    """
    rows = 0
    for message in ipc.MessageReader.open_stream(source):
        if message.type not in ("record batch", "dictionary"):
            continue
        metadata = memoryview(message.metadata)
        batch = _table(metadata, _table(metadata), _HEADER)
        if message.type == "dictionary":
            batch = _table(metadata, batch, _DATA)
        else:
            rows += _long(metadata, batch, _LENGTH)
        if _field(metadata, batch, _COMPRESSION):
            size = sum(_decompressed(memoryview(message.body), *each) for each in _buffers(metadata, batch))
            if size > _LARGEST_BATCH:
                raise ActivationError(
                    f"{name} has a batch of {size:,} bytes, decompressed; the limit is {_LARGEST_BATCH:,}.",
                    hint="Write smaller batches, or do not compress them.",
                )
    return rows


def _decompressed(body: memoryview, offset: int, length: int) -> int:
    if not length:
        return 0
    (size,) = _LONG.unpack_from(body, offset)
    return length if size == -1 else int(size) & (1 << 64) - 1  # a negative length is an error for pyarrow


def _buffers(metadata: memoryview, batch: int) -> Iterator[tuple[int, int]]:
    place = _field(metadata, batch, _BUFFERS)
    if not place:
        return
    vector = place + _OFFSET.unpack_from(metadata, place)[0]
    (count,) = _OFFSET.unpack_from(metadata, vector)
    for number in range(count):
        yield _BUFFER.unpack_from(metadata, vector + _OFFSET.size + number * _BUFFER.size)


# FlatBuffers: a table begins with the distance to its vtable, which has the position of each field, 0 if it is missing.


def _table(metadata: memoryview, table: int = 0, field: int | None = None) -> int:
    """Return the position of a table that a field refers to; without a field, that of the root."""
    place = _field(metadata, table, field) if field is not None else 0
    return int(place + _OFFSET.unpack_from(metadata, place)[0])


def _field(metadata: memoryview, table: int, field: int) -> int:
    """Return the position of a field; 0 if it is missing."""
    vtable = table - _SIGNED.unpack_from(metadata, table)[0]
    entry = 2 * _FIELD.size + _FIELD.size * field
    if entry >= _FIELD.unpack_from(metadata, vtable)[0]:
        return 0
    offset = _FIELD.unpack_from(metadata, vtable + entry)[0]
    return table + offset if offset else 0


def _long(metadata: memoryview, table: int, field: int) -> int:
    place = _field(metadata, table, field)
    return int(_LONG.unpack_from(metadata, place)[0]) if place else 0
