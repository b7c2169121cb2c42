"""The report as Markdown, for a pull request, an issue or an e-mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from common.check_status import MARKS
from evaluation.reports.sections import (
    CauseSection,
    Loss,
    advice,
    cause_sections,
    headline,
    losses_text,
    status_of,
    text_to_read,
    undecided_groups,
)
from evaluation.reports.wording import explain_line, notes
from evaluation.result import Finding, Line, Report, in_points, show

FILE = "report.md"
# Number of lines of failing output that are shown: for the first cause, and for the others.
_FIRST, _OTHER = 14, 4


def export(report: Report) -> str:
    """Return the page: causes with what to do, the table of lines, undecided checks, and advice."""
    parts = [f"# {_plain(report.submission)}: {report.total_text} points", ""]
    parts += [f"**{_plain(headline(report))}**", ""]
    parts += [f"> {_prose(note)}\n" for note in notes(report) if not note.startswith("Do this first")]
    causes = cause_sections(report)
    if causes:
        parts += ["## Do this first", "", *_cause(causes[0], _FIRST)]
    if causes[1:]:
        parts += ["## Then", ""]
        for cause in causes[1:]:
            parts += _cause(cause, _OTHER)
    parts += ["## Points", "", "| | component | points | of |", "|---|---|---:|---:|"]
    parts += [_line(line) for line in report.lines]
    parts += [f"| | **total** | **{show(report.awarded)}** | **{show(report.of)}** |", ""]
    parts += list(_comments(report))
    if groups := undecided_groups(report):
        parts += ["## Not decided", ""]
        for group in groups:
            parts += _group(group)
    if traps := advice(report):
        parts += ["## Known traps", ""]
        for findings in traps:
            parts += _trap(findings)
        parts.append("")
    about = (report.rubric, report.started, report.engine or "no container engine")
    return "\n".join([*parts, " · ".join(_plain(text) for text in about if text), ""])


def _line(line: Line) -> str:
    return f"| {MARKS[line.status]} | {_plain(line.title)} | {show(line.awarded)} | {show(line.of)} |"


def _cause(one: CauseSection, lines: int) -> list[str]:
    cause = one.cause
    where = f" (`{_code(cause.where)}`)" if cause.where else ""
    cost = f", {one.cost}" if one.cost else ""
    parts = [f"**{_prose(cause.title)}**{where}{cost}", ""]
    parts += [_prose(cause.what), ""] if cause.what else []
    parts += [f"→ {_prose(cause.do_first)}", ""] if cause.do_first else []
    parts += [f"Failed: {_losses(one.own)}", ""] if one.own else []
    parts += [f"Follows: {_losses(one.following)}", ""] if one.following else []
    if output := one.output(lines):
        parts += [*(f"    {line}" for line in output.splitlines()), ""]
    return parts


def _losses(losses: Sequence[Loss]) -> str:
    return _prose(losses_text(losses))


def _comments(report: Report) -> Iterator[str]:
    """Yield the tutor's marks and comments on lines and checks."""
    for line in report.lines:
        said = [explain_line(line)] if line.mark is not None else []
        for result in line.results:
            if result.mark is not None:
                points = f"{show(result.awarded)} of {show(result.of)}"
                said.append(f"{result.title} ({points}): {result.mark.comment}".rstrip(": "))
        if said:
            yield f"- **{_plain(line.title)}**, tutor: {_prose('; '.join(said))}"
    yield ""


def _group(group: Sequence[Loss]) -> list[str]:
    result = group[0].result
    points = sum(loss.result.of for loss in group)
    status = f"{status_of(result).capitalize()} ({in_points(points)})"
    parts = [f"- {MARKS[result.status]} **{status}**: {_prose(result.reason)}", ""]
    parts += [f"  {_prose(result.hint)}", ""] if result.hint else []
    if text := text_to_read(result):
        parts += [*(f"      {line}" for line in text.splitlines()), ""]
    return [*parts, *(f"  - {_prose(loss.result.title)} ({show(loss.result.of)})" for loss in group), ""]


def _trap(findings: list[Finding]) -> list[str]:
    """Return a trap with every location where it was found."""
    places = []
    for finding in findings:
        location = f"`{_code(finding.where)}`: " if finding.where else ""
        places.append(f"  - {location}{_prose(finding.text)}")
    return [f"- **{_prose(findings[0].title)}**: {_prose(findings[0].hint)}", *places]


def _plain(text: str) -> str:
    """Return text of a submission with Markdown escaped, so that it contains no links, tables or tags."""
    return _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|#~!])", r"\\\1", text)


def _prose(text: str) -> str:
    """Return text of a submission with Markdown escaped, except that parts between backticks are code."""
    parts = re.split(r"`([^`]+)`", " ".join(text.split()))
    return "".join(f"`{part}`" if index % 2 else _escaped(part) for index, part in enumerate(parts))


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
