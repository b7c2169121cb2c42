"""The report for an upload that could not be opened or contains nothing that belongs to a submission."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from common.check_status import FAILED, NOT_CHECKED
from evaluation.errors import NoSubmission
from evaluation.result import Cause, Line, Report, Result
from evaluation.rubric import Item, Rubric

_CAUSE = "no-submission"


def unopened_report(
    source: str, rubric: Rubric, error: NoSubmission, started: datetime, seconds: float
) -> Report:
    """Return a report in which every check failed, or is undecided if the submission is not at fault.

    Args:
        source: the submission as the user typed it.
        rubric: the checks that would have been carried out.
        error: why nothing could be evaluated.
        started: the start time of the evaluation.
        seconds: the duration of the evaluation in seconds.
    """
    # No points are lost by undecided checks.
    ids = () if error.of_environment else tuple(item.id for item in rubric.items)
    # A gradebook shows only the title of a cause.
    cause = Cause(
        _CAUSE, error.message, "Nothing of the submission could be evaluated.", error.hint, lost=ids
    )
    return Report(
        submission=name_of_source(source),
        source=source,
        kind="",
        sha256="",
        files=0,
        size=0,
        rubric=rubric.name,
        rubric_sha256=rubric.sha256,
        lines=tuple(
            Line(line.title, line.criteria, tuple(_result(item, error) for item in line.items))
            for line in rubric.lines
        ),
        started=started.isoformat(timespec="seconds"),
        seconds=round(seconds, 1),
        causes=(cause,),
        error=error.message,
    )


def _result(item: Item, error: NoSubmission) -> Result:
    status = NOT_CHECKED if error.of_environment else FAILED
    return Result(
        item.id, item.title, status, 0.0, item.points, error.message, error.hint,
        follows="" if error.of_environment else _CAUSE, undecided=error.of_environment,
    )  # fmt: skip


def name_of_source(source: str) -> str:
    """Return a name for reports: the last part of a path or URL, without archive extensions."""
    last = re.split(r"[/\\:]", source.partition("#")[0].rstrip("/\\"))[-1]
    if last in (".", ".."):
        last = Path(source).resolve().name
    return (
        re.sub(r"(\.git|\.zip|\.7z|\.rar|\.tgz|\.tbz2|\.txz|\.tar(\.\w+)?)$", "", last, flags=re.IGNORECASE)
        or last
    )
