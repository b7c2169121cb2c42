"""The report as Markdown, for a pull request, an issue or an e-mail."""

from __future__ import annotations

import re
from itertools import groupby

from evaluation.result import Finding, Report, Result, show
from pipeline.check_status import MARKS, PASSED

FILE = "report.md"


def export(report: Report) -> str:
    """Return a table of lines, then what did not pass with its reason and hint, then the traps."""
    parts = [f"# {_plain(report.submission)}: {report.total_text}", ""]
    if report.interrupted:
        parts += ["**Interrupted: this is a part of the evaluation.**", ""]
    parts += [
        f"{_plain(report.rubric)} · {report.started} · {_plain(report.engine) or 'no container engine'}",
        "",
    ]
    parts += ["| | component | points | of |", "|---|---|---:|---:|"]
    parts += [
        f"| {MARKS[line.status]} | {_plain(line.title)} | {show(line.points)} | {show(line.of)} |"
        for line in report.lines
    ]
    parts += [f"| | **total** | **{show(report.points)}** | **{show(report.of)}** |", ""]
    if report.undecided:
        parts += [f"**{report.total_text}**: the rest could not be decided where it was evaluated.", ""]
    missing = [result for result in report.results if result.status != PASSED]
    if missing:
        parts += ["## What is missing", ""]
        for result in missing:
            parts += _missing(result)
    if report.findings:
        parts += ["## Known traps", ""]
        for _, group in groupby(report.findings, key=lambda one: (one.id, one.severity)):
            parts += _trap(list(group))
        parts.append("")
    return "\n".join(parts)


def _trap(findings: list[Finding]) -> list[str]:
    """Return one trap, with every location where it was found."""
    places = []
    for finding in findings:
        location = f"`{_code(finding.where)}`: " if finding.where else ""
        places.append(f"  - {location}{_prose(finding.text)}")
    return [f"- **{_prose(findings[0].title)}**: {_prose(findings[0].hint)}", *places]


def _missing(result: Result) -> list[str]:
    points = f"{show(result.points)} of {show(result.of)}"
    lines = [f"- {MARKS[result.status]} **{_prose(result.title)}** ({points}): {_prose(result.reason)}"]
    if result.hint:
        lines += ["", f"  {_prose(result.hint)}"]
    return [*lines, ""]


def _plain(text: str) -> str:
    """Return text of a submission with its Markdown escaped: it contains no links, tables or tags."""
    return _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|#~!])", r"\\\1", text)


def _prose(text: str) -> str:
    """Return text of a submission as text, but the parts between backticks as code."""
    parts = re.split(r"`([^`]+)`", " ".join(text.split()))
    return "".join(f"`{part}`" if index % 2 else _escaped(part) for index, part in enumerate(parts))


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
