"""The overview of a class: a table for a spreadsheet, and a page with the distribution and what fails most."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from statistics import mean, median

from markupsafe import Markup

from common import atomic_files
from common.check_status import FAILED
from evaluation.cohort.cells import cell, one_line, to_text
from evaluation.cohort.row import Row
from evaluation.cohort.summary import ClassSummary
from evaluation.reports.page import render
from evaluation.result import Report, show
from evaluation.rubric import Rubric

_BINS = 10


def write_overview(summary: ClassSummary, rubric: Rubric, folder: Path) -> list[Path]:
    """Write ``overview.csv`` and ``overview.html``.

    Args:
        summary: the summary of the class.
        rubric: the checks and their points.
        folder: the folder for the files.

    Returns:
        The paths of the files.

    Raises:
        CannotWrite: a file cannot be written.
    """
    table, page = folder / "overview.csv", folder / "overview.html"
    atomic_files.write_text(table, to_csv(summary.rows, rubric))
    atomic_files.write_text(page, to_page(summary, rubric))
    return [page, table]


def to_csv(rows: Sequence[Row], rubric: Rubric) -> str:
    """Return the table: a line for each submission, a column for each line of the rubric.

    Args:
        rows: one for each submission.
        rubric: the checks and their points.
    """
    titles = [line.title for line in rubric.lines]
    header = ["submission", "points", "of", "decided", *map(cell, titles)]
    more = [
        "not checked",
        "traps",
        "error",
        "sha256",
        "student id",
        "student",
        "counted",
        "attempts",
        "similar",
    ]
    return to_text([header + more, *(_line(row, titles) for row in rows)])


def _line(row: Row, titles: Sequence[str]) -> list[object]:
    student = [cell(row.student.id or row.student.login or row.student.email), cell(row.student.name)]
    attempts = " > ".join(attempt.total for attempt in row.attempts)
    about = [
        *student,
        "yes" if row.counted else "no",
        cell(attempts),
        cell("; ".join(hint.text for hint in row.similar)),
    ]
    report = row.report
    if report is None:
        return [
            cell(row.name),
            "",
            "",
            "",
            *[""] * len(titles),
            "",
            "",
            cell(one_line(row.error)),
            "",
            *about,
        ]
    points = {line.title: show(line.awarded) for line in report.lines}
    traps = " ".join(sorted({finding.id for finding in report.findings}))
    return [
        cell(row.name), show(report.awarded), show(report.of), show(report.decided),
        *(points.get(title, "") for title in titles), len(report.unchecked), traps,
        "interrupted" if report.interrupted else cell(one_line(report.error)), cell(report.sha256), *about,
    ]  # fmt: skip


def to_page(summary: ClassSummary, rubric: Rubric) -> str:
    """Return the page: the distribution, the most common failures and traps, and a row for each submission.

    Args:
        summary: the summary of the class; its figures are those of the counted attempts.
        rubric: the checks and their points.
    """
    reports = [row.report for row in summary.rows if row.report is not None and row.counted]
    opened = [report for report in reports if not report.error]
    script = resources.files("evaluation.reports").joinpath("templates", "overview.js").read_text("utf-8")
    return render(
        "overview.html",
        rows=summary.rows,
        groups=summary.groups,
        key=summary.key,
        key_text=summary.key_text,
        key_lost=summary.key_lost,
        rubric=rubric,
        opened=len(opened),
        unopened=len(reports) - len(opened),
        figures=_figures(reports),
        histogram=_histogram(reports),
        failures=_most_common(
            item.title for report in opened for item in report.results if item.status == FAILED
        ),
        traps=_most_common(title for report in reports for title in {item.title for item in report.findings}),
        incomplete=any(report.unchecked for report in reports),
        state=_state,
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _state(row: Row) -> str:
    """Return the state of a row for the filter of the page."""
    report = row.report
    if not row.counted:
        return "not counted"
    if report is None or report.error:
        return "not evaluated"
    return "not decided" if report.undecided or report.interrupted else "evaluated"


def _figures(reports: Sequence[Report]) -> str:
    if not reports:
        return ""
    points = [report.awarded for report in reports]
    averages = f"mean {mean(points):.1f} · median {median(points):g}"
    figures = f"{averages} · lowest {min(points):g} · highest {max(points):g}, of {show(_total(reports))}"
    undecided = len([report for report in reports if report.undecided or report.interrupted])
    return f"{figures} · {undecided} not final" if undecided else figures


def _total(reports: Sequence[Report]) -> float:
    return max((report.of for report in reports), default=0.0)


@dataclass(frozen=True)
class Bin:
    """A bar of the histogram.

    Attributes:
        label: its range of points.
        count: the number of submissions in it.
        share: its length, in percent of the longest one.
    """

    label: str
    count: int
    share: float


def _histogram(reports: Sequence[Report]) -> list[Bin]:
    width = _total(reports) / _BINS or 1.0
    counts = Counter(min(int(report.awarded / width), _BINS - 1) for report in reports)
    highest = max(counts.values(), default=1)
    return [
        Bin(f"{number * width:g} to {(number + 1) * width:g}", counts[number], 100 * counts[number] / highest)
        for number in range(_BINS)
    ]


def _most_common(titles: Iterable[str]) -> list[tuple[str, int]]:
    """Return the ten most common titles with their counts."""
    return sorted(Counter(titles).items(), key=lambda item: (-item[1], item[0]))[:10]
