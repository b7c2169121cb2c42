"""The report for a pull request, an issue or a mail."""

from __future__ import annotations

import re

from pipeline.evaluation.result import FAILED, NOT_CHECKED, PASSED, Report, Result, show

_MARKS = {PASSED: "✓", FAILED: "✗", NOT_CHECKED: "–"}


def to_markdown(report: Report) -> str:
    """A table of lines, then what did not pass with its reason and hint, then the traps."""
    parts = [f"# {_plain(report.submission)}: {show(report.points)} of {show(report.of)} points", ""]
    if report.interrupted:
        parts += ["**Interrupted: this is a part of the evaluation.**", ""]
    parts += [
        f"{_plain(report.rubric)} · {report.started} · {_plain(report.engine) or 'no container engine'}",
        "",
    ]
    parts += ["| | component | points | of |", "|---|---|---:|---:|"]
    parts += [
        f"| {_MARKS[line.status]} | {_plain(line.title)} | {show(line.points)} | {show(line.of)} |"
        for line in report.lines
    ]
    parts += [f"| | **total** | **{show(report.points)}** | **{show(report.of)}** |", ""]
    missing = [result for result in report.results if result.status != PASSED]
    if missing:
        parts += ["## What is missing", ""]
        for result in missing:
            parts += _missing(result)
    if report.findings:
        parts += ["## Known traps", ""]
        for finding in report.findings:
            where = f" (`{_code(finding.where)}`)" if finding.where else ""
            parts += [
                f"- **{_plain(finding.title)}**{where}: {_plain(finding.text)}",
                f"  {_plain(finding.hint)}",
            ]
        parts.append("")
    return "\n".join(parts)


def _missing(result: Result) -> list[str]:
    points = f"{show(result.points)} of {show(result.of)}"
    lines = [f"- {_MARKS[result.status]} **{_plain(result.title)}** ({points}): {_plain(result.reason)}"]
    if result.hint:
        lines.append(f"  {_plain(result.hint)}")
    return [*lines, ""]


def _plain(text: str) -> str:
    """Text of a submission as text: nothing in it becomes a link, a table or a tag."""
    return re.sub(r"([\\`*_\[\]<>|#~!])", r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
