"""The cells of CSV lines and the numbers in them: delimiters, quotes, decimal commas, and error locations."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.io.printable import plural, quoted, shortened
from pybrain_runtime.tables.column_errors import AmbiguousHeader

# Compiled at first use: most runs need none of them.
_NOT_FINITE = r"(?i)[+-]?(?:nan|inf|infinity|1\.#.*|#n/?a.*)"
THOUSANDS = r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+"
# Neither a number nor a name: a marker of a missing value, or digits with separators, units and the like.
_NO_NAME = (
    r"(?i)n/?a|null|none|nil|#.*|[-+.,?*]+|0x[0-9a-f]+|[-+]*[.,]*\d[\d.,_' \u00a0\u202f]*(?:e[-+]?\d*)?%?"
)
_QUOTED = r'"[^"]*"'
_ENDS = frozenset("0123456789.")


DELIMITERS = (",", ";", "\t")


def detect_delimiter(line: str) -> str:
    """Return the delimiter of a line: tab before semicolon before comma; a comma if there is none.

    Detection is most reliable on a line of data: the names of a header may contain other delimiters.
    """
    bare = re.sub(_QUOTED, "", line) if '"' in line else line
    return next((mark for mark in "\t;," if mark in bare), ",")


def noted_delimiter(line: bytes) -> str | None:
    """Return the delimiter of a first line ``sep=;``, which Excel reads and writes; None if the line is not one.

    The delimiter may be a character that is not supported, or an empty string.
    """
    note = re.fullmatch(rb'"?sep=(.?)"?', line.strip(b" \r\n"), re.IGNORECASE) if b"=" in line[:5] else None
    return note[1].decode("latin-1") if note else None


def other_separator(line: str, delimiter: str) -> str:
    """Return the name of another separator in a line; an empty string if there is none.

    Args:
        line: the line.
        delimiter: the delimiter of the file.
    """
    marks = {
        "\t": "tabs",
        ";": "semicolons",
        ",": "commas",
        "|": "vertical bars",
        ":": "colons",
        " ": "spaces",
    }
    return next((word for mark, word in marks.items() if mark != delimiter and mark in line.strip()), "")


class CellParser:
    """Splits lines of one file into cells, and converts cells to numbers.

    Attributes:
        names: the header, for messages; empty if there is none.
        decimal_comma: whether numbers may have a decimal comma, as they may with semicolons as delimiters.
        row_word: the word for a row in messages.

    Args:
        file: the file's name, for messages.
        delimiter: the character between cells.
    """

    def __init__(self, file: str, delimiter: str) -> None:
        self.file = file
        self.delimiter = delimiter
        self.decimal_comma = delimiter == ";"
        self.row_word = "line"
        self.names: tuple[str, ...] = ()

    def text(self, line: int, raw: bytes) -> str:
        """Return a line as text.

        Args:
            line: the line number.
            raw: its bytes.

        Raises:
            ActivationError: the line is not UTF-8.
        """
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ActivationError(
                f"{self.file} line {line} is not UTF-8: byte 0x{raw[error.start]:02x} at position "
                f"{error.start + 1} of the line.",
                hint="Save the file in UTF-8.",
                line=line,
            ) from None

    def cells(self, line: int, text: str) -> list[str]:
        """Return the cells of a line, unquoted and stripped.

        Args:
            line: the line number.
            text: the line.

        Raises:
            ActivationError: a quote is not closed, or is not allowed at its position.
        """
        if '"' not in text:
            return [cell.strip() for cell in text.split(self.delimiter)]
        import csv  # rare, so it is not imported at every start

        if csv.field_size_limit() < len(text):
            csv.field_size_limit(len(text))  # lines are bounded already, and pyarrow has no such limit
        try:
            rows = list(csv.reader([text], delimiter=self.delimiter, strict=True, skipinitialspace=True))
        except csv.Error as error:
            raise ActivationError(
                f"{self.file} line {line} has a quoted cell that does not end in its line ({error}).",
                hint="Each line holds one row; a quote inside a cell must be doubled.",
                line=line,
            ) from None
        return [cell.strip() for cell in rows[0]]

    def count_values(self, cells: list[str]) -> tuple[int, int]:
        """Return how many cells of a first row can be values and how many can only be names.

        Values are numbers, text that looks like a number (``1_000``, ``12%``), NaN and infinity, and markers of
        missing values (``n/a``, ``null``, ``?``). Empty cells are neither.
        """
        values = names = 0
        for cell in filter(None, cells):
            if self._numeric(cell) or re.fullmatch(_NOT_FINITE, cell) or re.fullmatch(_NO_NAME, cell):
                values += 1
            else:
                names += 1
        return values, names

    def is_header(self, cells: list[str]) -> bool:
        """Return whether a first row is a header: more of its cells can only be names than can be values.

        A row of mostly numbers is invalid data, not a header.
        """
        values, names = self.count_values(cells)
        return names > values

    def mixed_first_row(self, cells: list[str], line: int) -> ActivationError | None:
        """Return the error for a first row with a few names among numbers; None if it is a header or a row.

        Args:
            cells: the first row.
            line: the line number.
        """
        values, names = self.count_values(cells)
        if not names or names > values:
            return None
        column = next(place for place, cell in enumerate(cells) if self.count_values([cell])[1])
        of = f"{values} of the {plural(values + names, 'cell')} in the first row"
        return AmbiguousHeader(
            f"{self.file} line {line}, {self.column_label(column)}: {quoted(cells[column])} is not a number, but {of} "
            "can only be values, so it is not a header.",
            hint="Correct the cell.",
            line=line,
            column=column + 1,
        )

    def number(self, cell: str, line: int, column: int) -> float:
        """Return the number in a cell.

        Args:
            cell: the cell.
            line: the line number, for messages.
            column: its column, counted from 0.

        Raises:
            ActivationError: the cell is not a number, or not finite; the message names line and column.
        """
        if self._numeric(cell):
            value = float(cell.replace(",", ".") if self.decimal_comma else cell)
            if np.isfinite(value):
                return value
            raise self._invalid(line, column, f"{quoted(cell)} is out of float64 range")
        if not cell:
            raise self._invalid(line, column, "the cell is empty")
        if re.fullmatch(_NOT_FINITE, cell):
            raise self._invalid(line, column, f"{quoted(cell)} is not a finite number")
        comma = _is_number(cell, comma=True)
        hint = "With a decimal comma, separate the cells by semicolons." if comma else ""
        raise self._invalid(line, column, f"{quoted(cell)} is not a number", hint)

    def check_thousands(self, cells: list[str], places: Sequence[int], line: int) -> None:
        """Check that no cell of a row with decimal commas is ambiguous, as ``1.234`` is, which may mean 1234.

        Args:
            cells: the row.
            places: the used columns, counted from 0.
            line: the line number.

        Raises:
            ActivationError: a cell is ambiguous; the message names line and column.
        """
        if not self.decimal_comma or not any("," in cells[place] for place in places):
            return
        for place in places:
            if re.fullmatch(THOUSANDS, cells[place]):
                what = (
                    f"{quoted(cells[place])} may have a thousands separator or a decimal point, "
                    "as the row has decimal commas"
                )
                raise self._invalid(
                    line, place, what, "Write all numbers with a decimal comma, without thousands separators."
                )

    def column_label(self, column: int) -> str:
        """Return ``column 3 (petal_length)`` for column 2, counted from 0."""
        name = self.names[column] if column < len(self.names) else ""
        return f"column {column + 1} ({shortened(name)})" if name else f"column {column + 1}"

    def parse_plain(self, lines: list[bytes], width: int) -> np.ndarray | None:
        """Return the numbers of lines that hold nothing but plain numbers; None where anything is unusual.

        Args:
            lines: the lines, n of them.
            width: number of columns in the file.

        Returns:
            float64, shape (n, width).
        """
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

    def _invalid(self, line: int, column: int, what: str, hint: str = "") -> ActivationError:
        return ActivationError(
            f"{self.file} {self.row_word} {line}, {self.column_label(column)}: {what}.",
            hint=hint or "Every cell of a row must hold a number.",
            line=line,
            column=column + 1,
        )


def _is_number(cell: str, *, comma: bool = False) -> bool:
    """Return whether a cell is a number in digits, with a decimal point or with a decimal comma."""
    if comma:
        if "." in cell or cell.count(",") != 1:
            return False
        cell = cell.replace(",", ".")
    # float() also accepts digits of other scripts, 1_000, inf and nan.
    if not cell.isascii() or "_" in cell or cell[-1:] not in _ENDS:
        return False
    try:
        float(cell)
        return True
    except ValueError:
        return False
