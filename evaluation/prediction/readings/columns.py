"""The columns of the rows that may be the inputs of a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.errors import PipelineError
from pybrain_runtime import Knowledge, read_activation

Inputs = tuple[str, NDArray[np.float64]]
"""A description of the columns for reports, and the inputs, shape (n, indim)."""

_TARGET_NAMES = """
    y target targets label labels class expected output outputs actual true truth y_true ytrue y_test
    soll ziel zielwert sollwert erwartet result ergebnis
"""
_TARGETS = frozenset(_TARGET_NAMES.split())
_NUMBERS = frozenset(["id", "index", "row", "nr", "no", "number", "zeile", "unnamed: 0", ""])


def input_readings(data: Path, knowledge: Knowledge) -> list[Inputs]:
    """Return the possible inputs: those of the runtime, columns chosen by name, or the first and last columns.

    Args:
        data: the file of rows.
        knowledge: the network.

    Raises:
        PipelineError: no columns fit the network.
    """
    try:
        readings: list[Inputs] = [("", read_activation(data, knowledge).inputs)]
    except PipelineError as refused:
        numbers = _numeric_columns(data)[1]
        if numbers is None or numbers.shape[1] < knowledge.indim:
            raise refused
        readings = [
            ("the first columns", numbers[:, : knowledge.indim]),
            ("the last columns", numbers[:, -knowledge.indim :]),
        ]
    named = _named_columns(data, knowledge)
    distinct: list[Inputs] = []
    for text, inputs in [*readings, *named]:
        if not any(np.array_equal(inputs, known) for _, known in distinct):
            distinct.append((text, inputs))
    return distinct


def _named_columns(data: Path, knowledge: Knowledge) -> list[Inputs]:
    """Return the columns that, by name, are neither expected outputs nor row numbers, if their number fits."""
    if knowledge.card is not None and any(column.name for column in knowledge.card.inputs):
        return []
    if not any(cell in _TARGETS | _NUMBERS for cell in _header(data)):
        return []
    names, numbers = _numeric_columns(data)
    if numbers is None or not names:
        return []
    kept = [place for place, name in enumerate(names) if name.strip().lower() not in _TARGETS | _NUMBERS]
    if len(kept) != knowledge.indim or len(kept) == len(names):
        return []
    return [(f"the columns {', '.join(names[place] for place in kept[:6])}", numbers[:, kept])]


def _header(data: Path) -> list[str]:
    """Return the cells of the first line, in lower case."""
    with data.open("rb") as file:
        line = file.readline(65_536).decode("utf-8-sig", "replace")
    return [cell.strip().strip("\"'").lower() for cell in line.split(max(",;\t", key=line.count))]


def _numeric_columns(data: Path) -> tuple[Sequence[str], NDArray[np.float64] | None]:
    """Return the names and values of the numeric columns of a table; no names without a header."""
    lines = [line for line in data.read_bytes().decode("utf-8-sig", "replace").splitlines() if line.strip()]
    if not lines:
        return (), None
    separator = max(",;\t", key=lines[-1].count)
    comma = separator != "," and any("," in line for line in lines[1:50])
    rows = [[_number(cell, comma) for cell in line.split(separator)] for line in lines]
    header: Sequence[str] = ()
    if all(value is None for value in rows[0]):
        header = [cell.strip().strip("\"'") for cell in lines[0].split(separator)]
        rows = rows[1:]
    if not rows or len({len(row) for row in rows}) != 1:
        return (), None
    columns = list(zip(*rows, strict=True))
    numeric = [place for place, column in enumerate(columns) if None not in column]
    if not numeric:
        return (), None
    names = [header[place] for place in numeric] if len(header) == len(columns) else ()
    return names, np.array([columns[place] for place in numeric], dtype=np.float64).T


def _number(cell: str, comma: bool) -> float | None:
    text = cell.strip().strip("\"'")
    try:
        value = float(text.replace(",", ".") if comma else text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None
