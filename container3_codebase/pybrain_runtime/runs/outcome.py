"""The progress of a run through a file, and its outcome."""

from __future__ import annotations

from pybrain_runtime.io.record import Record
from pybrain_runtime.results.prediction import Prediction
from pybrain_runtime.tables.column_selection import ColumnSelection


class Progress(Record):
    """The progress of a run.

    Attributes:
        rows: number of rows predicted so far, including those of a resumed run.
        rejected: number of rows rejected so far.
        share: fraction of the file that has been processed, from 0 to 1; None if it is unknown.
        continued: number of rows that were predicted by the resumed run.
        light: whether a large file is read without pyarrow.
    """

    rows: int
    rejected: int
    share: float | None
    continued: int
    light: bool


class Outcome(Record):
    """The outcome of a run.

    Attributes:
        prediction: the prediction and its report.
        columns: the selected columns.
        rejected: number of rejected rows.
        rejected_path: the file with the rejected rows; None if there are none.
        continued: number of rows that were predicted by the resumed run.
        light: whether a large file was read without pyarrow.
        seconds: duration in seconds.
        given_up: whether the partial output of the interrupted run was damaged, so that all rows were predicted again.
    """

    prediction: Prediction
    columns: ColumnSelection
    rejected: int
    rejected_path: str | None
    continued: int
    light: bool
    seconds: float
    given_up: bool = False
