"""How a file is answered, how far that has come, and what it has made."""

from __future__ import annotations

from collections.abc import Sequence

from pybrain_runtime._io.record import Record
from pybrain_runtime.results.prediction import Prediction
from pybrain_runtime.tables.column_selection import ColumnSelection

CHECKPOINT_SECONDS = 1.0


class Progress(Record):
    """How far a run has come.

    Attributes:
        rows: rows answered so far, those of an earlier run included.
        rejected: rows left out so far.
        share: how much of the file that is, from 0 to 1; None where nobody knows.
        continued: rows that an earlier run had answered.
        light: whether a large file is read without the library that is made for that.
    """

    rows: int
    rejected: int
    share: float | None
    continued: int
    light: bool


class Outcome(Record):
    """What a run has made.

    Attributes:
        prediction: the prediction and its report.
        columns: which columns of the file were what.
        rejected: rows that were left out.
        rejected_path: where they are kept; None where none were left out.
        continued: rows that an earlier run had answered.
        light: whether a large file was read without the library that is made for that.
        seconds: how long it took.
        given_up: whether an earlier run was to be continued whose rows were damaged, so that all was done anew.
    """

    prediction: Prediction
    columns: ColumnSelection
    rejected: int
    rejected_path: str | None
    continued: int
    light: bool
    seconds: float
    given_up: bool = False


class StreamOptions(Record, eq=True):
    """How a file is answered.

    Attributes:
        input_columns: names of the columns that go in; None for the contract's own rule.
        target_columns: names of the columns to compare with; None for the contract's own rule.
        ignore_card_names: whether the names of the network's card say nothing about the columns.
        precision: ``float64`` or ``float32``, see ``Plan``.
        threads: how many to use at most; None for as many as the process is allowed. Never more than six.
        skip: whether rows that cannot be answered are left out (and kept in a file beside the prediction)
            instead of ending the run.
        resume: whether to go on with a run that broke off, and to keep this one should it break off.
        fast: whether to use pyarrow; None does so for large files where it is installed.
        checkpoint: seconds between notes of how far the run has come.
    """

    input_columns: Sequence[str] | None = None
    target_columns: Sequence[str] | None = None
    ignore_card_names: bool = False
    precision: str = "float64"
    threads: int | None = None
    skip: bool = False
    resume: bool = False
    fast: bool | None = None
    checkpoint: float = CHECKPOINT_SECONDS
