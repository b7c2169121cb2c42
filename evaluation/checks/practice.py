"""The check that a submission avoids a known trap, for rubrics that give points for it."""

from __future__ import annotations

from typing import Annotated

from evaluation.checks.base import check, observed
from evaluation.evidence.evidence import Evidence
from evaluation.result import Verdict
from evaluation.rubric_format.similar_names import did_you_mean
from evaluation.traps import TRAPS, find_traps


def _not_a_trap(key: object) -> str:
    return "" if key in TRAPS else f"unknown trap {key!r}{did_you_mean(str(key), TRAPS)}"


TrapKey = Annotated[str, _not_a_trap]


@check
def free_of(evidence: Evidence, trap: TrapKey) -> Verdict:
    """Check that the submission avoids a trap.

    Args:
        evidence: the evidence collected for the submission.
        trap: the id of the trap.
    """
    findings = [finding for finding in find_traps(evidence) if finding.id == trap]
    if findings:
        locations = "\n".join(finding.where for finding in findings if finding.where)
        return Verdict(
            False, f"{findings[0].title}: {findings[0].text}", findings[0].hint, observed(file=locations)
        )
    return Verdict(True, f"no sign of: {TRAPS[trap].title}")
