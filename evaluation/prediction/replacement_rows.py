"""Write a table with other numbers in the same format."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

# Minimum and maximum number of lines of a sample of rows.
_SAMPLE, _MOST_SAMPLED = 64, 1_000
_CELL = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?")
_COMMA_CELL = re.compile(r"[-+]?\d+(?:,\d+)?")


def with_other_numbers(text: str, seed: int) -> str:
    """Return a table with random numbers in the ranges of its columns, written in the same format.

    Args:
        text: the table, with commas, semicolons or tabs; with the latter two, decimal commas are recognised.
        seed: seed of the random numbers.
    """
    lines = text.splitlines(keepends=True)
    if not lines:
        return text
    last = next((line for line in reversed(lines) if line.strip()), "")
    separator = next((text for text in ";\t," if text in last), ";")
    cell = _COMMA_CELL if separator != "," and re.search(r"\d,\d", text) else _CELL
    table = [line.rstrip("\r\n").split(separator) for line in lines]
    ranges, first_values = _column_ranges(table, cell), _first_values(table, cell)
    integers = _integer_columns(table, cell)
    rng = random.Random(seed)
    new = [
        separator.join(
            _other_cell(
                cell_text,
                cell,
                ranges.get(column),
                first_values.get(column),
                rng,
                is_integer=column in integers,
            )
            for column, cell_text in enumerate(cells)
        )
        + line[len(line.rstrip("\r\n")) :]
        for line, cells in zip(lines, table, strict=True)
    ]
    return "".join(new)


@dataclass(frozen=True)
class SampleRows:
    """A table with many random rows, each in the ranges of the columns.

    Attributes:
        text: the table.
        lines: the lines of its rows, without line endings.
        first: the index of the first row among the non-empty lines.
    """

    text: str
    lines: tuple[str, ...]
    first: int


def sample_rows(text: str, count: int, seed: int) -> SampleRows:
    """Return a table with other numbers and at least 64 rows, even if the original has a single row.

    Args:
        text: the table.
        count: the number of its rows; the lines above them are kept.
        seed: seed of the random numbers.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    first = max(0, len(lines) - count)
    rows = lines[first : first + _MOST_SAMPLED]
    repeated = rows * -(-_SAMPLE // max(len(rows), 1))
    sampled = with_other_numbers("\n".join([*lines[:first], *repeated]) + "\n", seed)
    return SampleRows(sampled, tuple(sampled.splitlines()[first:]), first)


def with_first_row(text: str, sample: SampleRows, line: str) -> str:
    """Return a table whose first row is a row of a sample.

    Args:
        text: the table from which the sample was drawn, or one of the same format.
        sample: the sample.
        line: the row.
    """
    lines = text.splitlines(keepends=True)
    places = [place for place, old in enumerate(lines) if old.strip()]
    old = lines[places[sample.first]]
    lines[places[sample.first]] = line + old[len(old.rstrip("\r\n")) :]
    return "".join(lines)


def _parse_cell(text: str, cell: re.Pattern[str]) -> float | None:
    plain = text.strip().strip("\"'")
    return float(plain.replace(",", ".")) if len(plain) <= 40 and cell.fullmatch(plain) else None


def _column_ranges(table: list[list[str]], cell: re.Pattern[str]) -> dict[int, tuple[float, float]]:
    """Return the smallest and the largest number of each column."""
    ranges: dict[int, tuple[float, float]] = {}
    for cells in table:
        for column, text in enumerate(cells):
            value = _parse_cell(text, cell)
            if value is not None and abs(value) < 1e300:
                low, high = ranges.get(column, (value, value))
                ranges[column] = (min(low, value), max(high, value))
    return ranges


def _first_values(table: list[list[str]], cell: re.Pattern[str]) -> dict[int, float]:
    """Return the first number of each column; no row may repeat the first row, whose prediction is searched for."""
    first_values: dict[int, float] = {}
    for cells in table:
        for column, text in enumerate(cells):
            if (value := _parse_cell(text, cell)) is not None:
                first_values.setdefault(column, value)
    return first_values


def _integer_columns(table: list[list[str]], cell: re.Pattern[str]) -> frozenset[int]:
    """Return the columns in which all numbers are integers."""
    found: dict[int, bool] = {}
    for cells in table:
        for column, text in enumerate(cells):
            if _parse_cell(text, cell) is not None:
                plain = text.strip().strip("\"'")
                found[column] = found.get(column, True) and re.fullmatch(r"[-+]?\d{1,15}", plain) is not None
    return frozenset(column for column, whole in found.items() if whole)


def _next_to(number: str, step: int) -> str:
    """Return a number with its last digit changed by one unit."""
    decimals = len(number.partition(".")[2])
    return f"{float(number) + step * 10.0**-decimals:.{decimals}f}"


def _other_cell(
    text: str,
    cell: re.Pattern[str],
    bounds: tuple[float, float] | None,
    first: float | None,
    rng: random.Random,
    *,
    is_integer: bool,
) -> str:
    """Return a cell with a new number, different from its own and the column's first; unchanged if not numeric."""
    value = _parse_cell(text, cell)
    if value is None or bounds is None:
        return text
    low, high = bounds
    plain = text.strip().strip("\"'")
    if high <= low:  # one row, or a column of equal numbers: use a range around the number
        low, high = value - 0.5 * max(abs(value), 0.2), value + 0.5 * max(abs(value), 0.2)
    new = rng.uniform(low, high)
    decimals = len(re.split(r"[.,]", plain)[1]) if re.fullmatch(r"[-+]?\d*[.,]\d*", plain) else -1
    if is_integer:  # a program may parse the column as integers
        new_text = str(round(new)) if high - low >= 4 else str(rng.randint(round(low) - 2, round(high) + 3))
    elif 0 <= decimals <= 6:
        new_text = f"{new:.{max(decimals, 2)}f}"
    else:
        new_text = f"{new:.6g}"
    if re.fullmatch(r"-?\d+(?:\.\d+)?", new_text) and float(new_text) == first:
        new_text = _next_to(new_text, 1 if new <= (low + high) / 2 else -1)
    if "," in plain or (cell is _COMMA_CELL and "." in new_text):
        new_text = new_text.replace(".", ",")
    return text.replace(plain, new_text)
