"""CSV read and written with pyarrow: what is plain, and nothing else.

Whatever pyarrow refuses or reads in a way of its own, the careful reader reads again, so that what is accepted,
what it means and what a mistake is called do not depend on whether pyarrow is installed.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import compute, csv

from pybrain_runtime.tables.column_selection import ColumnSelection

_BOM = b"\xef\xbb\xbf"
# In between, pyarrow writes a number that is not whole as Python does.
_SMALLEST, _LARGEST = 1e-4, 1e9
# The system's own allocator gives memory back; the faster ones keep it, for each thread.
_POOL = pa.system_memory_pool()


class ArrowCsvParser:
    """Reads lines of one file.

    Args:
        columns: which columns are what.
        delimiter: what stands between cells.
    """

    def __init__(self, columns: ColumnSelection, delimiter: str) -> None:
        names = [str(place) for place in range(columns.width)]
        self._inputs = [names[place] for place in columns.inputs]
        self._targets = [names[place] for place in columns.targets]
        self._decimal_comma = delimiter == ";"
        self._names = names
        self._parse = csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False)
        beside = re.escape(delimiter).encode() + rb"\n\r"
        self._quoted = re.compile(rb'(?:(?<=[%b])|\A)"[^"\n\r]*"(?=[%b]|\Z)' % (beside, beside))
        self._points, self._commas = self._conversion("."), self._conversion(",")

    def numbers(self, content: bytes) -> tuple[np.ndarray, np.ndarray | None] | None:
        """Returns inputs and targets in some lines, or None where anything is unusual."""
        if b'"' in content and not self._quotes_are_plain(content):
            return None
        # A byte order mark at the start of a part is skipped by pyarrow; here it is part of the first cell.
        if not content.isascii() and (content.startswith(_BOM) or not _is_utf8(content)):
            return None
        convert = self._commas if self._decimal_comma and b"," in content else self._points
        read = csv.ReadOptions(
            column_names=self._names, use_threads=False, block_size=max(len(content) + 1, 1 << 10)
        )
        try:
            table = csv.read_csv(pa.py_buffer(content), read, self._parse, convert, memory_pool=_POOL)
        except (pa.ArrowInvalid, pa.ArrowKeyError):
            return None
        inputs, targets = (_columns(table, names) for names in (self._inputs, self._targets))
        # Whatever it makes of blank lines and lone quotes: each line must have become a row.
        if len(inputs) != _lines(content) or not np.isfinite(inputs).all() or not np.isfinite(targets).all():
            return None
        return inputs, targets if self._targets else None

    def _quotes_are_plain(self, content: bytes) -> bool:
        """Says whether quotes stand around whole cells alone; others mean more to pyarrow than they should."""
        return 2 * len(self._quoted.findall(content)) == content.count(b'"')

    def _conversion(self, decimal_point: str) -> Any:
        wanted = list(dict.fromkeys([*self._inputs, *self._targets]))
        return csv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.float64()),
            include_columns=wanted,
            null_values=[],
            strings_can_be_null=False,
            decimal_point=decimal_point,
        )


def _columns(table: Any, names: list[str]) -> np.ndarray:
    """Returns columns as an array of shape (rows, columns), each column in one piece."""
    found = np.empty((len(names), table.num_rows))
    for place, name in enumerate(names):
        start = 0
        for chunk in table.column(name).chunks:
            found[place, start : start + len(chunk)] = chunk.to_numpy(zero_copy_only=False)
            start += len(chunk)
    return found.T


def _is_utf8(content: bytes) -> bool:
    """Says whether all of it is UTF-8: pyarrow does not look at columns that it is not asked for."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _lines(content: bytes) -> int:
    if b"\r" in content:
        return len(content.splitlines())
    return content.count(b"\n") + (not content.endswith(b"\n"))


def csv_lines(columns: list[np.ndarray]) -> memoryview:
    """Returns rows as lines of CSV, each number as Python's ``repr`` writes it.

    Args:
        columns: arrays of shape (n,), float64.
    """
    names = [str(place) for place in range(len(columns))]
    table = pa.table([_written(column) for column in columns], names=names)
    sink = pa.BufferOutputStream(_POOL)
    options = csv.WriteOptions(include_header=False, quoting_style="none")
    csv.write_csv(table, sink, options, memory_pool=_POOL)
    return memoryview(sink.getvalue())


def _written(column: np.ndarray) -> Any:
    """Returns a column that pyarrow writes as ``repr`` does: as numbers if it would anyway, else as text."""
    column = np.ascontiguousarray(column)
    with np.errstate(all="ignore"):
        size = np.abs(column)
        whole = np.trunc(column) == column
        odd = (size < _SMALLEST) | (size >= _LARGEST) | ~np.isfinite(column)
    whole &= ~odd
    if not whole.any() and not odd.any():
        return pa.array(column)
    text = pa.array(column).cast(pa.string(), memory_pool=_POOL)
    if whole.any():
        integers = pa.array(column[whole].astype(np.int64)).cast(pa.string(), memory_pool=_POOL)
        numbers = compute.binary_join_element_wise(integers, "0", ".", memory_pool=_POOL)
        text = compute.replace_with_mask(text, pa.array(whole), numbers, memory_pool=_POOL)
    if odd.any():
        numbers = pa.array(list(map(repr, column[odd].tolist())), pa.string())
        text = compute.replace_with_mask(text, pa.array(odd), numbers, memory_pool=_POOL)
    return text
