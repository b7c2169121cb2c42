"""`python App07.py evaluate`: one submission, or a folder of them, in containers of its own."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.options import add_compose

if TYPE_CHECKING:
    from evaluation.evaluate import Conditions
    from evaluation.result import Report, Result
    from evaluation.rubric import Rubric
    from pipeline.cli import Session

SUMMARY = "Evaluate this project or a submission like it, in containers of its own, without trusting it."
FORMATS = ("html", "json", "markdown", "junit", "gradescope", "classroom")
_JOBS = 2
_EPILOG = (
    "The submission is copied first, and nothing of it runs outside of containers. What it may use, what it\n"
    "gets points for and what each report is for stands in docs/evaluation.md.\n\n"
    "exit status: 0 done, whatever the points, 2 wrong usage, 65 no submission, or a rubric that cannot be\n"
    "used, 66 no such folder or file, 69 no container engine (the report holds what needs none), 70 fewer\n"
    "points than --minimum, 73 cannot write, 130 interrupted (the report holds what was known)"
)
_MARKS = {"passed": "✓", "failed": "✗", "not checked": "–"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command. Standard library alone."""
    parser.epilog = _EPILOG
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "submission", nargs="?", metavar="FOLDER|ZIP|GIT-URL", help="what to evaluate (default: this project)"
    )
    what.add_argument(
        "--class-list",
        metavar="DIR",
        type=Path,
        help="evaluate every folder and zip file in a folder, and write an overview; goes on where it stopped",
    )
    parser.add_argument(
        "--rubric", metavar="FILE", type=Path, help="another rubric than the task's 100 points"
    )
    parser.add_argument(
        "--output", metavar="DIR", type=Path, help="where the reports go (default: output/evaluation)"
    )
    parser.add_argument(
        "--format",
        action="append",
        choices=FORMATS,
        help="write only this form; may be given again (default, and with --class-list: all)",
    )
    parser.add_argument(
        "--allow-image",
        action="append",
        default=[],
        metavar="NAME",
        help="an image beyond busybox, alpine, python, debian and ubuntu; may be given again",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a host that builds may reach beyond the package indexes; may be given again",
    )
    parser.add_argument(
        "--no-run", action="store_true", help="look at the files alone; build and run nothing"
    )
    add_compose(parser)
    parser.add_argument(
        "--timeout", type=_positive, metavar="SECONDS", help="for a run of the stack (default 120)"
    )
    parser.add_argument(
        "--build-timeout", type=_positive, metavar="SECONDS", help="for the build of one image (default 600)"
    )
    parser.add_argument("--memory", type=_positive, metavar="MB", help="for one container (default 1024)")
    parser.add_argument(
        "--minimum",
        type=float,
        metavar="POINTS",
        help="end with status 70 where one submission has fewer points",
    )
    parser.add_argument(
        "--jobs",
        type=_count,
        default=_JOBS,
        metavar="N",
        help="with --class-list: how many at a time (default 2)",
    )
    parser.add_argument(
        "--again", action="store_true", help="with --class-list: do not take over finished reports"
    )


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1_000_000:
        raise argparse.ArgumentTypeError("a positive number")
    return value


def _count(text: str) -> int:
    value = int(text)
    if not 0 < value <= 64:
        raise argparse.ArgumentTypeError("a number from 1 to 64")
    return value


