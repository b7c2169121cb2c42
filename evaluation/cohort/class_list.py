"""Evaluate a folder of submissions, several at a time, and resume an interrupted run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from common import process
from common.console import Console
from common.errors import EngineUnavailable, Interrupted, PipelineError
from evaluation.cohort.answer_key import describe, key_entry
from evaluation.cohort.attempts import Policy
from evaluation.cohort.class_archive import opened_class
from evaluation.cohort.entry import Entry, RerunPolicy, State
from evaluation.cohort.gradebooks.gradebook import make_gradebook
from evaluation.cohort.gradebooks.write import write_gradebooks
from evaluation.cohort.overview import write_overview
from evaluation.cohort.preparation import entries_in, prepare_entries
from evaluation.cohort.progress import Progress
from evaluation.cohort.summary import ClassSummary, summarize
from evaluation.engine.kept_images import trim_images
from evaluation.engine.session import EngineSession, session_prefix
from evaluation.errors import AnswerKeyFails, TutorError, Undecided
from evaluation.evaluate import EvaluationOptions, open_engine
from evaluation.rubric import Rubric
from evaluation.tutor.apply import left_notes


@dataclass(frozen=True)
class ClassSettings:
    """How a class is evaluated and summarized.

    Attributes:
        jobs: the number of submissions that are evaluated at the same time.
        again: which submissions with a finished report of an earlier run are evaluated again.
        attempts: which attempt of a student counts.
        assignment: the name of the assignment in gradebooks; empty for the name of the rubric.
        answer_key: a folder or archive with the tutor's own solution; None if there is none.
        reports_only: whether to evaluate nothing, and only rewrite the reports and the overview.
    """

    jobs: int = 2
    again: RerunPolicy = RerunPolicy.NONE
    attempts: Policy = Policy.LAST
    assignment: str = ""
    answer_key: Path | None = None
    reports_only: bool = False


@dataclass(frozen=True)
class ClassResult:
    """The result of evaluating a class.

    Attributes:
        points: the points of each submission, by name; None if it could not be evaluated.
        failed: the error of each submission that could not be evaluated, by name.
        files: the overview, as HTML and CSV, and the gradebooks.
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
    settings: ClassSettings,
    console: Console,
    shown: Callable[[Path], str],
) -> ClassResult:
    """Evaluate all submissions of a class, show the progress, and write the overview.

    Args:
        submissions: the folder with the submissions, or an archive of one.
        rubric: the checks and their points.
        options: the limits and settings of each evaluation.
        folder: the folder for the reports and the overview.
        rubric_path: the file of the rubric; None for the built-in one.
        settings: how the class is evaluated and summarized.
        console: the console that shows the progress.
        shown: returns a path as it is shown to the user.

    Returns:
        The points, the errors and the files of the overview.

    Raises:
        AnswerKeyFails: the answer key does not get all points; the class is evaluated anyway.
        NoSubmission: the archive of the class cannot be opened.
        InputMissing: the folder does not exist or contains no submission, or there is no such answer key.
        EngineUnavailable: there was no container engine; the overview contains the checks that need none.
        Undecided: some checks could not be decided on this machine; the overview contains the others.
        TutorError: the notes on some submissions cannot be used; everything else is written.
        Interrupted: the user stopped the evaluation; the next run reuses the finished reports.
    """
    with opened_class(submissions, options.limits) as place:
        key = key_entry(settings.answer_key, folder) if settings.answer_key else None
        entries = entries_in(place, folder)
        everything = [key, *entries] if key is not None else entries
        _prepare(everything, rubric, options, settings)
        progress = Progress(console, everything)
        stopped = _run_class(key, entries, rubric_path, options, settings.jobs, progress)
    progress.close()
    for entry in entries:
        entry.add_notes()
    summary = summarize(entries, key, settings.attempts)
    written = write_overview(summary, rubric, folder)
    written += write_gradebooks(make_gradebook(summary.rows, rubric, settings.assignment), folder)
    _show_files(written, folder, everything, console, shown)
    if not stopped:
        _require_used_notes(entries)
    if not settings.reports_only:
        _require_complete(entries, options, stopped=stopped)
    if key is not None:
        _require_all_points(key, summary)
    return _result(summary, written)


def _prepare(
    entries: list[Entry], rubric: Rubric, options: EvaluationOptions, settings: ClassSettings
) -> None:
    """Prepare the submissions, or only read their reports if nothing is evaluated."""
    if settings.reports_only:
        for entry in entries:
            entry.read_report()
    else:
        prepare_entries(entries, rubric, options, again=settings.again)


def _run_class(
    key: Entry | None,
    entries: list[Entry],
    rubric: Path | None,
    options: EvaluationOptions,
    jobs: int,
    progress: Progress,
) -> bool:
    """Evaluate the answer key, then the submissions, and return whether the user stopped the evaluation."""
    everything = [key, *entries] if key is not None else entries
    # The session keeps the images of the class until the end: submissions share the steps of their builds.
    with _opened_engine(everything, options) as engine:
        try:
            if key is not None:
                _run_all([key], rubric, options, 1, progress, engine)
                progress.console.print(describe(key))
            _run_all(entries, rubric, options, jobs, progress, engine)
        except KeyboardInterrupt:
            with process.ignore_signals():
                _stop_all(everything)
            return True
    return False


