"""Write a table once more with other numbers, in the same form."""

from __future__ import annotations

import random
import re

_CELL = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?")
_COMMA_CELL = re.compile(r"[-+]?\d+(?:,\d+)?")


def changed_text(text: str, seed: int) -> str:
    """A table with other numbers in the range of its own, written in the same form.

    Args:
        text: the table: comma, semicolon or tab; with semicolons or tabs a comma may begin the decimals.
        seed: says which others.
    """
    lines = text.splitlines(keepends=True)
    if not lines:
        return text
    last = next((line for line in reversed(lines) if line.strip()), "")
    mark = next((one for one in ";\t," if one in last), ";")
    cell = _COMMA_CELL if mark != "," and re.search(r"\d,\d", text) else _CELL
    table = [line.rstrip("\r\n").split(mark) for line in lines]
    ranges, firsts = _ranges(table, cell), _firsts(table, cell)
    number = random.Random(seed)
    new = [
        mark.join(
            _changed(one, cell, ranges.get(place), firsts.get(place), number)
            for place, one in enumerate(cells)
        )
        + line[len(line.rstrip("\r\n")) :]
        for line, cells in zip(lines, table, strict=True)
    ]
    return "".join(new)


def _value(text: str, cell: re.Pattern[str]) -> float | None:
    plain = text.strip().strip("\"'")
    return float(plain.replace(",", ".")) if len(plain) <= 40 and cell.fullmatch(plain) else None


def _ranges(table: list[list[str]], cell: re.Pattern[str]) -> dict[int, tuple[float, float]]:
    """The least and the largest number of each column."""
    ranges: dict[int, tuple[float, float]] = {}
    for cells in table:
        for place, text in enumerate(cells):
            value = _value(text, cell)
            if value is not None and abs(value) < 1e300:
                low, high = ranges.get(place, (value, value))
                ranges[place] = (min(low, value), max(high, value))
    return ranges


def _firsts(table: list[list[str]], cell: re.Pattern[str]) -> dict[int, float]:
    """The first number of each column: no other row may repeat the first one, whose answer is looked for."""
    firsts: dict[int, float] = {}
    for cells in table:
        for place, text in enumerate(cells):
            if (value := _value(text, cell)) is not None:
                firsts.setdefault(place, value)
    return firsts


def _beside(shown: str, step: int) -> str:
    """A number with one unit of its last digit more or less."""
    decimals = len(shown.partition(".")[2])
    return f"{float(shown) + step * 10.0**-decimals:.{decimals}f}"


def _changed(
    text: str,
    cell: re.Pattern[str],
    between: tuple[float, float] | None,
    first: float | None,
    number: random.Random,
) -> str:
    """A cell with another number, which is not the column's first one; as it was where it holds none."""
    value = _value(text, cell)
    if value is None or between is None:
        return text
    low, high = between
    plain = text.strip().strip("\"'")
    whole = re.fullmatch(r"[-+]?\d{1,15}", plain) is not None
    if high <= low:  # one row, or a column of equal numbers: around it
        low, high = value - 0.5 * max(abs(value), 0.2), value + 0.5 * max(abs(value), 0.2)
    new = number.uniform(low, high)
    decimals = len(re.split(r"[.,]", plain)[1]) if re.fullmatch(r"[-+]?\d*[.,]\d*", plain) else -1
    if whole:  # a program may read whole numbers as such
        shown = (
            str(round(new)) if high - low >= 4 else str(number.randint(round(value) - 2, round(value) + 3))
        )
    elif 0 <= decimals <= 6:
        shown = f"{new:.{max(decimals, 2)}f}"
    else:
        shown = f"{new:.6g}"
    if re.fullmatch(r"-?\d+(?:\.\d+)?", shown) and float(shown) == first:
        shown = _beside(shown, 1 if new <= (low + high) / 2 else -1)
    if "," in plain or (cell is _COMMA_CELL and "." in shown):
        shown = shown.replace(".", ",")
    return text.replace(plain, shown)
