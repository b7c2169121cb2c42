"""Read the first rows of a prediction, for a table and plots."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MOST_ROWS = 10_000
"""Rows that are read for the plots."""

_SHOWN_ROWS = 10
_SHOWN_COLUMNS = 16


@dataclass(frozen=True)
class PredictionRows:
    """The first rows of a prediction.

    Attributes:
        header: the names of the columns that are shown.
        shown: the first rows, with these columns.
        hidden_columns: how many columns are not shown.
        outputs: the names of the outputs.
        predicted: the predicted values of at most `MOST_ROWS` rows, shape (rows, outputs).
        expected: the expected values of the same rows, shape (rows, outputs); None without expected values.
    """

    header: tuple[str, ...]
    shown: tuple[tuple[str, ...], ...]
    hidden_columns: int
    outputs: tuple[str, ...]
    predicted: NDArray[np.float64]
    expected: NDArray[np.float64] | None


def read_prediction(path: Path, report: Mapping[str, object]) -> PredictionRows:
    """Read the first rows of a prediction.

    Args:
        path: prediction.csv.
        report: the section ``prediction`` of prediction.json, which names the outputs.

    Raises:
        ValueError: the columns are not those that the report names.
    """
    names = report.get("outputs")
    outputs = tuple(map(str, names)) if isinstance(names, list) else ()
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        rows = list(itertools.islice(reader, MOST_ROWS))
    first = _place_of_outputs(header, outputs)
    predicted = _numbers(rows, range(first, first + len(outputs)))
    places = [header.index(name) for name in _expected_names(outputs) if name in header[first:]]
    shown = _shown_columns(header, first)
    return PredictionRows(
        header=tuple(header[place] for place in shown),
        shown=tuple(tuple(_shortened(row[place]) for place in shown) for row in rows[:_SHOWN_ROWS]),
        hidden_columns=len(header) - len(shown),
        outputs=outputs,
        predicted=predicted,
        expected=_numbers(rows, places) if outputs and len(places) == len(outputs) else None,
    )


def _place_of_outputs(header: Sequence[str], outputs: Sequence[str]) -> int:
    """Return where the outputs begin; an input may have the name of an output, and comes before it."""
    for place in range(len(header) - len(outputs), -1, -1):
        if tuple(header[place : place + len(outputs)]) == tuple(outputs):
            return place
    raise ValueError("the columns of the prediction are not those that its report names")


def _expected_names(outputs: Sequence[str]) -> list[str]:
    return ["expected"] if len(outputs) == 1 else [f"expected_{name}" for name in outputs]


def _numbers(rows: Sequence[Sequence[str]], places: Sequence[int]) -> NDArray[np.float64]:
    return np.array([[float(row[place]) for place in places] for row in rows], dtype=np.float64).reshape(
        len(rows), len(places)
    )


def _shown_columns(header: Sequence[str], first_output: int) -> list[int]:
    """Return the columns to show: inputs are left out first, because the outputs are what a reader looks for."""
    after = list(range(first_output, len(header)))[:_SHOWN_COLUMNS]
    return [*range(min(first_output, _SHOWN_COLUMNS - len(after))), *after]


def _shortened(text: str) -> str:
    """Return a number with six digits, for a table; a text as it is."""
    try:
        number = float(text)
    except ValueError:
        return text
    return text if len(text) <= 8 else f"{number:.6g}"
