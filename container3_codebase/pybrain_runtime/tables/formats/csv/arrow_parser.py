"""Parses and encodes plain CSV with pyarrow.

Content that pyarrow rejects or interprets differently is left to ``CsvReader``. So which files are accepted, what
they mean and which errors they raise do not depend on whether pyarrow is installed.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import compute, csv

from pybrain_runtime.io.signatures import UTF8_BOM
from pybrain_runtime.tables.column_selection import ColumnSelection
from pybrain_runtime.tables.text_column import TextColumn

# Between these, pyarrow formats a number that is not an integer as Python does.
_SMALLEST, _LARGEST = 1e-4, 1e9
# The system allocator returns memory to the system; the faster ones keep it per thread.
_POOL = pa.system_memory_pool()


class ArrowCsvParser:
    """Parses lines of one file.

    Args:
        columns: the selected columns.
        delimiter: the character between cells.
    """

    def __init__(self, columns: ColumnSelection, delimiter: str) -> None:
        names = [str(place) for place in range(columns.width)]
        self._inputs = [names[place] for place in columns.inputs]
        self._targets = [names[place] for place in columns.targets]
        self._texts = [names[place] for place in columns.texts]
        self._decimal_comma = delimiter == ";"
        self._names = names
        self._options = csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False)
        beside = re.escape(delimiter).encode() + rb"\n\r"
        self._quoted = re.compile(rb'(?:(?<=[%b])|\A)"[^"\n\r]*"(?=[%b]|\Z)' % (beside, beside))
        self._points, self._commas = self._conversion("."), self._conversion(",")

    def parse(self, content: bytes) -> tuple[np.ndarray, np.ndarray | None, list[list[str]]] | None:
        """Return the numbers of lines that hold nothing but plain numbers; None if anything is unusual.

        Args:
            content: whole lines, n of them.

        Returns:
            Inputs, float64 of shape (n, indim), targets, shape (n, outdim) or None, and the text columns.
        """
        if b'"' in content and not self._quotes_are_plain(content):
            return None
        # pyarrow skips a byte order mark at the start of a chunk; here it belongs to the first cell.
        if not content.isascii() and (content.startswith(UTF8_BOM) or not _is_utf8(content)):
            return None
        convert = self._commas if self._decimal_comma and b"," in content else self._points
        read = csv.ReadOptions(
            column_names=self._names, use_threads=False, block_size=max(len(content) + 1, 1 << 10)
        )
        try:
            table = csv.read_csv(pa.py_buffer(content), read, self._options, convert, memory_pool=_POOL)
        except (pa.ArrowInvalid, pa.ArrowKeyError):
            return None
        inputs, targets = (_columns(table, names) for names in (self._inputs, self._targets))
        # However pyarrow treats blank lines and single quotes, each line must have become a row.
        if len(inputs) != _lines(content) or not np.isfinite(inputs).all() or not np.isfinite(targets).all():
            return None
        # Like strip() in the other parser; pyarrow's function strips fewer kinds of space.
        texts = [list(map(str.strip, table.column(name).to_pylist())) for name in self._texts]
        return inputs, targets if self._targets else None, texts

    def _quotes_are_plain(self, content: bytes) -> bool:
        """Return whether quotes enclose whole cells only; pyarrow interprets other quotes differently."""
        return 2 * len(self._quoted.findall(content)) == content.count(b'"')

    def _conversion(self, decimal_point: str) -> Any:
        wanted = list(dict.fromkeys([*self._inputs, *self._targets]))
        return csv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.float64()) | dict.fromkeys(self._texts, pa.string()),
            include_columns=[*wanted, *dict.fromkeys(self._texts)],
            null_values=[],
            strings_can_be_null=False,
            decimal_point=decimal_point,
        )


def _columns(table: Any, names: list[str]) -> np.ndarray:
    """Return columns as an array of shape (rows, columns), each column contiguous."""
    found = np.empty((len(names), table.num_rows))
    for place, name in enumerate(names):
        start = 0
        for chunk in table.column(name).chunks:
            found[place, start : start + len(chunk)] = chunk.to_numpy(zero_copy_only=False)
            start += len(chunk)
    return found.T


def _is_utf8(content: bytes) -> bool:
    """Return whether all of the content is UTF-8: pyarrow does not check columns that are not converted."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _lines(content: bytes) -> int:
    if b"\r" in content:
        return len(content.splitlines())
    return content.count(b"\n") + (not content.endswith(b"\n"))


def csv_lines(columns: list[np.ndarray | TextColumn], delimiter: str = ",") -> memoryview:
    """Return rows as lines of CSV, with each number as Python's ``repr`` formats it.

    Args:
        columns: float64 arrays of shape (n,), and text columns that need no quotes.
        delimiter: the character between cells.
    """
    names = [str(place) for place in range(len(columns))]
    table = pa.table(
        [arrow_text(column) if isinstance(column, TextColumn) else _written(column) for column in columns],
        names=names,
    )
    sink = pa.BufferOutputStream(_POOL)
    options = csv.WriteOptions(include_header=False, quoting_style="none", delimiter=delimiter)
    csv.write_csv(table, sink, options, memory_pool=_POOL)
    return memoryview(sink.getvalue())


def arrow_text(column: TextColumn) -> Any:
    """Return a text column as a pyarrow array."""
    values = pa.array(list(column.values), pa.string())
    return values if column.codes is None else values.take(pa.array(column.codes))


def _written(column: np.ndarray) -> Any:
    """Return a column that pyarrow writes as ``repr`` does: numbers if pyarrow does so by itself, else text."""
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