def _show_files(
    written: list[Path],
    folder: Path,
    entries: list[Entry],
    console: Console,
    shown: Callable[[Path], str],
) -> None:
    """Show the files that were written, and the notes in the folder that belong to no submission."""
    for path in written:
        console.print(f"  {shown(path)}")
    for path in left_notes(folder, {entry.folder for entry in entries}):
        console.print(
            f"  {shown(path)} has notes, but no submission has that name now: move them to the right folder"
        )


def _require_used_notes(entries: list[Entry]) -> None:
    """Make sure that all notes of the tutor could be used.

    Raises:
        TutorError: the notes on some submissions cannot be used.
    """
    unused = [entry.unused_notes for entry in entries if entry.unused_notes]
    if unused:
        hint = "Correct the notes: until then, the gradebooks do not include the grades of these submissions."
        raise TutorError("; ".join(text.splitlines()[0] for text in unused[:5]), hint=hint)


def _require_all_points(key: Entry, summary: ClassSummary) -> None:
    """Make sure that the answer key was evaluated and gets all points.

    Raises:
        AnswerKeyFails: the answer key does not get all points.
    """
    if summary.key_lost or key.report is None:
        hint = "Correct the rubric or the answer key. The reports of the submissions are written."
        raise AnswerKeyFails(summary.key_text, hint=hint)


def _result(summary: ClassSummary, written: list[Path]) -> ClassResult:
    return ClassResult(
        {row.name: row.report.awarded if row.report else None for row in summary.rows},
        {row.name: row.error for row in summary.rows if row.error},
        tuple(written),
    )


def _require_complete(entries: list[Entry], options: EvaluationOptions, *, stopped: bool) -> None:
    """Make sure that every submission was evaluated with an engine, and every check decided.

    Args:
        entries: the submissions of the class.
        options: the limits and settings of each evaluation.
        stopped: whether the user stopped the evaluation.

    Raises:
        Interrupted: the user stopped the evaluation.
        EngineUnavailable: there was no container engine for some submissions.
        Undecided: some checks could not be decided on this machine.
    """
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
            hint="Start the engine and run the same command again. Use --no-run to check only the files.",
        )
    undecided = [entry for entry in entries if entry.report and entry.report.retryable]
    if options.run and undecided:
        raise Undecided(
            f"{len(undecided)} of {len(entries)} have checks that could not be decided on this machine: "
            + ", ".join(entry.name for entry in undecided[:5])
            + (", ..." if len(undecided) > 5 else ""),
            hint="Their reports give the reasons. --again evaluates them again, and reuses the other reports.",
        )


def _opened_engine(
    entries: list[Entry], options: EvaluationOptions
) -> AbstractContextManager[EngineSession | None]:
    waiting = any(entry.state == State.WAITING for entry in entries)
    return (open_engine(options)[0] if waiting else None) or nullcontext()


def _run_all(
    entries: list[Entry],
    rubric: Path | None,
    options: EvaluationOptions,
    jobs: int,
    progress: Progress,
    engine: EngineSession | None,
) -> None:
    waiting = [entry for entry in entries if entry.state == State.WAITING]
    running: list[Entry] = []
    while waiting or running:
        for entry in _next(waiting, running, jobs):
            waiting.remove(entry)
            try:
                entry.start(rubric, options, engine.id if engine else "")
            except (PipelineError, OSError, ValueError) as error:
                entry.fail(str(error))
                progress.finished(entry)
                continue
            running.append(entry)
        for entry in list(running):
            if entry.poll():
                running.remove(entry)
                progress.finished(entry)
                for duplicate in _take_over(entry, waiting):
                    progress.finished(duplicate)
                if engine is not None:
                    with suppress(PipelineError):  # only their size is bounded; they are removed at the end
                        trim_images(engine, [session_prefix(other.program.pid) for other in running])
        progress.show()
        time.sleep(0.1 if running else 0.0)


def _next(waiting: Sequence[Entry], running: Sequence[Entry], jobs: int) -> list[Entry]:
    """Return the submissions to start next; of identical ones only the first, whose report the others share."""
    keys = {entry.key for entry in running}
    chosen: list[Entry] = []
    for entry in waiting:
        if len(running) + len(chosen) < jobs and entry.key not in keys:
            keys.add(entry.key)
            chosen.append(entry)
    return chosen


def _take_over(finished: Entry, waiting: list[Entry]) -> list[Entry]:
    """Give the report of a submission to those that are identical to it."""
    report = finished.report
    if report is None or report.interrupted:
        return []
    duplicates = [entry for entry in waiting if entry.key == finished.key]
    for entry in duplicates:
        waiting.remove(entry)
        try:
            entry.take_report(replace(report, source=str(entry.source)))
        except PipelineError as error:
            entry.fail(str(error))
    return duplicates


def _stop_all(entries: list[Entry]) -> None:
    running = [entry for entry in entries if entry.state == State.RUNNING]
    for entry in running:
        entry.terminate()
    for entry in running:
        entry.wait()
