"""Write a table once more with other numbers, in the same form."""

from __future__ import annotations

import random
import re

_CELL = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?")
_COMMA_CELL = re.compile(r"[-+]?\d+(?:,\d+)?")


def with_other_numbers(text: str, seed: int) -> str:
    """Return a table with random numbers in the ranges of its columns, written in the same form.

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
    rng = random.Random(seed)
    new = [
        separator.join(
            _other_cell(cell_text, cell, ranges.get(column), first_values.get(column), rng)
            for column, cell_text in enumerate(cells)
        )
        + line[len(line.rstrip("\r\n")) :]
        for line, cells in zip(lines, table, strict=True)
    ]
    return "".join(new)


def _parse_cell(text: str, cell: re.Pattern[str]) -> float | None:
    plain = text.strip().strip("\"'")
    return float(plain.replace(",", ".")) if len(plain) <= 40 and cell.fullmatch(plain) else None


def _column_ranges(table: list[list[str]], cell: re.Pattern[str]) -> dict[int, tuple[float, float]]:
    """Return the least and the largest number of each column."""
    ranges: dict[int, tuple[float, float]] = {}
    for cells in table:
        for column, text in enumerate(cells):
            value = _parse_cell(text, cell)
            if value is not None and abs(value) < 1e300:
                low, high = ranges.get(column, (value, value))
                ranges[column] = (min(low, value), max(high, value))
    return ranges


def _first_values(table: list[list[str]], cell: re.Pattern[str]) -> dict[int, float]:
    """Return the first number of each column: no row may repeat the first one, whose prediction is searched."""
    first_values: dict[int, float] = {}
    for cells in table:
        for column, text in enumerate(cells):
            if (value := _parse_cell(text, cell)) is not None:
                first_values.setdefault(column, value)
    return first_values


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
) -> str:
    """Return a cell with another number than before and than the column's first one; unchanged if it has no number."""
    value = _parse_cell(text, cell)
    if value is None or bounds is None:
        return text
    low, high = bounds
    plain = text.strip().strip("\"'")
    is_integer = re.fullmatch(r"[-+]?\d{1,15}", plain) is not None
    if high <= low:  # one row, or a column of equal numbers: a range around it
        low, high = value - 0.5 * max(abs(value), 0.2), value + 0.5 * max(abs(value), 0.2)
    new = rng.uniform(low, high)
    decimals = len(re.split(r"[.,]", plain)[1]) if re.fullmatch(r"[-+]?\d*[.,]\d*", plain) else -1
    if is_integer:  # a program may parse the column as integers
        new_text = (
            str(round(new)) if high - low >= 4 else str(rng.randint(round(value) - 2, round(value) + 3))
        )
    elif 0 <= decimals <= 6:
        new_text = f"{new:.{max(decimals, 2)}f}"
    else:
        new_text = f"{new:.6g}"
    if re.fullmatch(r"-?\d+(?:\.\d+)?", new_text) and float(new_text) == first:
        new_text = _next_to(new_text, 1 if new <= (low + high) / 2 else -1)
    if "," in plain or (cell is _COMMA_CELL and "." in new_text):
        new_text = new_text.replace(".", ",")
    return text.replace(plain, new_text)
