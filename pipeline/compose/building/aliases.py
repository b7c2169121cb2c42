"""Variables that have two names, or a place of their own beside one in an object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pipeline.compose.findings import Findings

T = TypeVar("T")


def one_of(values: Mapping[str, T | None], findings: Findings) -> tuple[str, T | None]:
    """Return the place and the value that a request gives under one of several names.

    Args:
        values: each place in the request with its value; None where the request does not have it.
        findings: where a problem is reported if two names have different values.
    """
    given = [(path, value) for path, value in values.items() if value is not None]
    if not given:
        return next(iter(values)), None
    path, value = given[0]
    for other_path, other in given[1:]:
        if other != value:
            findings.refuse(other_path, f"differs from {path}, which means the same", "Write one of the two.")
    return path, value
