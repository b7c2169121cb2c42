"""Exceptions of the inference library, each with an exit status.

The message says what is wrong, where, what was expected and what was found. ``hint`` says what can be done about the
file itself. Advice about options, environment variables and commands is not here: the program that shows
the error adds it, from the type and the attributes of the error (see ``container.advice``).
"""

from __future__ import annotations

import os
from enum import IntEnum

Path = str | os.PathLike[str]


class ExitStatus(IntEnum):
    """The exit statuses of all programs. From 65 to 75 they are those of ``sysexits.h``; 70 has two names."""

    SUCCESS = 0
    USAGE = 2
    DATA_ERROR = 65
    NO_INPUT = 66
    UNAVAILABLE = 69
    INTERNAL_ERROR = 70
    CHECK_FAILED = 70
    CANNOT_WRITE = 73
    TRY_AGAIN = 75
    INTERRUPTED = 130
    TERMINATED = 143


class PipelineError(Exception):
    """Base class: an error that the user can act on, shown without a traceback.

    Args:
        message: what is wrong, where, and what was expected.
        hint: what the user can do about the file; may be empty.

    Attributes:
        status: exit status of a program that ends with this error.
    """

    status: int = ExitStatus.INTERNAL_ERROR

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(PipelineError):
    """An argument, an option or an environment variable is invalid."""

    status = ExitStatus.USAGE


class OverwritesInput(UsageError):
    """An output would overwrite a file that is read.

    Attributes:
        path: the output.
    """

    def __init__(self, message: str, *, hint: str = "", path: Path = "") -> None:
        super().__init__(message, hint=hint)
        self.path = os.fspath(path)


class AlreadyScaled(UsageError):
    """Scaling by companions was requested, but the model card has a scaling."""


class DataError(PipelineError):
    """The content of a file is not valid.

    Attributes:
        path: the file; empty if only the message names it.
    """

    status = ExitStatus.DATA_ERROR

    def __init__(self, message: str, *, hint: str = "", path: Path = "") -> None:
        super().__init__(message, hint=hint)
        self.path = os.fspath(path)


class ActivationError(DataError):
    """The rows do not fit the network or the format.

    Attributes:
        line: the line or row, counted from 1; None if the error is about the whole file.
        column: the column, counted from 1; None if the error is about the whole line.
    """

    def __init__(
        self, message: str, *, hint: str = "", line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.line = line
        self.column = column


class KnowledgeError(DataError):
    """The file does not hold a network that this library can run."""


class UnclearNetwork(KnowledgeError):
    """The file holds several networks, or one inside a trainer, and none was selected.

    Attributes:
        places: where the networks are in the pickled value, such as ``ensemble.0``; empty if the file holds just one.
    """

    def __init__(self, message: str, *, hint: str = "", places: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.places = places


class UnsafeKnowledge(KnowledgeError):
    """The file refers to code or to a name that is not on the allow-list. Nothing was executed.

    Attributes:
        refused: the name, instruction or type that is not allowed.
    """

    def __init__(self, message: str, *, hint: str = "", refused: str = "") -> None:
        super().__init__(message, hint=hint)
        self.refused = refused


class LimitExceeded(KnowledgeError):
    """Reading the file would take more memory, time or elements than is allowed.

    Attributes:
        limit: the limit.
    """

    def __init__(self, message: str, *, hint: str = "", limit: float = 0.0) -> None:
        super().__init__(message, hint=hint)
        self.limit = limit


class MalformedKnowledge(KnowledgeError):
    """The file is damaged or truncated.

    Attributes:
        offset: position in the file, in bytes; None if it is unknown.
        line: line of the file, counted from 1; None if it is unknown.
    """

    def __init__(
        self, message: str, *, hint: str = "", offset: int | None = None, line: int | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.offset = offset
        self.line = line


class UnsupportedPart(KnowledgeError):
    """A layer or connection of the network is not supported here.

    Attributes:
        part: the name of the layer or connection.
    """

    def __init__(self, message: str, *, hint: str = "", part: str = "") -> None:
        super().__init__(message, hint=hint)
        self.part = part


class HashMismatch(KnowledgeError):
    """The file does not have the expected SHA-256.

    Attributes:
        expected: the expected hash, in hexadecimal.
        found: the hash of the file, in hexadecimal.
    """

    def __init__(self, message: str, *, hint: str = "", expected: str, found: str) -> None:
        super().__init__(message, hint=hint)
        self.expected = expected
        self.found = found


class CompanionError(KnowledgeError):
    """A companion for a scaling is not found, or is not valid.

    Attributes:
        companion: name of the companion, or the scaling rule.
    """

    def __init__(self, message: str, *, hint: str = "", companion: str = "") -> None:
        super().__init__(message, hint=hint)
        self.companion = companion


class CannotResume(DataError):
    """The interrupted run had other inputs or options, or its checkpoint is damaged."""


class InputMissing(PipelineError):
    """An input file is not found, or cannot be read.

    Attributes:
        path: the file.
        role: what it is used as: ``knowledge``, ``activation``, ``card``.
    """

    status = ExitStatus.NO_INPUT

    def __init__(self, message: str, *, hint: str = "", path: Path = "", role: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = os.fspath(path)
        self.role = role


class CannotWrite(PipelineError):
    """An output cannot be written: the disk is read-only or full, permission is denied, or the path is not a file.

    Attributes:
        path: the output.
        errno: error number of the operating system; None if it reported none.
    """

    status = ExitStatus.CANNOT_WRITE

    def __init__(self, message: str, *, hint: str = "", path: Path = "", errno: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.path = os.fspath(path)
        self.errno = errno


class OutputExists(CannotWrite):
    """An output would replace a file that must not be replaced.

    Attributes:
        path: the output.
        can_force: whether the caller may force the replacement.
    """

    def __init__(self, message: str, *, hint: str = "", path: Path = "", can_force: bool = False) -> None:
        super().__init__(message, hint=hint, path=path)
        self.can_force = can_force


class MissingPackage(PipelineError):
    """An optional package is not installed.

    Attributes:
        packages: names of the missing packages.
        extra: the extra of this project that installs them, ``fast`` or ``onnx``.
    """

    status = ExitStatus.UNAVAILABLE

    def __init__(
        self, message: str, *, hint: str = "", packages: tuple[str, ...] = (), extra: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.packages = packages
        self.extra = extra


class DeviceUnavailable(PipelineError):
    """A network cannot be computed on a GPU. The message gives the reason, without a full stop."""

    status = ExitStatus.UNAVAILABLE


class Disagreement(PipelineError):
    """The outputs of a converted network differ from the original. This is an internal error; no file was kept.

    Attributes:
        difference: the largest difference, relative to the larger of 1 and the output.
    """

    def __init__(self, message: str, *, hint: str = "", difference: float) -> None:
        super().__init__(message, hint=hint)
        self.difference = difference
