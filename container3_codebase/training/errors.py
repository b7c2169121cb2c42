"""Training exceptions, derived from those of `pybrain_runtime.errors`.

As there, messages do not mention options, environment variables or commands; the program that shows them adds advice.
"""

from __future__ import annotations

from pybrain_runtime.errors import DataError, ExitStatus, KnowledgeError, PipelineError, UsageError


class OptionError(UsageError):
    """An option has an invalid value, or does not exist.

    Attributes:
        option: the name of the option, as in a TOML file.
    """

    def __init__(self, message: str, *, hint: str = "", option: str = "") -> None:
        super().__init__(message, hint=hint)
        self.option = option


class TrainingDataError(DataError):
    """The rows cannot be trained on."""


class MissingHeader(TrainingDataError):
    """The table has no header, although columns are selected by name."""


class MissingColumn(TrainingDataError):
    """A requested column is not in the table.

    Attributes:
        column: the requested name.
        present: the names in the header.
        role: the intended role of the column, ``target`` or ``feature``.
    """

    def __init__(
        self, message: str, *, hint: str = "", column: str, present: tuple[str, ...], role: str
    ) -> None:
        super().__init__(message, hint=hint)
        self.column = column
        self.present = present
        self.role = role


class UnusableFeature(TrainingDataError):
    """A feature is constant or not numeric.

    Attributes:
        column: the name of the feature.
    """

    def __init__(self, message: str, *, hint: str = "", column: str) -> None:
        super().__init__(message, hint=hint)
        self.column = column


class MissingValue(TrainingDataError):
    """A cell is empty or marks a missing value.

    Attributes:
        line: the line of the cell, counted from 1.
        column: the name of the cell's column.
    """

    def __init__(self, message: str, *, hint: str = "", line: int, column: str) -> None:
        super().__init__(message, hint=hint)
        self.line = line
        self.column = column


class TooFewRows(TrainingDataError):
    """The table, or one class in it, has fewer rows than the split needs.

    Attributes:
        rows: the number of rows.
        needed: the number of rows that are needed.
    """

    def __init__(self, message: str, *, hint: str = "", rows: int, needed: int) -> None:
        super().__init__(message, hint=hint)
        self.rows = rows
        self.needed = needed


class TooFewFoldRows(TooFewRows):
    """There are fewer rows, or rows of a class, than folds of a cross-validation."""


class OneClassOnly(TrainingDataError):
    """All rows have the same class."""


class UnknownLabel(TrainingDataError):
    """A row has a class that is unknown to the knowledge.

    Attributes:
        label: the class.
        known: the classes of the knowledge.
        line: the line of the row.
    """

    def __init__(
        self, message: str, *, hint: str = "", label: str, known: tuple[str, ...], line: int
    ) -> None:
        super().__init__(message, hint=hint)
        self.label = label
        self.known = known
        self.line = line


class InputsDiffer(KnowledgeError):
    """The inputs or outputs of the knowledge do not match the columns."""


class Diverged(PipelineError):
    """Training diverged: an error or a parameter is not a finite number, or grows without bound.

    Attributes:
        epoch: the epoch in which the divergence was detected, counted from 1.
        learning_rate: the learning rate; None if the trainer has none.
    """

    status = ExitStatus.DATA_ERROR

    def __init__(self, epoch: int, learning_rate: float | None) -> None:
        rate = "" if learning_rate is None else f" with the learning rate {learning_rate:g}"
        super().__init__(
            f"Training diverged in epoch {epoch}{rate}: the error grows without bound. No knowledge was written.",
        )
        self.epoch = epoch
        self.learning_rate = learning_rate


class Busy(PipelineError):
    """Another training run is writing to the same folder."""

    status = ExitStatus.TRY_AGAIN


class TrackingError(PipelineError):
    """A run was not sent to the tracking server.

    Attributes:
        server: the address of the server.
    """

    status = ExitStatus.UNAVAILABLE

    def __init__(self, message: str, *, hint: str = "", server: str) -> None:
        super().__init__(message, hint=hint)
        self.server = server


class TrackingUnavailable(TrackingError):
    """The server cannot be reached, is too slow, or has an internal error; a later attempt may succeed."""


class TrackingRefused(TrackingError):
    """The server refuses a request.

    Attributes:
        code: the server's error code, such as ``RESOURCE_DOES_NOT_EXIST``.
    """

    def __init__(self, message: str, *, hint: str = "", server: str, code: str = "") -> None:
        super().__init__(message, hint=hint, server=server)
        self.code = code


class AllTrialsFailed(PipelineError):
    """No trial of a search has a result.

    Attributes:
        trials: the number of trials.
        reason: the reason why the first of them failed.
    """

    status = ExitStatus.DATA_ERROR

    def __init__(self, trials: int, reason: str) -> None:
        super().__init__(
            f"All {trials:,} trials of the search failed; the first in {reason}. No knowledge was written."
        )
        self.trials = trials
        self.reason = reason


class SearchInterrupted(PipelineError):
    """A search was stopped before its end; completed folds are kept."""

    status = ExitStatus.INTERRUPTED


class SearchTimedOut(PipelineError):
    """The time limit of a search expired before any trial was complete."""

    status = ExitStatus.TRY_AGAIN


class FoldFailed(PipelineError):
    """A fold cannot be trained because of an error in the process that trains it.

    Args:
        message: the description of the error.
        hint: advice for resolving it.
        status: the exit status for the error.
    """

    def __init__(self, message: str, *, hint: str = "", status: int = ExitStatus.INTERNAL_ERROR) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class WorkerEnded(PipelineError):
    """A worker process ended without a result, for example because memory was exhausted.

    Attributes:
        exit_code: its exit code; negative for a signal, None if unknown.
    """

    status = ExitStatus.INTERNAL_ERROR

    def __init__(self, exit_code: int | None) -> None:
        cause = f"by signal {-exit_code}" if exit_code is not None and exit_code < 0 else f"with {exit_code}"
        super().__init__(
            f"A worker process was terminated {cause}; completed folds are kept.",
            hint="Fewer processes need less memory.",
        )
        self.exit_code = exit_code
