"""Print the report of an evaluation: in the order of the other formats, without its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from common.console import Console
from evaluation.reports.sections import CauseSection, Loss, advice, cause_sections, headline, losses_text
from evaluation.reports.wording import explain_line, notes
from evaluation.result import Report, show

# The number of output lines shown for the first cause.
_OUTPUT = 6


def print_report(console: Console, report: Report, files: Mapping[str, str]) -> None:
    """Print what to do first, what else was lost, the points, then advice and the files.

    Args:
        console: where it is printed.
        report: the report.
        files: the files of the report as they are shown, by format.
    """
    causes = cause_sections(report)
    if causes:
        console.print()
        console.print("Do this first")
        _print_cause(console, causes[0], _OUTPUT)
    if causes[1:]:
        console.print()
        console.print("Then")
        for cause in causes[1:]:
            _print_cause(console, cause, 0)
    _print_points(console, report)
    if groups := advice(report):
        console.print()
        console.print("Known traps")
        for finding in (finding for group in groups for finding in group):
            location = f" ({finding.where})" if finding.where else ""
            console.print(f"  {finding.severity:<6} {finding.title}{location}")
    console.print()
    for name, file in files.items():
        console.print(f"  {name:<11} {file}")


def _print_cause(console: Console, one: CauseSection, lines: int) -> None:
    where = f" ({one.cause.where})" if one.cause.where else ""
    console.print(f"  {one.cause.title}{where}{f', {one.cost}' if one.cost else ''}")
    for text in filter(None, (one.cause.what, f"→ {one.cause.do_first}" if one.cause.do_first else "")):
        console.print(f"    {' '.join(text.split())}")
    for line in one.output(lines).splitlines() if lines else ():
        console.print(f"    | {line}")
    _print_losses(console, "failed", one.own)
    _print_losses(console, "follows", one.following)


def _print_losses(console: Console, label: str, losses: Sequence[Loss]) -> None:
    if losses:
        console.print(f"    {label}: {losses_text(losses)}")


def _print_points(console: Console, report: Report) -> None:
    console.print()
    console.print("Points")
    for line in report.lines:
        said = explain_line(line)
        console.print(
            f"  {line.title:<22} {show(line.awarded):>5} of {show(line.of):>3}{f'  {said}' if said else ''}"
        )
    points, rest = report.total_text.split(" ", 1)
    console.print(f"  {'total':<22} {points:>5} {rest}")
    if report.awarded < report.of:
        console.print(f"  {headline(report)}")
    for note in notes(report):
        if not note.startswith("Do this first"):
            console.print(f"  {note}")
