"""Evaluate a folder of submissions, several at a time, and resume an interrupted run."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from evaluation import result
from evaluation.cohort.entry import Again, Entry, State
from evaluation.cohort.members import members_in
from evaluation.cohort.overview import write_overview
from evaluation.cohort.progress import Progress
from evaluation.errors import Undecided
from evaluation.evaluate import EvaluationOptions
from evaluation.processes.worker_pool import WorkerPool
from evaluation.rubric import Rubric
from evaluation.sanitize import printable
from pipeline import process
from pipeline.console import Console
from pipeline.errors import EngineUnavailable, Interrupted, PipelineError


@dataclass(frozen=True)
class ClassResult:
    """The result of evaluating a class.

    Attributes:
        points: the points of each submission by its name; None where it could not be evaluated.
        failed: the error of each submission that could not be evaluated, by its name.
        files: the overview, as HTML and CSV.
    """

    points: dict[str, float | None]
    failed: dict[str, str]
    files: tuple[Path, ...]


def evaluate_class(
    submissions: Path,
    rubric: Rubric,
    options: EvaluationOptions,
    folder: Path,
    *,
    rubric_path: Path | None,
    jobs: int,
    again: Again,
    console: Console,
    shown: Callable[[Path], str],
) -> ClassResult:
    """Evaluate all submissions in a folder, show the progress, and write the overview.

    Args:
        submissions: the folder with the submissions.
        rubric: what is graded.
        options: the limits and settings of each evaluation.
        folder: where the reports and the overview are written.
        rubric_path: the file of the rubric; None for the built-in one.
        jobs: the number of submissions that are evaluated at the same time.
        again: which submissions with a finished report of an earlier run are evaluated again.
        console: where the progress is shown.
        shown: returns a path as it is shown to the user.

    Returns:
        The points, the errors and the files of the overview.

    Raises:
        InputMissing: the folder does not exist or contains no submission.
        EngineUnavailable: there was no container engine; the overview has the checks that need none.
        Undecided: some checks of some submissions could not be decided here; the overview has the others.
        Interrupted: the user stopped it; finished reports are kept and reused by the next run.
    """
    entries = entries_in(submissions, folder)
    _reuse_reports(entries, rubric, options, again=again)
    progress = Progress(console, entries)
    stopped = False
    try:
        _run_all(entries, rubric_path, options, jobs, progress)
    except KeyboardInterrupt:
        stopped = True
        with process.ignore_signals():
            _stop_all(entries)
    progress.close()
    written = write_overview([entry.row() for entry in entries], rubric, folder)
    for path in written:
        console.print(f"  {shown(path)}")
    if stopped:
        done = sum(entry.report is not None and not entry.report.interrupted for entry in entries)
        raise Interrupted(
            f"interrupted; {done} of {len(entries)} are finished",
            hint="Run the same command again to evaluate the others.",
        )
    without = [
        entry for entry in entries if entry.report and not entry.report.engine and not entry.report.error
    ]
    if options.run and without:
        raise EngineUnavailable(
            f"{len(without)} of {len(entries)} were evaluated without a container engine: the rest is not checked",
            hint="Started again with one, the same command evaluates these anew. --no-run looks at the files alone.",
        )
    undecided = [entry for entry in entries if entry.report and entry.report.undecided]
    if options.run and undecided:
        raise Undecided(
            f"{len(undecided)} of {len(entries)} have checks that could not be decided here: "
            + ", ".join(entry.name for entry in undecided[:5])
            + (", ..." if len(undecided) > 5 else ""),
            hint="Their reports have the reasons. --again evaluates these anew, and reuses the other reports.",
        )
    return ClassResult(
        {entry.name: entry.report.points if entry.report else None for entry in entries},
        {entry.name: entry.error for entry in entries if entry.error},
        tuple(written),
    )


def entries_in(folder: Path, reports: Path) -> list[Entry]:
    """Return the submissions in a folder: each folder, and each zip file.

    Args:
        folder: the folder.
        reports: where the reports go.
    """
    return [
        Entry(
            member.name, member.source, reports / member.name,
            state=State.FAILED if member.wrong else State.WAITING, error=member.wrong,
        )
        for member in members_in(folder)
    ]  # fmt: skip


def key_of(source: Path, rubric: Rubric, options: EvaluationOptions, workers: WorkerPool) -> str:
    """Return a key for everything that an evaluation depends on: equal keys, the same points.

    Args:
        source: the submission.
        rubric: what is graded.
        options: the limits and settings of the evaluation.
        workers: the workers that read the submission.

    Raises:
        PipelineError: the source is too large or too slow to be read.
    """
    limits = options.limits
    content = workers.call(
        str, "key_of", printable(source.name),
        cpu=limits.intake_cpu, seconds=limits.intake_seconds, source=source, limits=limits,
    )  # fmt: skip
    rest = json.dumps([result.FORMAT, rubric.sha256, asdict(options)], sort_keys=True)
    return hashlib.sha256((content + rest).encode()).hexdigest()


def _reuse_reports(entries: list[Entry], rubric: Rubric, options: EvaluationOptions, *, again: Again) -> None:
    """Reuse the finished reports of an earlier run. A submission that cannot be read fails by itself."""
    with WorkerPool(options.limits) as workers:
        for entry in entries:
            if entry.state == State.FAILED:
                continue
            try:
                entry.key = key_of(entry.source, rubric, options, workers)
                entry.reuse_report(options, again)
            except PipelineError as error:
                entry.fail(str(error))


def _run_all(
    entries: list[Entry], rubric: Path | None, options: EvaluationOptions, jobs: int, progress: Progress
) -> None:
    waiting = [entry for entry in entries if entry.state == State.WAITING]
    running: list[Entry] = []
    while waiting or running:
        while waiting and len(running) < jobs:
            entry = waiting.pop(0)
            try:
                entry.start(rubric, options)
            except (PipelineError, OSError, ValueError) as error:
                entry.fail(str(error))
                progress.finished(entry)
                continue
            running.append(entry)
        for entry in list(running):
            if entry.poll():
                running.remove(entry)
                progress.finished(entry)
        progress.show()
        time.sleep(0.1)


def _stop_all(entries: list[Entry]) -> None:
    running = [entry for entry in entries if entry.state == State.RUNNING]
    for entry in running:
        entry.terminate()
    for entry in running:
        entry.wait()
