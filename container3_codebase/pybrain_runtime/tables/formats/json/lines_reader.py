"""Reads rows from JSON lines: an object or an array of numbers per line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.printable import quoted, shortened
from pybrain_runtime.tables.batch import RowBatch
from pybrain_runtime.tables.class_labels import ClassLabels
from pybrain_runtime.tables.column_selection import ColumnSelection
from pybrain_runtime.tables.column_selector import ColumnSelector
from pybrain_runtime.tables.formats.json.rows import JsonRows
from pybrain_runtime.tables.formats.line_reader import LineChunk, LineReader
from pybrain_runtime.tables.formats.row_collector import RowCollector, blank_batch
from pybrain_runtime.tables.table_file import TableFile
from pybrain_runtime.tables.text_column import cell_text


class JsonLinesReader:
    """Reads JSON lines. The keys of the first object are the header, in their order.

    Attributes:
        header: the keys of the first object; empty if the lines are arrays.
        columns: the selected columns.
        total: 0: the length is unknown before the end.
        fast: the argument ``fast``; parsing itself does not use pyarrow.

    Args:
        file: the file.
        selector: selects the columns.
        skip: whether invalid rows are rejected instead of raising an error.
        fast: whether pyarrow may be used.

    Raises:
        ActivationError: the first line is neither an object nor an array, or its columns do not fit the network.
    """

    def __init__(
        self, file: TableFile, selector: ColumnSelector, *, skip: bool = False, fast: bool = False
    ) -> None:
        self.total = 0
        self.fast = fast
        self._name = file.name
        self._selector = selector
        self._skip = skip
        self._rows = JsonRows(file.name)
        if re.match(
            rb"(?:\xef\xbb\xbf)?\s*\[\s*[\[{]", file.start
        ):  # its first line may exceed the limit of a line
            raise self._rows.one_document(1)
        chunks = LineReader(file.blocks(), file.name).chunks()
        # The format was detected by a line that is not blank. Blank lines before it are ignored.
        first = next(chunk for chunk in chunks if chunk.content.strip())
        lines = first.split()
        place = next(place for place, line in enumerate(lines) if line.strip())
        value = self._rows.begin(first.number + place, lines[place])
        self.header = self._rows.header
        self.columns: ColumnSelection = selector.select(len(value), self.header, first.number + place)
        self._labels = ClassLabels(file.name, "line", selector.schema)
        self._chunks = chain([first.after(place) if place else first], chunks)

    def chunks(self) -> Iterator[LineChunk]:
        """Yield the lines of the file in chunks."""
        return self._chunks

    def parse(self, chunk: Any) -> RowBatch:
        """Return the rows of a chunk."""
        assert isinstance(chunk, LineChunk)
        blank = blank_batch(chunk, self.columns)
        if blank is not None:
            return blank
        collector = RowCollector(self.columns, self._name, skip=self._skip)
        for number, line in enumerate(chunk.split(), chunk.number):
            text = line.decode("utf-8", "backslashreplace")
            collector.add(number, text, lambda n=number, raw=line: self._row(n, raw))  # type: ignore[misc]
        return collector.batch()

    def _row(self, number: int, line: bytes) -> tuple[list[float], list[str]] | None:
        """Return the numbers of a line, inputs before targets, and its strings; None for a blank line."""
        if not line.strip():
            return None
        cells = self._rows.values(number, self._rows.parsed(number, line))
        if len(cells) != self.columns.width:
            raise self._selector.width_error(len(cells), self.columns, number)
        places = chain(self.columns.inputs, self.columns.targets)
        numbers = [self._number(cells[place], number, place) for place in places]
        label = self.columns.label
        if label is not None:
            numbers.append(self._labels.place(cell_text(cells[label]), number, label, self.header[label]))
        return numbers, [cell_text(cells[place]) for place in self.columns.keep]

    def _number(self, value: object, line: int, place: int) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
            if math.isfinite(number):
                return number
        name = f" ({shortened(self.header[place])})" if self.header else ""
        what = "the value is missing (null)" if value is None else f"{_quoted_json(value)} is not a number"
        if isinstance(value, int | float) and not isinstance(value, bool):
            what = f"{quoted(str(value))} is out of float64 range"
        raise ActivationError(
            f"{self._name} line {line}, column {place + 1}{name}: {what}.",
            hint="Every value of a row must be a number.",
            line=line,
            column=place + 1,
        )


def _quoted_json(value: object) -> str:
    """Return a value for a message."""
    try:
        return quoted(json.dumps(value))
    except RecursionError:  # encoding recurses slightly deeper than parsing
        return "an object" if isinstance(value, dict) else "an array"
