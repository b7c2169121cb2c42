"""Rows of numbers out of lines of text: delimiters, quotes, decimal commas, and exact places of errors."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from pybrain_runtime.errors import ActivationError

# Compiled when they are first needed, which at most starts is never.
_NOT_FINITE = r"(?i)[+-]?(?:nan|inf|infinity|1\.#.*|#n/?a.*)"
THOUSANDS = r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+"
# What is no number and no name either: a mark for what is missing, or digits and what people write between them.
_NO_NAME = (
    r"(?i)n/?a|null|none|nil|#.*|[-+.,?*]+|0x[0-9a-f]+|[-+]*[.,]*\d[\d.,_' \u00a0\u202f]*(?:e[-+]?\d*)?%?"
)
_QUOTED = r'"[^"]*"'
_ENDS = frozenset("0123456789.")
_SHOWN = 40


def detect_delimiter(line: str) -> str:
    """Returns the delimiter that a line uses: tab before semicolon before comma; a comma where there is none.

    A line of data tells best: a header may hold the other ones in its names.
    """
    bare = re.sub(_QUOTED, "", line) if '"' in line else line
    return next((mark for mark in "\t;," if mark in bare), ",")


def other_separator(line: str, delimiter: str) -> str:
    """Returns in words what separates the cells of a line where that is not the file's delimiter; else nothing."""
    marks = {
        "\t": "tabs",
        ";": "semicolons",
        ",": "commas",
        "|": "vertical bars",
        ":": "colons",
        " ": "spaces",
    }
    return next((word for mark, word in marks.items() if mark != delimiter and mark in line.strip()), "")


def visible(text: str) -> str:
    """Returns a cell for a message: in quotes, cut when long, nothing that a terminal would act on."""
    cut = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return repr(cut) if cut.isprintable() else ascii(cut)


