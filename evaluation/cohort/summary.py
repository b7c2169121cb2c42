"""The summary of a class once its evaluations have ended: attempts, similar submissions, the answer key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evaluation.cohort.answer_key import describe, lost_by
from evaluation.cohort.attempts import Policy, count_attempts
from evaluation.cohort.entry import Entry
from evaluation.cohort.row import Row
from evaluation.similarity.groups import Compared, Group, find_groups, hints_of


@dataclass(frozen=True)
class ClassSummary:
    """A class after its evaluation.

    Attributes:
        rows: one for each submission, with the attempts of its student and its similarities with others.
        groups: the groups of similar submissions.
        key: the answer key; None if there is none.
        key_text: the result of evaluating the answer key.
        key_lost: the ids of the checks that the answer key does not pass.
    """

    rows: tuple[Row, ...]
    groups: tuple[Group, ...] = ()
    key: Row | None = None
    key_text: str = ""
    key_lost: tuple[str, ...] = ()


def summarize(entries: Sequence[Entry], key: Entry | None, policy: Policy) -> ClassSummary:
    """Return the summary of a class.

    Args:
        entries: the submissions.
        key: the answer key; None if there is none.
        policy: which attempt of a student counts.
    """
    rows = [entry.row() for entry in entries]
    keys = [key.row()] if key is not None else []
    groups = find_groups([_compared(row) for row in (*keys, *rows) if row.report is not None])
    hints = hints_of(groups, len(rows))
    counted = count_attempts([replace(row, similar=hints.get(row.name, ())) for row in rows], policy)
    lost = tuple(result.id for result in lost_by(key.report)) if key is not None and key.report else ()
    return ClassSummary(
        tuple(counted), groups, keys[0] if keys else None, describe(key) if key is not None else "", lost
    )


def _compared(row: Row) -> Compared:
    assert row.report is not None
    opened = row.report.sha256 if not row.report.error else ""
    return Compared(row.name, row.student.key, opened, row.report.fingerprints)
