"""Prepare the submissions of a class before evaluating them: reuse reports, and find those that cannot be opened."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from common.errors import PipelineError
from evaluation import result
from evaluation.cohort.entry import Entry, RerunPolicy, State
from evaluation.cohort.members import members_in
from evaluation.errors import NoSubmission, TooCostly
from evaluation.evaluate import EvaluationOptions, copy_submission
from evaluation.intake_failure import unopened_report
from evaluation.processes.worker_pool import WorkerPool
from evaluation.rubric import Rubric
from evaluation.sanitize import printable
from evaluation.submission.choose_root import Expected
from evaluation.submission.deep_folders import remove_folder


def entries_in(folder: Path, reports: Path) -> list[Entry]:
    """Return the submissions in a folder: each folder, each archive, and the files of each student in an export.

    Args:
        folder: the folder.
        reports: the folder for the reports.
    """
    return [
        Entry(
            member.name, member.source, reports / member.name, member.student, member.files, error=member.wrong,
        )
        for member in members_in(folder)
    ]  # fmt: skip


def prepare_entries(
    entries: list[Entry], rubric: Rubric, options: EvaluationOptions, *, again: RerunPolicy
) -> None:
    """Reuse finished reports of an earlier run, and write the reports of submissions that cannot be opened.

    A single worker opens them one after the other, so that a damaged submission fails quickly. A submission that cannot
    be read does not stop the others. Of identical submissions, only the first is opened.

    Args:
        entries: the submissions; their keys are set here.
        rubric: the checks and their points.
        options: the limits and settings of each evaluation.
        again: which finished reports are not reused.
    """
    keys: set[str] = set()
    with WorkerPool(options.limits) as workers:
        for entry in entries:
            started, clock = datetime.now(UTC), time.monotonic()
            try:
                if entry.error:
                    raise NoSubmission(entry.error, hint="Hand in a folder or an archive.")
                entry.key = key_of(entry, rubric, options, workers)
                entry.reuse_report(options, again)
                if entry.state == State.WAITING and entry.key not in keys:
                    keys.add(entry.key)
                    _try_to_open(entry, rubric, options, workers)
            except NoSubmission as error:
                seconds = time.monotonic() - clock
                _write(entry, unopened_report(str(entry.source), rubric, error, started, seconds))
            except PipelineError as error:
                entry.fail(str(error))


def _try_to_open(entry: Entry, rubric: Rubric, options: EvaluationOptions, workers: WorkerPool) -> None:
    """Copy a submission and remove the copy: its evaluation makes its own copy, in a separate process."""
    folder = Path(tempfile.mkdtemp(prefix="app07-class-"))
    expected = Expected(rubric.layout, rubric.documents, options.path)
    try:
        copy_submission(
            str(entry.source), folder / "submission", options.limits, workers, expected, files=entry.files
        )
    finally:
        remove_folder(folder)


def _write(entry: Entry, report: result.Report) -> None:
    try:
        entry.take_report(report)
    except PipelineError as error:
        entry.fail(str(error))


def key_of(entry: Entry, rubric: Rubric, options: EvaluationOptions, workers: WorkerPool) -> str:
    """Return a key for everything that an evaluation depends on: submissions with equal keys get the same points.

    Args:
        entry: the submission.
        rubric: the checks and their points.
        options: the limits and settings of the evaluation.
        workers: the workers that read the submission.

    Raises:
        PipelineError: the source is too large, or takes too long to read.
    """
    limits = options.limits
    try:
        content = workers.call(
            str, "key_of", printable(entry.source.name),
            cpu=limits.intake_cpu, seconds=limits.intake_seconds,
            source=entry.source, files=entry.files, limits=limits,
        )  # fmt: skip
    except TooCostly as error:
        raise NoSubmission(error.message, hint=error.hint) from error
    rest = json.dumps([result.FORMAT, rubric.sha256, asdict(options)], sort_keys=True)
    return hashlib.sha256((content + rest).encode()).hexdigest()
