"""Resubmissions: which attempt of a student counts, and the history of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from evaluation.cohort.row import Attempt, Row
from evaluation.result import Report


class Policy(StrEnum):
    """Which attempt counts."""

    LAST = "last"
    BEST = "best"


def count_attempts(rows: Sequence[Row], policy: Policy) -> list[Row]:
    """Return the rows in the same order, each with the attempts of its student and whether it counts.

    The row of the counted attempt has its report, even if that is an earlier one under the same name.

    Args:
        rows: one for each submission; those with the same student are attempts of this student.
        policy: whether the last or the best attempt counts; of equally good ones, the last counts.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.student.key or f"submission {row.name}", []).append(row)
    decided = {row.name: row for group in groups.values() for row in _counted(group, policy)}
    return [decided[row.name] for row in rows]


def _counted(rows: list[Row], policy: Policy) -> list[Row]:
    reports = [
        (row, report, page)
        for row in sorted(rows, key=lambda row: row.student.attempt)
        for report, page in (*row.earlier, (row.report, row.own_page))
        if report is not None
    ]
    if not reports:  # no attempt of this student could be evaluated: the last row says why
        return [replace(row, counted=row is rows[-1]) for row in rows]
    chosen = max(range(len(reports)), key=lambda number: (_value(reports[number][1], policy), number))
    attempts = tuple(
        Attempt(row.name, report.started, report.sha256, report.total_text, page, number == chosen)
        for number, (row, report, page) in enumerate(reports)
    )
    counted, report, _ = reports[chosen]
    return [
        replace(
            row, counted=row is counted, report=report if row is counted else row.report,
            attempts=attempts if len(attempts) > 1 else (),
        )
        for row in rows
    ]  # fmt: skip


def _value(report: Report, policy: Policy) -> float:
    if policy == Policy.LAST:
        return 0.0
    return -1.0 if report.error else report.awarded
