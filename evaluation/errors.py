"""Errors of an evaluation itself; a mistake in a submission is a result, not an error."""

from __future__ import annotations

from common.errors import DataError, ExitStatus, PipelineError


class NoSubmission(DataError):
    """The submission cannot be copied: it does not exist, is too large, or has paths that lead outside its folder.

    Attributes:
        of_environment: whether the environment, not the submission, is the reason, so that nothing is decided.
    """

    of_environment = False


class CannotOpenHere(NoSubmission):
    """The submission cannot be opened on this machine: a tool is missing, or a server does not respond."""

    of_environment = True
    status = ExitStatus.TRY_AGAIN  # as if some checks are undecided: here all of them are


class RubricError(DataError):
    """A rubric that cannot be used; the message names file, line and key."""


class TutorError(DataError):
    """The notes of a tutor cannot be used; the message names file and key."""


class CannotCheck(PipelineError):
    """A check could not be carried out; the message says why.

    Attributes:
        of_environment: whether the environment, not the submission, is the reason, so that the check is undecided.
    """

    of_environment = True


class MissingPrerequisite(CannotCheck):
    """A check needs something that the submission does not provide, or that it provides in an unusable form."""

    of_environment = False


class ImageRefused(MissingPrerequisite):
    """An image that no submission may be built from, even if it is allowed by name."""


class Undecided(PipelineError):
    """Some checks of a submission could not be decided on this machine; the report contains the others."""

    status = ExitStatus.TRY_AGAIN


class PointsMissed(PipelineError):
    """A submission has fewer points than the required minimum."""

    status = ExitStatus.CHECK_FAILED


class AnswerKeyFails(PipelineError):
    """The answer key of a class does not get all points; the submissions are evaluated anyway."""

    status = ExitStatus.CHECK_FAILED


class TooCostly(PipelineError):
    """Part of a submission could not be read within the limits on time and memory.

    Args:
        what: what was read.
        limit: the limit that was exceeded, for the message.
    """

    def __init__(self, what: str, limit: str) -> None:
        super().__init__(
            f"{what} cannot be read within the limits of an evaluation: {limit}",
            hint="Hand in ordinary files of the usual type and size: they are read in a moment.",
        )
        self.what = what
        self.limit = limit


class WorkerError(PipelineError):
    """A worker process failed, for which the submission is not responsible."""

    status = ExitStatus.INTERNAL_ERROR
