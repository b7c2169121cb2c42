"""The checks that a rubric can name: a table of functions, each of which looks at one thing and says what it saw."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.checks import activation, containers, copying, documents, orchestration, practice
from evaluation.checks.base import Check

CHECKS: Mapping[str, Check] = {
    check.name: check
    for room in (containers, orchestration, copying, activation, documents, practice)
    for check in room.CHECKS
}