def run(session: Session) -> dict[str, Any]:
    """Evaluates, shows what comes of it, and writes the reports."""
    from evaluation.rubric import load_rubric

    options = session.options
    rubric = load_rubric(options.rubric)
    folder = options.output or session.layout.output / "evaluation"
    if options.class_list is not None:
        from evaluation.cohort.class_list import evaluate_class

        done = evaluate_class(
            options.class_list,
            rubric,
            conditions(options),
            folder,
            rubric_path=options.rubric,
            jobs=options.jobs,
            again=options.again,
            console=session.console,
            shown=session.layout.shown,
        )
        return {
            "submissions": done.points,
            "failed": done.failed,
            "files": [session.layout.shown(path) for path in done.files],
        }
    source = options.submission or str(session.layout.root)
    report, written = evaluate_one(session, source, rubric, conditions(options), folder)
    result = {
        "points": report.points,
        "of": report.of,
        "complete": not report.unchecked,
        "lines": {line.title: line.points for line in report.lines},
        "files": {name: session.layout.shown(path) for name, path in written.items()},
    }
    refuse_less(session, report)
    return result


def conditions(options: argparse.Namespace) -> Conditions:
    """How to evaluate, out of the options."""
    from evaluation.evaluate import Conditions
    from evaluation.quotas import DEFAULT_LIMITS, MIB

    limits = DEFAULT_LIMITS
    if options.timeout:
        limits = replace(limits, stack_seconds=options.timeout)
    if options.build_timeout:
        limits = replace(limits, build_seconds=options.build_timeout)
    if options.memory:
        limits = replace(limits, memory=int(options.memory) * MIB)
    return Conditions(
        limits, not options.no_run, options.compose, tuple(options.allow_image), tuple(options.allow_host)
    )


def evaluate_one(
    session: Session, source: str, rubric: Rubric, conditions: Conditions, folder: Path
) -> tuple[Report, dict[str, Path]]:
    """Evaluates one submission, shows it, and writes its reports below `folder`."""
    from evaluation.cohort.members import safe_name
    from evaluation.evaluate import evaluate
    from evaluation.reports import EXPORTERS, write

    console = session.console
    console.title(f"Evaluation · {rubric.name}")
    report = evaluate(
        source, rubric, conditions,
        say=lambda text: console.say(f"  … {text}"),
        on_result=lambda result: _show(session, result),
    )  # fmt: skip
    place = folder / safe_name(report.submission)
    written = write(report, place, tuple(session.options.format or EXPORTERS))
    _show_whole(session, report, written)
    return report, written


def _show(session: Session, result: Result) -> None:
    from evaluation.result import show

    say = session.console.say
    points = f"{show(result.points)}/{show(result.of)}"
    say(f"  {_MARKS[result.status]} {points:>6}  {result.title}")
    if result.status != "passed":
        say(f"            {_short(result.reason)}")


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= 180 else plain[:177] + "..."


def _show_whole(session: Session, report: Report, written: dict[str, Path]) -> None:
    from evaluation.result import show

    say = session.console.say
    if report.findings:
        say()
        say("Known traps")
        for finding in report.findings:
            where = f" ({finding.where})" if finding.where else ""
            say(f"  {finding.severity:<6} {finding.title}{where}")
    say()
    say("Points")
    for line in report.lines:
        say(f"  {line.title:<22} {show(line.points):>5} of {show(line.of):>3}")
    say(f"  {'total':<22} {show(report.points):>5} of {show(report.of):>3}")
    say()
    for name, path in written.items():
        say(f"  {name:<11} {session.layout.shown(path)}")


def refuse_less(session: Session, report: Report) -> None:
    """Ends with a status other than 0 where the evaluation is no whole one, or the points are too few."""
    from evaluation.errors import PointsMissed
    from evaluation.result import show
    from pipeline.errors import EngineUnavailable, Interrupted

    options = session.options
    minimum = getattr(options, "minimum", None)
    if report.interrupted:
        raise Interrupted("interrupted; what is known so far is in the report, and every container is gone")
    if not report.engine and not options.no_run:
        raise EngineUnavailable(
            f"{len(report.unchecked)} checks were not made, because there is no container engine here; the others are "
            f"in the report ({show(report.points)} points)",
            hint="--no-run looks at the files alone.",
        )
    if minimum is not None and report.points < minimum:
        raise PointsMissed(f"{show(report.points)} points; {show(minimum)} were asked for")
