"""Reads the positions of the columns of a Parquet file from its footer (parquet.thrift, FileMetaData).

pyarrow's ``RowGroupMetaData.column`` aborts the process if the footer is damaged in some ways: the exception of its
C++ code is not caught (size statistics of the wrong length; version 26). This module reads only a few numbers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from pybrain_runtime.tables.formats.parquet.compact_thrift import I64, CompactReader, DamagedStruct, Fields

_TAIL = 8
_ROW_GROUPS, _COLUMNS, _METADATA = 4, 1, 3
_ENCODINGS, _VALUES, _UNCOMPRESSED, _DATA_PAGE, _DICTIONARY_PAGE = 2, 5, 6, 9, 11
_STRUCT = 12
_DELTA = frozenset((5, 6, 7))


class ColumnChunk(NamedTuple):
    """The values of a column in a row group.

    Attributes:
        name: the path of the column in the schema.
        start: offset of its first page.
        values: number of values.
        size: decompressed size in bytes.
        delta: whether a value may reuse a prefix of the previous one.
    """

    name: str
    start: int
    values: int
    size: int
    delta: bool


def column_chunks(file: BinaryIO, metadata: Any) -> Iterator[ColumnChunk]:
    """Yield the columns of each row group.

    Args:
        file: the file, unbuffered.
        metadata: the file's ``pyarrow.parquet.FileMetaData``, for the names of the columns.

    Raises:
        DamagedStruct: the footer cannot be parsed.
    """
    try:
        schema = metadata.schema
        names = [schema.column(place).path for place in range(metadata.num_columns)]
        reader = CompactReader(_footer(file))
        for identifier, kind in reader.fields():
            if identifier != _ROW_GROUPS:
                reader.skip(kind)
                continue
            for item in reader.items(kind):
                _check_struct(item)
                yield from _group(reader, names)
    except UnicodeDecodeError:
        raise DamagedStruct("a name is not UTF-8") from None
    except IndexError:
        raise DamagedStruct("the footer is incomplete") from None


def _footer(file: BinaryIO) -> bytes:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - _TAIL))
    length = int.from_bytes(file.read(4), "little")
    if length > end - _TAIL:
        raise DamagedStruct("the footer is incomplete")
    file.seek(end - _TAIL - length)
    parts = []
    while length > 0 and (block := file.read(length)):
        parts.append(block)
        length -= len(block)
    return b"".join(parts)


def _group(reader: CompactReader, names: list[str]) -> Iterator[ColumnChunk]:
    for identifier, kind in reader.fields():
        if identifier != _COLUMNS:
            reader.skip(kind)
            continue
        place = 0
        for place, item in enumerate(reader.items(kind), 1):
            _check_struct(item)
            if place > len(names):
                break
            yield _chunk(names[place - 1], reader.struct(I64))
        if place != len(names):
            raise DamagedStruct("a row group has a different number of columns from the schema")


def _chunk(name: str, column: Fields) -> ColumnChunk:
    metadata = column.get(_METADATA)
    if not isinstance(metadata, dict):
        raise DamagedStruct("a column has no metadata")
    start, dictionary = _number(metadata, _DATA_PAGE), _number(metadata, _DICTIONARY_PAGE)
    if 0 < dictionary < start:
        start = dictionary
    encodings = metadata.get(_ENCODINGS)
    delta = isinstance(encodings, list) and not _DELTA.isdisjoint(encodings)
    return ColumnChunk(name, start, _number(metadata, _VALUES), _number(metadata, _UNCOMPRESSED), delta)


def _number(fields: Fields, identifier: int) -> int:
    found = fields.get(identifier, 0)
    if not isinstance(found, int) or found < 0:
        raise DamagedStruct("a column has an impossible size or position")
    return found


def _check_struct(kind: int) -> None:
    if kind != _STRUCT:
        raise DamagedStruct("a list in the footer has items of the wrong type")
