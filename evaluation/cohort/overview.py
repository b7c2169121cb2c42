"""The overview of a class: a table for a spreadsheet, and a page with the distribution and what fails most."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import mean, median

from evaluation.reports.page import page, prose
from evaluation.result import FAILED, Report, show
from evaluation.rubric import Rubric
from evaluation.sanitize import printable
from pipeline import atomic_files
from pybrain_runtime._io.printable import in_one_line

_CLASSES = 10


@dataclass(frozen=True)
class Row:
    """One submission of a class.

    Attributes:
        name: its name, and the folder of its reports.
        report: what came of it; None where nothing did.
        error: why nothing did.
    """

    name: str
    report: Report | None
    error: str = ""


def write_overview(rows: Sequence[Row], rubric: Rubric, folder: Path) -> list[Path]:
    """Writes ``overview.csv`` and ``overview.html``.

    Raises:
        CannotWrite: with the reason.
    """
    table, whole = folder / "overview.csv", folder / "overview.html"
    atomic_files.write_text(table, to_csv(rows, rubric))
    atomic_files.write_text(whole, to_page(rows, rubric))
    return [whole, table]


def to_csv(rows: Sequence[Row], rubric: Rubric) -> str:
    """A line for each submission, a column for each line of the rubric."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    titles = [line.title for line in rubric.lines]
    heads = [_cell(title) for title in titles]
    writer.writerow(["submission", "points", "of", *heads, "not checked", "traps", "error", "sha256"])
    for row in rows:
        report = row.report
        if report is None:
            writer.writerow(
                [_cell(row.name), "", "", *[""] * len(titles), "", "", _cell(_in_one_line(row.error)), ""]
            )
            continue
        points = {line.title: show(line.points) for line in report.lines}
        traps = " ".join(sorted({finding.id for finding in report.findings}))
        lines = [points.get(title, "") for title in titles]
        error = "interrupted" if report.interrupted else ""
        writer.writerow(
            [
                _cell(row.name),
                show(report.points),
                show(report.of),
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
    """A text that no spreadsheet takes for a formula: names come from outside.

    A spreadsheet looks past blanks, and full-width signs count for some; a leading apostrophe makes any cell a text.
    """
    plain = printable(" ".join(text.split()), 1000)
    first = unicodedata.normalize("NFKC", plain.lstrip())[:1]
    return "'" + plain if first in ("=", "+", "-", "@", "|", "%") and first else plain


def to_page(rows: Sequence[Row], rubric: Rubric) -> str:
    """The distribution, the most common failures and traps, and a row for each submission."""
    reports = [row.report for row in rows if row.report is not None]
    parts = [
        "<h1>Overview</h1>",
        f'<p class="soft">{escape(rubric.name)} · {len(rows)} submissions, {len(reports)} evaluated</p>',
    ]
    if reports:
        points = [report.points for report in reports]
        of = max(report.of for report in reports)
        middle = f"mean {mean(points):.1f} · median {median(points):g}"
        figures = f"{middle} · lowest {min(points):g} · highest {max(points):g}"
        parts += [f"<h2>Distribution</h2><p>{figures}, of {show(of)}</p>", _histogram(points, of)]
        parts += _most_common(reports)
    parts += ["<h2>Submissions</h2>", _table(rows, rubric)]
    return page("Overview", "\n".join(parts), wide=True)


def _histogram(points: Sequence[float], of: float) -> str:
    width = of / _CLASSES or 1.0
    counts = Counter(min(int(value / width), _CLASSES - 1) for value in points)
    most = max(counts.values())
    rows = []
    for number in range(_CLASSES):
        count = counts.get(number, 0)
        label = f"{number * width:g} to {(number + 1) * width:g}"
        rows.append(
            f'<tr><td class="n" style="width:7.5em">{label}</td>'
            '<td style="width:100%"><div class="bar" style="background:none">'
            f'<i style="width:{100 * count / most:.1f}%"></i></div></td><td class="n">{count}</td></tr>'
        )
    heads = (
        "<th scope='col' class='n'>points</th><th scope='col'></th><th scope='col' class='n'>how many</th>"
    )
    return f"<table class='chart'><thead><tr>{heads}</tr></thead><tbody>" + "".join(rows) + "</tbody></table>"


def _most_common(reports: Sequence[Report]) -> list[str]:
    failed = Counter(
        result.title for report in reports for result in report.results if result.status == FAILED
    )
    traps = Counter(title for report in reports for title in {finding.title for finding in report.findings})
    parts = []
    for title, counts in (("What fails most", failed), ("The most common traps", traps)):
        if counts:
            rows = "".join(
                f'<tr><td>{prose(name)}</td><td class="n">{count} of {len(reports)}</td></tr>'
                for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:10]
            )
            parts.append(f"<h2>{title}</h2><table><tbody>{rows}</tbody></table>")
    return parts


def _table(rows: Sequence[Row], rubric: Rubric) -> str:
    heads = "".join(f'<th scope="col" class="n wide">{escape(line.title)}</th>' for line in rubric.lines)
    body = []
    for row in rows:
        if row.report is None:
            body.append(_error(row, len(rubric.lines)))
            continue
        lines = "".join(f'<td class="n wide">{show(line.points)}</td>' for line in row.report.lines)
        part = " *" if row.report.unchecked else ""
        link = f'<a href="{escape(row.name, quote=True)}/report.html">{escape(in_one_line(row.name))}</a>'
        body.append(
            f'<tr><td>{link}</td><td class="n"><b>{show(row.report.points)}</b>{part}</td>{lines}</tr>'
        )
    note = (
        '<p class="soft">* some checks were not made</p>'
        if any(row.report and row.report.unchecked for row in rows)
        else ""
    )
    head = (
        f'<thead><tr><th scope="col">Submission</th><th scope="col" class="n">Points</th>{heads}</tr></thead>'
    )
    return (
        f'<div class="scroll"><table class="class">{head}<tbody>{"".join(body)}</tbody></table></div>{note}'
    )


def _error(row: Row, columns: int) -> str:
    """Why there are no points: in the columns of the points, or under the name where there is no room for them."""
    why = "<br>".join(escape(printable(line.strip())) for line in row.error.splitlines())
    return (
        f'<tr><td>{escape(in_one_line(row.name))}<div class="narrow soft">{why}</div></td><td class="n">–</td>'
        f'<td class="wide" colspan="{columns}">{why}</td></tr>'
    )
