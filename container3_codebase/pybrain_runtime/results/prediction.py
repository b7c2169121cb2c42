"""The prediction: what was written to ``prediction.csv`` and ``prediction.json``."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pybrain_runtime.io.printable import quoted
from pybrain_runtime.io.record import Record

_LISTED = 3


class Prediction(Record):
    """The files of a prediction, and what they hold.

    Attributes:
        path: the file with the rows.
        report_path: the JSON report.
        rows: number of rows.
        names: names of the outputs.
        first: outputs of the first rows, shape (at most 5, outdim).
        classes: class labels of the first rows; empty if there are no classes.
        errors: mse, mae, max_abs and, with classes, accuracy; None without expected outputs.
        report: content of the JSON report.
        formulas: names of columns, and classes, that a spreadsheet would evaluate as formulas. The file has them
            unchanged.
        formula_cells: number of cells, in columns that are passed through, that it would evaluate.
        not_finite: number of rows with an output that is NaN or infinite.
    """

    path: str
    report_path: str
    rows: int
    names: tuple[str, ...]
    first: np.ndarray
    classes: tuple[str, ...]
    errors: Mapping[str, float | int | None] | None
    report: Mapping[str, object]
    formulas: tuple[str, ...] = ()
    formula_cells: int = 0
    not_finite: int = 0

    def warning(self) -> str:
        """Return a sentence about outputs that are not finite; an empty string if all are finite."""
        if not self.not_finite:
            return ""
        rows = "1 row has an output" if self.not_finite == 1 else f"{self.not_finite:,} rows have outputs"
        return f"{rows} out of float64 range (nan or inf); the report has their number."

    def formula_note(self) -> str:
        """Return a sentence about cells that a spreadsheet evaluates as formulas; an empty string without any."""
        named = ", ".join(map(quoted, self.formulas[:_LISTED]))
        more = f" and {len(self.formulas) - _LISTED:,} more" if len(self.formulas) > _LISTED else ""
        cells = "1 cell that is" if self.formula_cells == 1 else f"{self.formula_cells:,} cells that are"
        parts = [f"{named}{more}"] if self.formulas else []
        parts += [f"{cells} passed through"] if self.formula_cells else []
        if not parts:
            return ""
        return f"A spreadsheet evaluates these as formulas: {'; '.join(parts)}. Import {self.path} as text."
