"""Checks the pages of a Parquet file before any of them is read.

A page's header declares its decompressed size, and pyarrow allocates as much: a page of two gigabytes of zeros takes a
few kilobytes of a file. The headers are structs in Thrift's compact protocol (parquet.thrift, PageHeader).
"""

from __future__ import annotations

from typing import Any, BinaryIO, NamedTuple

from pybrain_runtime.errors import ActivationError

_LARGEST_PAGES, _USUAL_PAGE = 1 << 28, 1 << 21
"""Bytes of one page of each column, decompressed, which are in memory at the same time; more for very many columns."""

_MOST_PAGES = 1_000_000
_SMALL, _LARGE = 1 << 10, 1 << 20
_DEEPEST = 8
_SMALLEST_VALUE = 4
_STRUCT = 12
_UNCOMPRESSED, _COMPRESSED, _DATA, _DICTIONARY, _DATA_V2, _VALUES = 2, 3, 5, 7, 8, 1

Fields = dict[int, "int | Fields"]


class DamagedPage(ValueError):
    """A page header cannot be parsed."""


def check_pages(metadata: Any, columns: list[str], file: BinaryIO, name: str) -> None:
    """Check that the pages of some columns fit into memory.

    Args:
        metadata: the ``pyarrow.parquet.FileMetaData``.
        columns: the names of the columns.
        file: the file, unbuffered.
        name: the file's name, for messages.

    Raises:
        ActivationError: the pages are too large, or too many.
        DamagedPage: a page header cannot be parsed.
    """
    wanted, pages = set(columns), 0
    largest = dict.fromkeys(columns, 0)
    limit = max(_LARGEST_PAGES, len(columns) * _USUAL_PAGE)
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for place in range(group.num_columns):
            column = group.column(place)
            if column.path_in_schema not in wanted:
                continue
            position, left = _start(column), column.num_values
            while left > 0:
                page = _page(file, position)
                position, left = page.end, left - page.values
                largest[column.path_in_schema] = max(largest[column.path_in_schema], page.size)
                pages += 1
                if sum(largest.values()) > limit or pages > _MOST_PAGES:
                    raise ActivationError(
                        f"{name} has {pages:,} pages or more, and a page of each column has "
                        f"{sum(largest.values()):,} bytes or more, decompressed; the limits are {_MOST_PAGES:,} "
                        f"pages and {limit:,} bytes.",
                        hint="Write it with pages of about a megabyte.",
                    )


class _Page(NamedTuple):
    end: int
    size: int
    values: int


def _start(column: Any) -> int:
    start = int(column.data_page_offset)
    if column.has_dictionary_page and 0 < column.dictionary_page_offset < start:
        start = int(column.dictionary_page_offset)
    return start


def _page(file: BinaryIO, position: int) -> _Page:
    """Return where a page ends, its size in memory, and the number of its values, 0 for a dictionary."""
    for size in (_SMALL, _LARGE):
        file.seek(position)
        try:
            header, length = _struct(file.read(size), 0, 0)
            break
        except IndexError:  # the header is longer
            continue
    else:
        raise DamagedPage("a page header is incomplete")
    uncompressed, compressed = _number(header, _UNCOMPRESSED), _number(header, _COMPRESSED)
    if _number(header, _DICTIONARY, _VALUES) * _SMALLEST_VALUE > uncompressed:
        raise DamagedPage("a dictionary is smaller than its number of values")
    values = _number(header, _DATA, _VALUES) + _number(header, _DATA_V2, _VALUES)
    return _Page(position + length + compressed, uncompressed, values)


def _number(fields: Fields, *path: int) -> int:
    """Return a number in nested structs; 0 where it is missing."""
    found: int | Fields = fields
    for step in path:
        found = found.get(step, 0) if isinstance(found, dict) else 0
    if isinstance(found, dict) or found < 0:
        raise DamagedPage("a page header has a size that cannot be")
    return found


# Thrift's compact protocol: the numbers of a struct by the ids of their fields; anything else is skipped.


def _struct(data: bytes, position: int, depth: int) -> tuple[Fields, int]:
    fields: Fields = {}
    identifier = 0
    if depth > _DEEPEST:
        raise DamagedPage("a page header is nested too deeply")
    while head := data[position]:
        position += 1
        kind, step = head & 15, head >> 4
        if step:
            identifier += step
        else:
            identifier, position = _zigzag(data, position)
        if kind == _STRUCT:
            fields[identifier], position = _struct(data, position, depth + 1)
        elif kind in (4, 5, 6):
            fields[identifier], position = _zigzag(data, position)
        elif kind not in (1, 2):  # truth values are in the kind
            position = _skipped(data, position, kind)
    return fields, position + 1


def _skipped(data: bytes, position: int, kind: int) -> int:
    """Return where a value ends; page headers have bytes, doubles and texts, but no lists."""
    if kind == 3:
        return position + 1
    if kind == 7:
        return position + 8
    if kind == 8:
        length, position = _varint(data, position)
        return position + length
    raise DamagedPage(f"a page header has a field of the kind {kind}")


def _zigzag(data: bytes, position: int) -> tuple[int, int]:
    value, position = _varint(data, position)
    return (value >> 1) ^ -(value & 1), position


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
        shift += 7
        if shift > 63:
            raise DamagedPage("a page header has a number of more than 64 bits")