def plural(count: int, word: str) -> str:
    """Returns ``1 column`` or ``3 columns``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


class CellParser:
    """Reads lines of one file.

    Args:
        file: its name, for messages.
        delimiter: what stands between cells. With semicolons, numbers may have a decimal comma.
    """

    def __init__(self, file: str, delimiter: str) -> None:
        self.file = file
        self.delimiter = delimiter
        self.decimal_comma = delimiter == ";"
        self.names: tuple[str, ...] = ()

    def text(self, line: int, raw: bytes) -> str:
        """Returns a line as text.

        Raises:
            ActivationError: it is not UTF-8.
        """
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ActivationError(
                f"{self.file} line {line} is not UTF-8: byte 0x{raw[error.start]:02x} at place "
                f"{error.start + 1} of the line.",
                hint="Save the file in UTF-8.",
                line=line,
            ) from None

    def cells(self, line: int, text: str) -> list[str]:
        """Returns the cells of a line without quotes and without blanks around.

        Raises:
            ActivationError: a quote is opened and not closed, or stands where none may.
        """
        if '"' not in text:
            return [cell.strip() for cell in text.split(self.delimiter)]
        import csv  # rare, so it is not loaded at every start

        if csv.field_size_limit() < len(text):
            csv.field_size_limit(len(text))  # a line is bounded already; pyarrow knows no such limit
        try:
            rows = list(csv.reader([text], delimiter=self.delimiter, strict=True, skipinitialspace=True))
        except csv.Error as error:
            raise ActivationError(
                f"{self.file} line {line} has a quoted cell that does not end in its line ({error}).",
                hint="One line holds one row; a quote inside a cell is doubled.",
                line=line,
            ) from None
        return [cell.strip() for cell in rows[0]]

    def count_values(self, cells: list[str]) -> tuple[int, int]:
        """Counts the cells of a first row that can be values of a row, and those that can only be names.

        Values are numbers, whatever is written like one (``1_000``, ``12%``), NaN and infinity, and marks for what
        is missing (``n/a``, ``null``, ``?``). Empty cells are neither.
        """
        values = names = 0
        for cell in filter(None, cells):
            if self._numeric(cell) or re.fullmatch(_NOT_FINITE, cell) or re.fullmatch(_NO_NAME, cell):
                values += 1
            else:
                names += 1
        return values, names

    def is_header(self, cells: list[str]) -> bool:
        """Says whether a first row names columns: more of its cells can only be names than can be values.

        A row that is mostly numbers is data with a mistake, not a header.
        """
        values, names = self.count_values(cells)
        return names > values

    def mostly_numbers(self, cells: list[str], line: int) -> ActivationError | None:
        """Returns the error for a first row that is neither a header nor a row: names among numbers."""
        values, names = self.count_values(cells)
        if not names or names > values:
            return None
        column = next(place for place, cell in enumerate(cells) if self.count_values([cell])[1])
        of = f"{values} of the {plural(values + names, 'cell')} in the first row"
        return self._bad(
            line,
            column,
            f"{visible(cells[column])} is not a number, but {of} can only be values, so that it is no header",
            "Correct the cell. Where the first row is a header all the same, say so by choosing columns by name with "
            "INPUT_COLUMNS.",
        )

    def number(self, cell: str, line: int, column: int) -> float:
        """Returns the number in a cell.

        Raises:
            ActivationError: there is none, or it is not finite; the message names line and column.
        """
        if self._numeric(cell):
            value = float(cell.replace(",", ".") if self.decimal_comma else cell)
            if np.isfinite(value):
                return value
            raise self._bad(line, column, f"{visible(cell)} is beyond the range of numbers")
        if not cell:
            raise self._bad(line, column, "the cell is empty")
        if re.fullmatch(_NOT_FINITE, cell):
            raise self._bad(line, column, f"{visible(cell)} is not a finite number")
        comma = _is_number(cell, comma=True)
        hint = "With a decimal comma, separate the cells by semicolons." if comma else ""
        raise self._bad(line, column, f"{visible(cell)} is not a number", hint)

    def check_thousands(self, cells: list[str], places: Sequence[int], line: int) -> None:
        """Refuses ``1.234`` in a row that has decimal commas: it may be meant as 1234.

        Raises:
            ActivationError: there is such a cell; the message names line and column.
        """
        if not self.decimal_comma or not any("," in cells[place] for place in places):
            return
        for place in places:
            if re.fullmatch(THOUSANDS, cells[place]):
                what = f"{visible(cells[place])} may be thousands or a decimal point, as the row has decimal commas"
                raise self._bad(
                    line, place, what, "Write all numbers with a decimal comma, without thousands marks."
                )

    def where(self, column: int) -> str:
        """Returns ``column 3 (petal_length)`` for the third column."""
        name = self.names[column] if column < len(self.names) else ""
        return f"column {column + 1} ({visible(name)[1:-1]})" if name else f"column {column + 1}"

    def fast(self, lines: list[bytes], width: int) -> np.ndarray | None:
        """Returns the numbers of plain lines, shape (lines, width), or None where anything is unusual."""
        delimiter = self.delimiter.encode()
        marks = width - 1
        if any(line.count(delimiter) != marks for line in lines):
            return None
        joined = delimiter.join(lines)
        if b'"' in joined or b"_" in joined:
            return None
        if self.decimal_comma and b"," in joined:
            if b"." in joined:
                return None
            joined = joined.replace(b",", b".")
        try:
            numbers = np.array(list(map(float, joined.split(delimiter))))
        except ValueError:
            return None
        return numbers.reshape(len(lines), width) if np.isfinite(numbers).all() else None

    def _numeric(self, cell: str) -> bool:
        return _is_number(cell) or (self.decimal_comma and _is_number(cell, comma=True))

    def _bad(self, line: int, column: int, what: str, hint: str = "") -> ActivationError:
        return ActivationError(
            f"{self.file} line {line}, {self.where(column)}: {what}.",
            hint=hint or "Every cell of a row must hold a number.",
            line=line,
            column=column + 1,
        )


def _is_number(cell: str, *, comma: bool = False) -> bool:
    """Says whether a cell is a number in digits, with a decimal point or with a decimal comma."""
    if comma:
        if "." in cell or cell.count(",") != 1:
            return False
        cell = cell.replace(",", ".")
    # float() also knows digits of other scripts, 1_000, inf and nan.
    if not cell.isascii() or "_" in cell or cell[-1:] not in _ENDS:
        return False
    try:
        float(cell)
        return True
    except ValueError:
        return False
