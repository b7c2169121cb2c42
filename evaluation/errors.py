"""What can go wrong with an evaluation itself; what is wrong with a submission is a result, not an error."""

from __future__ import annotations

from pipeline.errors import DataError, PipelineError


class NoSubmission(DataError):
    """What was handed in cannot be taken in: no such submission, too large, or it climbs out of its place."""


class RubricError(DataError):
    """A rubric that cannot be used; the text names file, line and key."""


class CannotCheck(PipelineError):
    """Something could not be looked at here, which is not the submission's fault; the text says why."""


class ImageRefused(CannotCheck):
    """An image that no submission may be made from, whoever allows it: what is made from it earns nothing."""


class PointsMissed(PipelineError):
    """A submission that was asked to reach a number of points did not."""

    status = 70


class TooCostly(PipelineError):
    """Something of a submission could not be read within the limits on time and memory.

    Args:
        what: what was read.
        limit: how its reading ended, in words.
    """

    def __init__(self, what: str, limit: str) -> None:
        super().__init__(
            f"{what} cannot be read within the limits of an evaluation: {limit}",
            hint="Hand in plain files of the usual kind and size: reading them takes a moment.",
        )
        self.what = what
        self.limit = limit


class WorkerError(PipelineError):
    """A worker of the evaluation failed in a way that is not the submission's fault."""

    status = 70
