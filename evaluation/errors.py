"""Errors of an evaluation itself; what is wrong with a submission is a result, not an error."""

from __future__ import annotations

from pipeline.errors import DataError, PipelineError


class NoSubmission(DataError):
    """The submission cannot be copied: it does not exist, is too large, or leads outside its folder.

    Attributes:
        of_environment: whether the environment is the reason and not the submission, so that nothing is decided.
    """

    of_environment = False


class CannotOpenHere(NoSubmission):
    """The submission cannot be opened here: a tool is missing, or a server does not answer."""

    of_environment = True
    status = 75  # as where some checks are undecided: all of them are


class RubricError(DataError):
    """A rubric that cannot be used; the text names file, line and key."""


class TutorError(DataError):
    """The notes of a tutor cannot be used; the text names file and key."""


class CannotCheck(PipelineError):
    """A check could not be made here; the message says why.

    Attributes:
        of_environment: whether the environment is the reason and not the submission, so that the check is undecided.
    """

    of_environment = True


class MissingPrerequisite(CannotCheck):
    """A check needs something that the submission does not provide, or that it provides in an unusable form."""

    of_environment = False


class ImageRefused(MissingPrerequisite):
    """An image that no submission may be built from, even where it is allowed by name."""


class Undecided(PipelineError):
    """Some checks of a submission could not be decided here; the report has the others."""

    status = 75


class PointsMissed(PipelineError):
    """A submission has fewer points than the required minimum."""

    status = 70


class AnswerKeyFails(PipelineError):
    """The answer key of a class does not get all points; the submissions are evaluated all the same."""

    status = 70


class TooCostly(PipelineError):
    """Something of a submission could not be read within the limits on time and memory.

    Args:
        what: what was read.
        limit: how reading it ended.
    """

    def __init__(self, what: str, limit: str) -> None:
        super().__init__(
            f"{what} cannot be read within the limits of an evaluation: {limit}",
            hint="Hand in plain files of the usual kind and size: reading them takes a moment.",
        )
        self.what = what
        self.limit = limit


class WorkerError(PipelineError):
    """A worker process failed, which is not the fault of the submission."""

    status = 70
