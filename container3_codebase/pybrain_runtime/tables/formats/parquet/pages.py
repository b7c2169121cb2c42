"""Checks the pages of a Parquet file before any of them is read.

A page's header declares its decompressed size, and pyarrow allocates that much: a page of two gigabytes of zeros
takes a few kilobytes in a file (parquet.thrift, PageHeader).
"""

from __future__ import annotations

from typing import Any, BinaryIO, NamedTuple

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.tables.formats.parquet.compact_thrift import I32, CompactReader, DamagedStruct, Fields
from pybrain_runtime.tables.formats.parquet.footer import column_chunks

_LARGEST_PAGES, _USUAL_PAGE = 1 << 28, 1 << 21
"""Maximum decompressed bytes of one page of each column, which are in memory together; more for very many columns."""

_MOST_PAGES = 1_000_000
_SMALL, _LARGE = 1 << 10, 1 << 20
_SMALLEST_VALUE = 4
_TYPE, _UNCOMPRESSED, _COMPRESSED, _DICTIONARY, _VALUES = 1, 2, 3, 7, 1
_DATA_HEADERS = {0: 5, 3: 8}
"""The field with the number of values, by the type of the page: pyarrow skips pages of other types."""


def check_pages(metadata: Any, columns: list[str], file: BinaryIO, name: str) -> None:
    """Check that the pages of some columns fit into memory.

    Args:
        metadata: the ``pyarrow.parquet.FileMetaData``.
        columns: the names of the columns.
        file: the file, unbuffered.
        name: the file's name, for messages.

    Raises:
        ActivationError: the pages are too large, or too many.
        DamagedStruct: the footer or a page header cannot be parsed.
    """
    wanted, pages = set(columns), 0
    largest = dict.fromkeys(columns, 0)
    limit = max(_LARGEST_PAGES, len(columns) * _USUAL_PAGE)
    for chunk in column_chunks(file, metadata):
        if chunk.name not in wanted:
            continue
        position, left = chunk.start, chunk.values
        while left > 0:
            page = _page(file, position)
            position, left = page.end, left - page.values
            largest[chunk.name] = max(largest[chunk.name], page.size)
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


def _page(file: BinaryIO, position: int) -> _Page:
    """Return the end of a page, its size in memory, and its number of values, which is 0 for a dictionary."""
    if position >= 1 << 63:
        raise DamagedStruct("a page is beyond the end of the file")
    for size in (_SMALL, _LARGE):
        file.seek(position)
        reader = CompactReader(file.read(size))
        try:
            header = reader.struct(I32)
            break
        except IndexError:  # the header is longer
            continue
    else:
        raise DamagedStruct("a page header is incomplete")
    uncompressed, compressed = _number(header, _UNCOMPRESSED), _number(header, _COMPRESSED)
    if _number(header, _DICTIONARY, _VALUES) * _SMALLEST_VALUE > uncompressed:
        raise DamagedStruct("a dictionary is smaller than its number of values")
    kind = _DATA_HEADERS.get(_number(header, _TYPE))
    values = 0 if kind is None else _number(header, kind, _VALUES)
    return _Page(position + reader.position + compressed, uncompressed, values)


def _number(fields: Fields, *path: int) -> int:
    """Return a number in nested structs; 0 if it is missing."""
    found: int | list[int] | Fields = fields
    for step in path:
        found = found.get(step, 0) if isinstance(found, dict) else 0
    if not isinstance(found, int) or found < 0:
        raise DamagedStruct("a page header has an impossible size")
    return found
