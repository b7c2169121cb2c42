"""`evaluate`: grade a submission, or a folder of them, in containers."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.reports import FORMATS
from pipeline.commands.base.command import Command, Context, Result
from pipeline.commands.base.options import add_compose_option, add_minimum_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.project import Layout
    from evaluation.cohort.class_list import ClassResult
    from evaluation.evaluate import EvaluationOptions
    from evaluation.result import Report

_MOST_JOBS = 8
_EPILOG = (
    "The submission is copied first, and no part of it runs outside of containers. docs/evaluation.md describes\n"
    "its limits, its points and the formats of the report.\n\n"
    "exit status: 0 done, whatever the points, 2 wrong usage, 65 no submission was found or it cannot be\n"
    "opened (see the report), or an invalid rubric, 66 input not found, 69 no container engine (the report\n"
    "has the checks that need none), 70 fewer points than --minimum, or the answer key fails, 73 cannot\n"
    "write, 75 some checks could not be decided now (try again later), 130 interrupted (the report has the\n"
    "finished checks)"
)


class EvaluateResult(Result):
    """The result of evaluating one submission.

    Args:
        layout: the checkout.
        report: the report on the submission.
        files: the written reports, by format.
    """

    def __init__(self, layout: Layout, report: Report, files: Mapping[str, Path]) -> None:
        self.layout = layout
        self.report = report
        self.files = files

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        report = self.report
        return {
            "points": report.points,
            "awarded": report.awarded,
            "of": report.of,
            "decided": report.decided,
            "total": report.total_text,
            "complete": not report.unchecked,
            "lines": {line.title: line.awarded for line in report.lines},
            "files": {name: self.layout.shown(path) for name, path in self.files.items()},
        }


class RewriteResult(Result):
    """The result of rewriting reports.

    Args:
        layout: the checkout.
        rewritten: the reports, and the files of each by format.
    """

    def __init__(self, layout: Layout, rewritten: list[tuple[Report, dict[str, Path]]]) -> None:
        self.layout = layout
        self.rewritten = rewritten

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        return {
            "submissions": {report.submission: report.awarded for report, _ in self.rewritten},
            "files": [self.layout.shown(path) for _, files in self.rewritten for path in files.values()],
        }


class EvaluateClassResult(Result):
    """The result of evaluating a class list.

    Args:
        layout: the checkout.
        evaluated: the points and errors of all submissions.
    """

    def __init__(self, layout: Layout, evaluated: ClassResult) -> None:
        self.layout = layout
        self.evaluated = evaluated

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        return {
            "submissions": self.evaluated.points,
            "failed": self.evaluated.failed,
            "files": [self.layout.shown(path) for path in self.evaluated.files],
        }


class EvaluateCommand(Command):
    """Evaluate one submission or a class list.

    Attributes:
        submission: a folder, an archive or a git URL; None for this project.
        class_list: a folder of submissions; None for a single submission.
        path: the submission's folder within the upload; empty to find it.
        rubric: the file of the rubric; None for the built-in one.
        output: the folder of the reports.
        format: the formats to write; None for all.
        allow_image: names of further base images.
        allow_host: names of further hosts that builds may reach.
        no_run: whether nothing is built or run.
        compose: the version of Compose: auto, v1 or v2.
        timeout: time limit for a run of the stack, in seconds; None for the default.
        build_timeout: time limit for the build of an image, in seconds; None for the default.
        memory: memory limit of a container, in megabytes; None for the default.
        minimum: the points below which the command fails.
        jobs: the number of submissions of a class list evaluated in parallel; None for the default.
        attempts: the attempt of a student that counts: last or best.
        assignment: the name of the assignment in gradebooks; empty for the name of the rubric.
        answer_key: the tutor's own solution, which is evaluated before a class list.
        again: the finished submissions of a class list that are evaluated again: none, undecided or all.
        reports_only: whether only the reports of finished evaluations are rewritten.
    """

    name = "evaluate"
    position = 130
    summary = "Evaluate this project or a submission like it in containers, without trusting it."
    epilog = _EPILOG

    submission: str | None
    class_list: Path | None
    path: str
    rubric: Path | None
    output: Path | None
    format: list[str] | None
    allow_image: list[str]
    allow_host: list[str]
    no_run: bool
    compose: str
    timeout: float | None
    build_timeout: float | None
    memory: float | None
    minimum: float | None
    jobs: int | None
    again: str
    attempts: str
    assignment: str
    answer_key: Path | None
    reports_only: bool

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        _add_submission_options(parser)
        _add_limit_options(parser)
        add_minimum_option(parser)
        _add_class_options(parser)
        parser.add_argument(
            "--jobs",
            type=_count,
            metavar="N",
            help="with --class-list: the number of submissions evaluated in parallel (default: number of CPUs plus "
            f"one, at most {_MOST_JOBS})",
        )
        parser.add_argument(
            "--again",
            nargs="?",
            choices=("undecided", "all"),
            default="none",
            const="undecided",
            metavar="all",
            help="with --class-list: evaluate finished submissions with undecided checks again; `all`: all of them",
        )

        parser.add_argument(
            "--reports-only",
            action="store_true",
            help="evaluate nothing; rewrite the reports in the output folder (of one submission if named), applying "
            "the tutor's notes in tutor.toml",
        )

    def needs_checkout(self) -> bool:
        """Return whether the project itself is evaluated."""
        return self.submission is None and self.class_list is None and not self.reports_only

    def run(self, context: Context) -> EvaluateResult | EvaluateClassResult | RewriteResult:
        """Evaluate, print the points, and write the reports."""
        from common.errors import UsageError
        from evaluation.rubric import load_rubric
        from pipeline.commands.actions.evaluation import evaluate_submission, require_outcome, rewrite_reports

        layout = context.layout
        folder = self.output or layout.output / "evaluation"
        if self.reports_only and self.class_list is None:
            return RewriteResult(
                layout, rewrite_reports(context, folder, self.submission, formats=self.format)
            )
        if self.answer_key is not None and self.class_list is None:
            raise UsageError(
                "--answer-key requires --class-list.",
                hint="To evaluate the key alone, pass it as the submission.",
            )
        rubric = load_rubric(self.rubric)
        if self.class_list is not None:
            from evaluation.cohort.attempts import Policy
            from evaluation.cohort.class_list import ClassSettings, evaluate_class
            from evaluation.cohort.entry import RerunPolicy

            evaluated = evaluate_class(
                self.class_list,
                rubric,
                self._evaluation_options(),
                folder,
                rubric_path=self.rubric,
                settings=ClassSettings(
                    self.jobs or _default_jobs(),
                    RerunPolicy(self.again),
                    Policy(self.attempts),
                    self.assignment,
                    self.answer_key,
                    self.reports_only,
                ),
                console=context.console,
                shown=layout.shown,
            )
            return EvaluateClassResult(layout, evaluated)
        source = self.submission or str(layout.root)
        report, files = evaluate_submission(
            context, source, rubric, self._evaluation_options(), folder, formats=self.format
        )
        require_outcome(report, run=not self.no_run, minimum=self.minimum)
        return EvaluateResult(layout, report, files)

    def _evaluation_options(self) -> EvaluationOptions:
        from dataclasses import replace

        from evaluation.evaluate import EvaluationOptions
        from evaluation.quotas import DEFAULT_LIMITS, MIB

        limits = DEFAULT_LIMITS
        if self.timeout:
            limits = replace(limits, stack_seconds=self.timeout)
        if self.build_timeout:
            limits = replace(limits, build_seconds=self.build_timeout)
        if self.memory:
            limits = replace(limits, memory=int(self.memory) * MIB)
        return EvaluationOptions(
            limits, not self.no_run, self.compose, tuple(self.allow_image), tuple(self.allow_host), self.path
        )


def _add_submission_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "submission",
        nargs="?",
        metavar="FOLDER|ARCHIVE|GIT-URL",
        help="the submission to evaluate (default: this project)",
    )
    group.add_argument(
        "--class-list",
        metavar="DIR",
        type=Path,
        help="evaluate every folder and archive in DIR, and write an overview and gradebooks; DIR may be an export "
        "of Moodle, Canvas, "
        "GitHub Classroom or Ilias, also as one archive; finished submissions are not evaluated again",
    )
    parser.add_argument(
        "--path",
        default="",
        metavar="FOLDER",
        help="the submission's folder within the upload; also URL#BRANCH:FOLDER (default: the best match)",
    )
    parser.add_argument(
        "--rubric",
        metavar="FILE|NAME",
        type=Path,
        help="the rubric: a TOML file, or the name of one that comes with the evaluation, such as ai-cps "
        "(default: the 100 points of the task)",
    )
    parser.add_argument(
        "--output", metavar="DIR", type=Path, help="the folder for the reports (default: output/evaluation)"
    )
    parser.add_argument(
        "--format",
        action="append",
        choices=FORMATS,
        help="write the report in this format only; may be repeated (default, and with --class-list: all)",
    )


def _add_class_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--attempts",
        choices=("last", "best"),
        default="last",
        help="with --class-list: which attempt of a student counts (default: last)",
    )
    parser.add_argument(
        "--answer-key",
        metavar="FOLDER|ARCHIVE",
        type=Path,
        help="with --class-list: evaluate the tutor's own solution first, and report the checks that it fails",
    )
    parser.add_argument(
        "--assignment",
        default="",
        metavar="NAME",
        help="with --class-list: the name of the assignment in gradebooks, such as `Task 06 (4711)` for Canvas "
        "(default: the name of the rubric)",
    )


def _add_limit_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--allow-image",
        action="append",
        default=[],
        metavar="NAME",
        help="allow a base image other than busybox, alpine, python, debian and ubuntu; may be repeated",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="allow builds to reach a host other than the package indexes; may be repeated",
    )
    parser.add_argument("--no-run", action="store_true", help="check the files only; build and run nothing")
    add_compose_option(parser)
    parser.add_argument(
        "--timeout",
        type=_positive,
        metavar="SECONDS",
        help="time limit for a run of the stack (default: 120)",
    )
    parser.add_argument(
        "--build-timeout",
        type=_positive,
        metavar="SECONDS",
        help="time limit for the build of one image (default: 600)",
    )
    parser.add_argument(
        "--memory", type=_positive, metavar="MB", help="memory limit of one container (default: 1024)"
    )


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1_000_000:
        raise argparse.ArgumentTypeError("must be a positive number up to 1000000")
    return value


def _default_jobs() -> int:
    """Return the number of submissions evaluated in parallel: an evaluation spends half of its time waiting."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available + 1, _MOST_JOBS)


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if not 0 < value <= 64:
        raise argparse.ArgumentTypeError("must be a number from 1 to 64")
    return value
