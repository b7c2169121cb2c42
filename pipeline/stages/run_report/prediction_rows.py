"""Read the first rows of a prediction, for a table and plots."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pybrain_runtime.results.column_names import EXPECTED_CLASS, expected_and_error

MOST_ROWS = 10_000
"""Maximum number of rows read for the plots."""

_SHOWN_ROWS = 10
_SHOWN_COLUMNS = 16
_LONGEST_TEXT = 80


@dataclass(frozen=True)
class PredictionRows:
    """The first rows of a prediction.

    Attributes:
        header: the names of the columns that are shown.
        shown: the first rows, with these columns.
        texts: the indices of the text columns among these.
        hidden_columns: the number of columns that are not shown.
        outputs: the names of the outputs.
        predicted: the predicted values of at most `MOST_ROWS` rows, shape (rows, outputs).
        expected: the expected values of the same rows, shape (rows, outputs); None without expected values.
        expected_classes: the expected class of each of these rows; empty if the file has none.
    """

    header: tuple[str, ...]
    shown: tuple[tuple[str, ...], ...]
    texts: frozenset[int]
    hidden_columns: int
    outputs: tuple[str, ...]
    predicted: NDArray[np.float64]
    expected: NDArray[np.float64] | None
    expected_classes: tuple[str, ...] = ()


def read_prediction(path: Path, report: Mapping[str, object], kept: int = 0) -> PredictionRows:
    """Read the first rows of a prediction.

    Args:
        path: prediction.csv.
        report: the section ``prediction`` of prediction.json, which names the outputs.
        kept: the number of columns that were passed through; they come first, and are text even if they hold digits.

    Raises:
        ValueError: the columns are not those that the report names.
        csv.Error: a cell has more than 131,072 characters.
    """
    names = report.get("outputs")
    outputs = tuple(map(str, names)) if isinstance(names, list) else ()
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        first = _place_of_outputs(header, outputs)
        after = {name: place for place, name in enumerate(header) if place >= first + len(outputs)}
        places = [after[name] for name in expected_and_error(outputs)[::2] if name in after]
        shown = _shown_columns(header, first)
        head: list[tuple[str, ...]] = []
        predicted: list[list[float]] = []
        expected: list[list[float]] = []
        classes: list[str] = []
        # Passed-through cells may be long, so only the plotted values of all rows are kept.
        for row in itertools.islice(reader, MOST_ROWS):
            if len(head) < _SHOWN_ROWS:
                head.append(tuple(_shown(row[place], is_text=place < kept) for place in shown))
            predicted.append([float(cell) for cell in row[first : first + len(outputs)]])
            expected.append([float(row[place]) for place in places])
            classes += [row[after[EXPECTED_CLASS]]] if EXPECTED_CLASS in after else []
    return PredictionRows(
        header=tuple(header[place] for place in shown),
        shown=tuple(head),
        texts=frozenset(
            place
            for row in head
            for place, cell in enumerate(row)
            if shown[place] < kept or not _is_number(cell)
        ),
        hidden_columns=len(header) - len(shown),
        outputs=outputs,
        predicted=_table(predicted, len(outputs)),
        expected=_table(expected, len(outputs)) if outputs and len(places) == len(outputs) else None,
        expected_classes=tuple(classes),
    )


def _place_of_outputs(header: Sequence[str], outputs: Sequence[str]) -> int:
    """Return the index of the first output; an input may have the same name, but comes before the outputs."""
    for place in range(len(header) - len(outputs), -1, -1):
        if tuple(header[place : place + len(outputs)]) == tuple(outputs):
            return place
    raise ValueError("the columns of the prediction are not those that its report names")


def _table(rows: Sequence[Sequence[float]], columns: int) -> NDArray[np.float64]:
    return np.array(rows, dtype=np.float64).reshape(len(rows), columns)


def _shown_columns(header: Sequence[str], first_output: int) -> list[int]:
    """Return the columns to show; if there are too many, inputs are left out first."""
    after = list(range(first_output, len(header)))[:_SHOWN_COLUMNS]
    return [*range(min(first_output, _SHOWN_COLUMNS - len(after))), *after]


def _shown(text: str, *, is_text: bool) -> str:
    """Return a cell for a table: numbers with six digits, long text cut off."""
    if is_text or not _is_number(text):
        return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "..."
    return text if len(text) <= 8 else f"{float(text):.6g}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
