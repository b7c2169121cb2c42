"""The checks that a rubric can name: decorated functions, each of which examines one thing and returns a verdict."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.checks import activation, containers, copying, documents, framework, orchestration, practice
from evaluation.checks.base import Check

CHECKS: Mapping[str, Check] = {
    value.name: value
    for module in (containers, orchestration, copying, activation, framework, documents, practice)
    for value in vars(module).values()
    if isinstance(value, Check)
}
