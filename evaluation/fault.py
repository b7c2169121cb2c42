"""A fault of a submission, and the parts of the pipeline that it breaks."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.result import Observation

# The parts of the pipeline, in the order in which a student fixes them. Those of a container end with its number.
BUILD, HOLDS, ALONE, LIBRARY = "build", "holds", "alone", "library"
SYNTAX, SERVICES, DEPENDENCIES = "syntax", "services", "dependencies"
STACK, STATUS, COPY, CONTENT, PREDICTION = "stack", "status", "copy", "content", "prediction"
# The parts that no run can show without all images and a valid compose file.
RUN = (STACK, STATUS, COPY, CONTENT, PREDICTION)


@dataclass(frozen=True)
class Fault:
    """A fault of a submission.

    Attributes:
        id: its name, unique in a submission.
        title: the fault, as a sentence without a full stop.
        what: what happened.
        do_first: what to do about it.
        breaks: the parts of the pipeline that it breaks itself, so that their checks fail.
        stops: the parts that cannot work because of it; their failed checks are only consequences.
        where: file and line, if known.
        evidence: the observations that show it.
        missing: whether something is missing from the submission; nothing that follows from it is excused.
    """

    id: str
    title: str
    what: str
    do_first: str
    breaks: tuple[str, ...]
    stops: tuple[str, ...] = ()
    where: str = ""
    evidence: tuple[Observation, ...] = ()
    missing: bool = False
