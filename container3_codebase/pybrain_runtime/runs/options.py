"""The options of a run through a file."""

from __future__ import annotations

from collections.abc import Sequence

from pybrain_runtime.io.record import Record

CHECKPOINT_SECONDS = 1.0


class StreamOptions(Record, eq=True):
    """How inference is run on a file.

    Attributes:
        input_columns: names of the input columns; None to select them by the card's names or by position.
        target_columns: names of the columns with expected outputs; None to select them by the card's names or by
            position.
        ignore_card_names: whether to ignore the names of the model card.
        precision: ``float64`` or ``float32``.
        threads: maximum number of threads; None for as many as the process is allowed. Never more than six.
        skip: the bad-row policy: whether invalid rows are written to a file beside the prediction instead of raising an
            error.
        resume: whether to resume an interrupted run, and to keep the partial output if this one is interrupted.
        fast: whether to use pyarrow; None does so for large files if it is installed.
        checkpoint: seconds between checkpoints.
        keep: names of columns that are passed through to the prediction as text.
        decimal_comma: whether CSV is written with semicolons between cells and decimal commas in numbers.
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
    keep: Sequence[str] = ()
    decimal_comma: bool = False
