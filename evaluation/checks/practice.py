"""Good practice, for rubrics that give points for it: a submission steps into none of the named traps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluation.checks.base import Check, seen
from evaluation.errors import CannotCheck
from evaluation.evidence.evidence import Lab
from evaluation.result import Verdict
from evaluation.traps import find
from evaluation.traps.kinds import TRAPS


def free_of(lab: Lab, parameters: Mapping[str, Any]) -> Verdict:
    """The submission does not step into a trap."""
    name = str(parameters["trap"])
    if name not in TRAPS:
        raise CannotCheck(f"there is no trap {name}; there are: {', '.join(TRAPS)}")
    found = [finding for finding in find(lab) if finding.id == name]
    if found:
        where = "\n".join(finding.where for finding in found if finding.where)
        return Verdict(False, f"{found[0].title}: {found[0].text}", found[0].hint, seen(file=where))
    return Verdict(True, f"no sign of: {TRAPS[name].title}")


CHECKS = (Check("free_of", free_of, {"trap": str}),)
