"""Errors of the host side; subclasses of the errors in `pybrain_runtime.errors`."""

from __future__ import annotations

from pybrain_runtime.errors import (
    ActivationError,
    CannotWrite,
    DataError,
    ExitStatus,
    InputMissing,
    KnowledgeError,
    PipelineError,
    UsageError,
)

__all__ = [
    "ActivationError",
    "BuildFailed",
    "CannotWrite",
    "CheckoutBusy",
    "ChecksFailed",
    "DataError",
    "EngineUnavailable",
    "ExitStatus",
    "InputMissing",
    "Interrupted",
    "KnowledgeError",
    "PipelineError",
    "RegistryFailed",
    "ServerUnavailable",
    "StackFailed",
    "TimedOut",
    "TrackingFailed",
    "TrainingFailed",
    "UsageError",
    "VerificationFailed",
]


class EngineUnavailable(PipelineError):
    """The container engine is not installed, not running or not accessible, or Compose is missing."""

    status = ExitStatus.UNAVAILABLE


class BuildFailed(EngineUnavailable):
    """An image could not be built; the message has the last lines of the build."""


class ChecksFailed(PipelineError):
    """A check of a container failed.

    Args:
        message: the failed checks.
        status: the exit status of the container; 70 if the container exited with status 0 and a check failed.
    """

    status: int = ExitStatus.CHECK_FAILED

    def __init__(self, message: str, *, status: int = ExitStatus.CHECK_FAILED, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class VerificationFailed(PipelineError):
    """The files of a run are missing, or do not belong to the prepared files."""

    status = ExitStatus.CHECK_FAILED


class StackFailed(PipelineError):
    """The stack failed; the exit status of the failed container is passed on.

    Args:
        message: the container, its status and its last lines.
        status: the exit status of the command.
    """

    def __init__(self, message: str, *, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class TrainingFailed(PipelineError):
    """The training program ended with an error; its status is passed on.

    Args:
        message: the program's message.
        status: the program's exit status.
    """

    def __init__(self, message: str, *, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class TrackingFailed(PipelineError):
    """A run was not sent to the tracking server.

    Args:
        message: the reason.
        status: the exit status of the program that sends the run.
    """

    def __init__(self, message: str, *, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class ServerUnavailable(PipelineError):
    """A prediction server cannot be reached, refuses access, or sends an invalid response."""

    status = ExitStatus.UNAVAILABLE


class RegistryFailed(PipelineError):
    """An image registry cannot be reached, asks for credentials, or refuses an image.

    Args:
        message: the failed operation, with docker's message.
        reason: unreachable, insecure, certificate, credentials, denied or other.
    """

    status = ExitStatus.UNAVAILABLE

    def __init__(self, message: str, *, reason: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class TimedOut(PipelineError):
    """A program exceeded its time limit and was stopped."""

    status = ExitStatus.TRY_AGAIN


class CheckoutBusy(PipelineError):
    """Another run in this checkout did not end within the time limit."""

    status = ExitStatus.TRY_AGAIN


class Interrupted(PipelineError):
    """The command was interrupted; everything that it started has been stopped."""

    status = ExitStatus.INTERRUPTED
