"""Variables that a request can set under more than one name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pipeline.compose.findings import Findings

T = TypeVar("T")


def one_of(values: Mapping[str, T | None], findings: Findings) -> tuple[str, T | None]:
    """Return the path and the value of a variable that has several names.

    Args:
        values: the value at each path of the request; None if the request does not set it.
        findings: collects a problem if two names have different values.
    """
    given = [(path, value) for path, value in values.items() if value is not None]
    if not given:
        return next(iter(values)), None
    path, value = given[0]
    for other_path, other in given[1:]:
        if other != value:
            findings.refuse(
                other_path, f"differs from {path}, which means the same", "Set only one of the two."
            )
    return path, value
