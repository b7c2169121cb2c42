"""Evaluate a submission for a command, and print its results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from common.check_status import MARKS, PASSED
from common.console import Console
from common.errors import EngineUnavailable, Interrupted
from evaluation.cohort.members import safe_name
from evaluation.errors import CannotOpenHere, NoSubmission, PointsMissed, TutorError, Undecided
from evaluation.evaluate import EvaluationOptions, evaluate
from evaluation.intake_failure import name_of_source
from evaluation.reports.export import EXPORTERS, write
from evaluation.result import Report, Result, show
from evaluation.rubric import Rubric
from evaluation.tutor.apply import with_notes
from evaluation.tutor.rewrite import report_folders, rewrite
from pipeline.commands.actions.report import print_report
from pipeline.commands.base.command import Context


def evaluate_submission(
    context: Context,
    source: str,
    rubric: Rubric,
    options: EvaluationOptions,
    folder: Path,
    *,
    formats: Sequence[str] | None = None,
) -> tuple[Report, dict[str, Path]]:
    """Evaluate a submission, print its results, and write its reports.

    Args:
        context: the command's context.
        source: a folder, an archive or a git URL.
        rubric: the rubric.
        options: the limits and settings.
        folder: the folder in which the submission gets a folder for its reports.
        formats: the formats of the report; None for all.

    Returns:
        The report, and its files by format.
    """
    console = context.console
    console.heading(f"Evaluation · {rubric.name}")
    report = evaluate(
        source,
        rubric,
        options,
        on_progress=lambda text: console.print(f"  … {text}"),
        on_result=lambda result: _print_result(console, result),
    )
    reports = folder / safe_name(report.submission)
    try:
        report, unusable = with_notes(report, reports), None
    except TutorError as error:  # the evaluation is kept
        unusable = error
    written = write(report, reports, tuple(formats or EXPORTERS))
    print_report(console, report, {name: context.layout.shown(path) for name, path in written.items()})
    if unusable is not None:
        raise unusable
    return report, written


def rewrite_reports(
    context: Context, folder: Path, submission: str | None = None, *, formats: Sequence[str] | None = None
) -> list[tuple[Report, dict[str, Path]]]:
    """Rewrite the reports of finished evaluations with the tutor's notes; nothing is evaluated.

    Args:
        context: the command's context.
        folder: the folder of one report, or a folder with several of them.
        submission: the submission's name, folder or archive; None for all reports in the folder.
        formats: the formats of the reports; None for all.

    Returns:
        The reports, and the files of each by format.
    """
    if submission is not None:
        folder = folder / safe_name(name_of_source(submission))
    rewritten = []
    for report, files in rewrite(report_folders(folder), formats):
        context.console.print(f"  {report.total_text:<22} {report.submission}")
        rewritten.append((report, files))
    return rewritten


def _print_result(console: Console, result: Result) -> None:
    points = f"{show(result.points)}/{show(result.of)}"
    console.print(f"  {MARKS[result.status]} {points:>6}  {result.title}")
    if result.status != PASSED:
        console.print(f"            {_short(result.reason)}")


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= 180 else plain[:177] + "..."


def require_outcome(report: Report, *, run: bool = True, minimum: float | None = None) -> None:
    """Check that an evaluation is complete and has enough points.

    Args:
        report: the report of the evaluation.
        run: whether images were to be built and run.
        minimum: the points that are required; None for no minimum.

    Raises:
        NoSubmission: nothing of the submission could be evaluated.
        CannotOpenHere: the submission cannot be opened on this machine, for a reason that is not its fault.
        Interrupted: the user stopped the evaluation.
        EngineUnavailable: there was no container engine.
        PointsMissed: the submission has fewer points, whatever is undecided.
        Undecided: some checks could not be decided on this machine.
    """
    if report.error:
        kind = CannotOpenHere if report.retryable else NoSubmission
        raise kind(report.error, hint=report.causes[0].do_first)
    if report.interrupted:
        raise Interrupted("interrupted; the report has the finished checks, and all containers are removed")
    if not report.engine and run:
        raise EngineUnavailable(
            f"{len(report.unchecked)} checks need a container engine, and there is none; the results of the others "
            f"are in the report ({report.total_text})",
            hint="--no-run checks the files only.",
        )
    open_points = report.of - report.decided if run else 0.0
    if minimum is not None and report.awarded + open_points < minimum:
        raise PointsMissed(f"{report.total_text}; at least {show(minimum)} points are required")
    if run and report.retryable:
        raise Undecided(
            f"{report.total_text}: {len(report.retryable)} checks could not be decided on this machine, which is "
            f"not the fault of the submission: {report.retryable[0].reason}",
            hint=report.retryable[0].hint or "Run the same command again when the reason is gone.",
        )
