"""The overview of a class: a table for a spreadsheet, and a page with the distribution and what fails most."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from evaluation.reports.page import render
from evaluation.result import Report, show
from evaluation.rubric import Rubric
from evaluation.sanitize import printable
from pipeline import atomic_files
from pipeline.check_status import FAILED

_BINS = 10


@dataclass(frozen=True)
class Row:
    """One submission of a class.

    Attributes:
        name: its name, and the folder of its reports.
        report: its report; None if it could not be evaluated.
        error: why it could not be evaluated.
    """

    name: str
    report: Report | None
    error: str = ""


def write_overview(rows: Sequence[Row], rubric: Rubric, folder: Path) -> list[Path]:
    """Write ``overview.csv`` and ``overview.html``.

    Args:
        rows: one for each submission.
        rubric: what was graded.
        folder: where the files go.

    Returns:
        The files.

    Raises:
        CannotWrite: with the reason.
    """
    table, page = folder / "overview.csv", folder / "overview.html"
    atomic_files.write_text(table, to_csv(rows, rubric))
    atomic_files.write_text(page, to_page(rows, rubric))
    return [page, table]


def to_csv(rows: Sequence[Row], rubric: Rubric) -> str:
    """Return the table: a line for each submission, a column for each line of the rubric.

    Args:
        rows: one for each submission.
        rubric: what was graded.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    titles = [line.title for line in rubric.lines]
    header = [_cell(title) for title in titles]
    writer.writerow(
        ["submission", "points", "of", "decided", *header, "not checked", "traps", "error", "sha256"]
    )
    for row in rows:
        report = row.report
        if report is None:
            writer.writerow(
                [_cell(row.name), "", "", "", *[""] * len(titles), "", "", _cell(_in_one_line(row.error)), ""]
            )
            continue
        points = {line.title: show(line.points) for line in report.lines}
        traps = " ".join(sorted({finding.id for finding in report.findings}))
        lines = [points.get(title, "") for title in titles]
        error = "interrupted" if report.interrupted else _cell(_in_one_line(report.error))
        writer.writerow(
            [
                _cell(row.name),
                show(report.points),
                show(report.of),
                show(report.decided),
                *lines,
                len(report.unchecked),
                traps,
                error,
                _cell(report.sha256),
            ]
        )
    return text.getvalue()


def _in_one_line(text: str) -> str:
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())


def _cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: names come from outside.

    A spreadsheet looks past blanks, and full-width signs count for some; a leading apostrophe makes any cell a text.
    """
    plain = printable(" ".join(text.split()), 1000)
    first = unicodedata.normalize("NFKC", plain.lstrip())[:1]
    return "'" + plain if first in ("=", "+", "-", "@", "|", "%") and first else plain


def to_page(rows: Sequence[Row], rubric: Rubric) -> str:
    """Return the page: the distribution, the most common failures and traps, and a row for each submission.

    Args:
        rows: one for each submission.
        rubric: what was graded.
    """
    reports = [row.report for row in rows if row.report is not None]
    return render(
        "overview.html",
        rows=rows,
        rubric=rubric,
        evaluated=len(reports),
        figures=_figures(reports),
        histogram=_histogram(reports),
        failures=_most_common(
            item.title for report in reports for item in report.results if item.status == FAILED
        ),
        traps=_most_common(title for report in reports for title in {item.title for item in report.findings}),
        incomplete=any(report.unchecked for report in reports),
    )


def _figures(reports: Sequence[Report]) -> str:
    if not reports:
        return ""
    points = [report.points for report in reports]
    averages = f"mean {mean(points):.1f} · median {median(points):g}"
    return f"{averages} · lowest {min(points):g} · highest {max(points):g}, of {show(_total(reports))}"


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
    counts = Counter(min(int(report.points / width), _BINS - 1) for report in reports)
    highest = max(counts.values(), default=1)
    return [
        Bin(f"{number * width:g} to {(number + 1) * width:g}", counts[number], 100 * counts[number] / highest)
        for number in range(_BINS)
    ]


def _most_common(titles: Iterable[str]) -> list[tuple[str, int]]:
    """Return the ten most common titles with their counts."""
    return sorted(Counter(titles).items(), key=lambda item: (-item[1], item[0]))[:10]
