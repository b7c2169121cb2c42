"""Reads rows from JSON lines: an object or an array of numbers per line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import chain
from typing import Any, NoReturn

from pybrain_runtime._io.printable import quoted, shortened
from pybrain_runtime._io.strict_json import RepeatedKey, parse_json
from pybrain_runtime.errors import ActivationError
from pybrain_runtime.tables.batch import RowBatch
from pybrain_runtime.tables.column_selection import ColumnSelection
from pybrain_runtime.tables.column_selector import ColumnSelector
from pybrain_runtime.tables.formats.line_reader import LineChunk, LineReader
from pybrain_runtime.tables.formats.row_collector import RowCollector, blank_batch
from pybrain_runtime.tables.table_file import TableFile


class JsonLinesReader:
    """Reads JSON lines. The keys of the first object are the header, in their order.

    Attributes:
        header: the keys of the first object; empty where the lines are arrays.
        columns: the selected columns.
        total: 0: the length is unknown before the end.
        fast: as given; parsing itself does not use pyarrow.

    Args:
        file: the file.
        selector: chooses the columns.
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
        chunks = LineReader(file.blocks(), file.name).chunks()
        # The format was detected by a line that is not blank. Blank lines before it are ignored.
        first = next(chunk for chunk in chunks if chunk.content.strip())
        lines = first.split()
        place = next(place for place, line in enumerate(lines) if line.strip())
        value = self._parsed(first.number + place, lines[place])
        self.header: tuple[str, ...] = tuple(value) if isinstance(value, dict) else ()
        for name in self.header:
            if not _is_text(name):
                raise self._invalid(
                    first.number + place, f"has a key that is not valid Unicode: {quoted(name)}"
                )
        self.columns: ColumnSelection = selector.select(len(value), self.header, first.number + place)
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

    def _row(self, number: int, line: bytes) -> list[float] | None:
        """Return the numbers of a line, inputs before targets; None for a blank line."""
        if not line.strip():
            return None
        value = self._parsed(number, line)
        if isinstance(value, dict) != bool(self.header):
            raise self._invalid(number, "is not of the same form as the lines before it")
        if isinstance(value, dict):
            cells = self._values(number, value)
        elif len(value) == self.columns.width:
            cells = value
        else:
            raise self._selector.width_error(len(value), self.columns, number)
        places = chain(self.columns.inputs, self.columns.targets)
        return [self._number(cells[place], number, place) for place in places]

    def _values(self, number: int, value: dict[str, object]) -> list[object]:
        if len(value) != len(self.header) or any(name not in value for name in self.header):
            missing = [quoted(name) for name in self.header if name not in value]
            more = [quoted(name) for name in value if name not in self.header]
            differences = [f"without {', '.join(missing)}"] if missing else []
            differences += [f"with {', '.join(more)}"] if more else []
            raise self._invalid(
                number, f"has other keys than the lines before it: {' and '.join(differences)}"
            )
        return [value[name] for name in self.header]

    def _parsed(self, number: int, line: bytes) -> dict[str, object] | list[object]:
        try:
            value = parse_json(line.decode("utf-8"), parse_constant=_reject_constant)
        except UnicodeDecodeError as error:
            raise self._invalid(
                number,
                f"is not UTF-8: byte 0x{line[error.start]:02x} at position {error.start + 1} of the line",
            ) from None
        except RepeatedKey as error:
            raise self._invalid(number, f"has the key {quoted(error.key)} twice") from None
        except RecursionError:
            raise self._invalid(number, "is not JSON: its lists and objects are nested too deeply") from None
        except ValueError as error:
            if line.strip() in (b"[", b"{", b"[{", b"[["):
                raise self._one_document(number) from None
            raise self._invalid(number, f"is not JSON: {_reason(error)}") from None
        if not isinstance(value, dict | list) or not value:
            raise self._invalid(number, "is neither an object nor an array of numbers")
        if isinstance(value, list) and isinstance(value[0], dict | list):
            raise self._one_document(number)
        return value

    def _one_document(self, line: int) -> ActivationError:
        return ActivationError(
            f"{self._name} line {line} is not JSON by itself: one document seems to hold all rows.",
            hint="Write each row on a line of its own: jq -c '.[]' does that for an array of rows, pandas with "
            "to_json(orient='records', lines=True).",
            line=line,
        )

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

    def _invalid(self, line: int, what: str) -> ActivationError:
        return ActivationError(
            f"{self._name} line {line} {what}.",
            hint="Each line holds one row: an object or an array of numbers.",
            line=line,
        )


def _quoted_json(value: object) -> str:
    """Return a value for a message."""
    try:
        return quoted(json.dumps(value))
    except RecursionError:  # encoding needs a little more depth than parsing
        return "an object" if isinstance(value, dict) else "an array"


def _reason(error: ValueError) -> str:
    """Return what is wrong with a line. Python limits the digits of an integer; JSON does not."""
    own = isinstance(error, json.JSONDecodeError) or "finite" in str(error)
    return str(error) if own else "a number has too many digits"


def _is_text(name: str) -> bool:
    """Return whether a key can be encoded: JSON allows half of a surrogate pair, UTF-8 does not."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _reject_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a finite number")
