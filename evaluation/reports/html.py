"""The report as one page that needs nothing else: for a screen, a phone, and paper."""

from __future__ import annotations

from html import escape
from itertools import groupby

from evaluation.reports.page import bar, page, prose
from evaluation.result import FAILED, NOT_CHECKED, PASSED, Finding, Line, Report, Result, show

_CLASSES = {PASSED: "passed", FAILED: "failed", NOT_CHECKED: "unchecked"}
_KINDS = {
    "command": "typed",
    "status": "exit status",
    "log": "printed",
    "sha256": "SHA-256",
    "file": "file",
    "note": "seen",
}
_SEVERITY = {"breaks": "breaks it", "risk": "a risk", "advice": "advice"}


def to_html(report: Report) -> str:
    """Points first, then the lines, then each check with its reason, then the traps."""
    parts = [
        f"<h1>{escape(report.submission)}</h1>",
        f'<p class="soft">{escape(report.rubric)}</p>',
        f'<p class="total"><b>{show(report.points)}</b> of {show(report.of)} points</p>',
        bar(report.points, report.of),
        _notice(report),
        _table(report),
    ]
    parts += _missing(report)
    if report.findings:
        parts.append("<h2>Known traps</h2>")
        parts.append('<p class="soft">They cost no points by themselves; what they break does.</p>')
        parts += [
            _trap(list(group))
            for _, group in groupby(report.findings, key=lambda one: (one.id, one.severity))
        ]
    parts += ["<h2>Every check</h2>", *(_line(line) for line in report.lines), _about(report)]
    return page(f"{report.submission}: {show(report.points)} of {show(report.of)}", "\n".join(parts))


def _notice(report: Report) -> str:
    lines = []
    if report.interrupted:
        lines.append("This evaluation was interrupted: what is missing was not checked.")
    elif not report.engine:
        lines.append("Nothing was built or run here: what needs a container engine was not checked.")
    return f'<div class="notice">{" ".join(lines)}</div>' if lines else ""


def _table(report: Report) -> str:
    rows = [
        f'<tr><td>{escape(line.title)}<span class="soft wide"><br>{escape(line.criteria)}</span></td>'
        f"<td>{_mark(line.status)}</td>"
        f'<td class="n">{show(line.points)} / {show(line.of)}</td></tr>'
        for line in report.lines
    ]
    head = '<tr><th scope="col">Component</th><th scope="col">Result</th><th scope="col" class="n">Points</th></tr>'
    return (
        f"<h2>Rubric</h2>\n<table>\n<thead>{head}</thead>\n<tbody>\n"
        + "\n".join(rows)
        + "\n</tbody>\n</table>"
    )


def _missing(report: Report) -> list[str]:
    """What failed, each with its evidence; what was not checked for the same reason together."""
    failed = [
        _check(result, line.title, shown=True)
        for line in report.lines
        for result in line.results
        if result.status == FAILED
    ]
    waiting: dict[tuple[str, str], list[tuple[Line, Result]]] = {}
    for line in report.lines:
        for result in line.results:
            if result.status == NOT_CHECKED:
                waiting.setdefault((result.reason, result.hint), []).append((line, result))
    parts = [*failed, *(_unchecked(group) for group in waiting.values())]
    return ["<h2>What is missing</h2>", *parts] if parts else []


def _unchecked(group: list[tuple[Line, Result]]) -> str:
    line, first = group[0]
    if len(group) == 1:
        return _check(first, line.title)
    hint = f'<p class="hint">{prose(first.hint)}</p>' if first.hint else ""
    names = "".join(
        f"<li>{escape(line.title)}: {prose(result.title)} ({show(result.of)})</li>" for line, result in group
    )
    of = sum(result.of for _, result in group)
    return (
        f'<div class="card"><div class="head">{_mark(NOT_CHECKED)}<h3>{len(group)} checks</h3>'
        f'<span class="n">0 / {show(of)}</span></div><p>{prose(first.reason)}</p>{hint}<ul>{names}</ul></div>'
    )


def _mark(status: str) -> str:
    return f'<span class="mark {_CLASSES[status]}">{status}</span>'


def _trap(findings: list[Finding]) -> str:
    """One trap, with every place where the submission steps into it."""
    first = findings[0]
    places = "".join(f"<li>{_place(finding)}</li>" for finding in findings)
    return (
        f'<div class="card"><div class="head"><span class="mark {first.severity}">{_SEVERITY[first.severity]}</span>'
        f"<h3>{prose(first.title)}</h3></div><ul>{places}</ul>"
        f'<p class="hint">{prose(first.hint)}</p></div>'
    )


def _place(finding: Finding) -> str:
    where = f"<code>{escape(finding.where)}</code>: " if finding.where else ""
    return where + prose(finding.text)


def _line(line: Line) -> str:
    cards = "\n".join(_check(result) for result in line.results)
    points = f'<span class="soft">{show(line.points)} of {show(line.of)}</span>'
    return f'<section><h3 class="line">{escape(line.title)} · {points}</h3>\n{cards}</section>'


def _check(result: Result, line: str = "", *, shown: bool = False) -> str:
    hint = f'<p class="hint">{prose(result.hint)}</p>' if result.hint else ""
    above = f'<p class="soft">{escape(line)}</p>' if line else ""
    seen = "".join(
        f"<dt>{_KINDS.get(one.kind, escape(one.kind))}</dt><dd><pre>{escape(one.text)}</pre></dd>"
        for one in result.evidence
    )
    seconds = f" · {result.seconds:.1f} s" if result.seconds >= 0.05 else ""
    opened = " open" if shown else ""
    summary = f"<summary>What was seen{seconds}</summary>"
    evidence = f"<details{opened}>{summary}<dl>{seen}</dl></details>" if seen else ""
    return (
        f'<div class="card"><div class="head">{_mark(result.status)}<h3>{prose(result.title)}</h3>'
        f'<span class="n">{show(result.points)} / {show(result.of)}</span></div>'
        f"{above}<p>{prose(result.reason)}</p>{hint}{evidence}</div>"
    )


def _about(report: Report) -> str:
    facts = [
        ("From", f"{report.source} ({report.kind})"),
        ("Files", f"{report.files:,}, {report.size:,} bytes"),
        ("SHA-256 of the submission", report.sha256),
        ("SHA-256 of the rubric", report.rubric_sha256),
        ("Engine", report.engine or "none"),
        ("Started", report.started),
        ("Seconds", f"{report.seconds:g}"),
    ]
    listed = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in facts)
    kept = "".join(
        f"<tr><td>{_enforced(one.enforced)} {escape(one.what)}</td><td>{escape(one.how)}</td></tr>"
        for one in report.protections
    )
    return (
        f"<h2>How it was evaluated</h2>\n<table><tbody>{listed}</tbody></table>\n"
        f"<h2>What kept it in its place</h2>\n<table><tbody>{kept}</tbody></table>"
    )


def _enforced(enforced: bool) -> str:
    return "✓" if enforced else "✗ not enforced:"
