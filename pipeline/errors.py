"""What can go wrong on the host, in the same tree as the runtime's errors (see `pybrain_runtime.errors`)."""

from __future__ import annotations

from pybrain_runtime.errors import (
    ActivationError,
    CannotWrite,
    DataError,
    InputMissing,
    KnowledgeError,
    PipelineError,
    UsageError,
)

__all__ = [
    "ActivationError",
    "BuildFailed",
    "CannotWrite",
    "ChecksFailed",
    "DataError",
    "EngineUnavailable",
    "InputMissing",
    "Interrupted",
    "KnowledgeError",
    "NotWhatWasPrepared",
    "Occupied",
    "PipelineError",
    "StackFailed",
    "TimedOut",
    "TrainingFailed",
    "UsageError",
]


class EngineUnavailable(PipelineError):
    """No container engine, a stopped daemon, no right to its socket, no Compose."""

    status = 69


class BuildFailed(EngineUnavailable):
    """The engine could not make an image; the last lines of the build are in the text."""


class ChecksFailed(PipelineError):
    """A container, looked at alone, is not what it should be.

    Args:
        message: what failed.
        status: the status that the container itself ended with; 70 where it ended well and is wrong all the same.
    """

    status = 70

    def __init__(self, message: str, *, status: int = 70, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class NotWhatWasPrepared(PipelineError):
    """The stack answered, but from other files than the ones prepared for it."""

    status = 70


class StackFailed(PipelineError):
    """A container ended the run with an error; its status is passed on.

    Args:
        message: which container, which status, its last lines.
        status: the status to end with.
    """

    def __init__(self, message: str, *, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class TrainingFailed(PipelineError):
    """The training program ended with an error; its status is passed on.

    Args:
        message: its message.
        status: its exit status.
    """

    def __init__(self, message: str, *, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class TimedOut(PipelineError):
    """Something did not end in the time it was given, and was stopped."""

    status = 75


class Occupied(PipelineError):
    """Another run uses what this one needs, and did not end in the time we were willing to wait."""

    status = 75


class Interrupted(PipelineError):
    """A person, or the system, asked for the end; everything that was started has been stopped."""

    status = 130
