"""The explanations of checks and reports in the exports, the same for every platform."""

from __future__ import annotations

from collections.abc import Iterator

from common.check_status import NOT_CHECKED, PASSED
from evaluation.result import Line, Report, Result, in_points, show


def status_of(result: Result) -> str:
    """Return the status in words: passed, failed, not checked, not decided, or for the tutor."""
    return "for the tutor" if result.for_tutor else "not decided" if result.undecided else result.status


def explain(result: Result) -> str:
    """Return what was observed, what to do, and the tutor's comment."""
    reason = result.reason
    if result.status == NOT_CHECKED:
        reason = f"{status_of(result).capitalize()}: {reason}"
    lines = [reason]
    if result.hint and result.status != PASSED:
        lines.append(f"What to do: {result.hint}")
    if result.excused:
        lines.append("No points are deducted again: this is a consequence of an earlier fault.")
    if result.mark is not None:
        lines.append(_mark(show(result.awarded), show(result.points), result.mark.comment))
    return "\n".join(line for line in lines if line)


def explain_line(line: Line) -> str:
    """Return the tutor's mark and comment on a line; empty if there are none."""
    if line.mark is None:
        return ""
    automatic = sum(result.awarded for result in line.results)
    return _mark(show(line.awarded), show(automatic), line.mark.comment)


def _mark(awarded: str, automatic: str, comment: str) -> str:
    changed = f" (points {awarded} instead of {automatic})" if awarded != automatic else ""
    return f"Tutor{changed}: {comment}" if comment else f"Tutor{changed}" if changed else ""


def notes(report: Report) -> Iterator[str]:
    """Yield the notes on the whole report: undecided checks, the tutor's comment, lateness, what to do first."""
    if report.interrupted:
        yield "Interrupted: the evaluation is incomplete."
    if report.undecided:
        yield f"Not final: {report.total_text}. {_why_undecided(report)}"
    if report.comment:
        yield f"Tutor: {report.comment}"
    if report.late is not None:
        yield f"Late: {report.late.text} (-{in_points(report.late.points)})"
    if report.causes:
        first = report.causes[0]
        where = f" ({first.where})" if first.where else ""
        yield f"Do this first{where}: {first.title}. {first.do_first}"


def _why_undecided(report: Report) -> str:
    """Return why checks are undecided: no engine, a failure of the environment, or a decision left to the tutor."""
    read = [result.for_tutor for result in report.undecided]
    if all(read):
        return "The tutor decides the other checks."
    without_engine = not report.engine and not report.error
    if not any(read):
        return (
            "Nothing was built or run for the other checks."
            if without_engine
            else "The environment prevented the other checks."
        )
    rest = (
        "for the rest, nothing was built or run." if without_engine else "the environment prevented the rest."
    )
    return f"The tutor decides some of the other checks; {rest}"


def _together(results: list[Result]) -> Iterator[str]:
    """Yield explanations of checks that did not pass; checks with the same reason share one, with the first hint."""
    groups: dict[tuple[str, object], list[Result]] = {}
    for result in results:
        groups.setdefault((result.reason, result.mark), []).append(result)
    for group in groups.values():
        yield f"{'; '.join(result.title for result in group)}: {explain(group[0])}"


def feedback(report: Report, longest: int = 5000) -> str:
    """Return the comment for a gradebook: the notes, then each line that lost points with the reasons.

    Args:
        report: the report.
        longest: the maximum number of characters.
    """
    lines = [f"{report.total_text} points", *notes(report)]
    for line in report.lines:
        open_ = line.undecided
        missing = [
            result for result in line.results
            if result not in open_ and (result.status != PASSED or result.mark is not None)
        ]  # fmt: skip
        said = explain_line(line)
        if missing or open_ or said or line.awarded < line.of:
            lines.append(f"{line.title}: {show(line.awarded)} of {show(line.of)}")
            lines += [f"- {said}"] if said else []
            lines += [f"- {text}" for text in _together(missing)]
            lines += [f"- Not decided: {len(open_)} of {len(line.results)} checks"] if open_ else []
    text = "\n".join(lines)
    return text if len(text) <= longest else text[: longest - 1] + "…"
