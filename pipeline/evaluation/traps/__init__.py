"""Recognises the traps that a submission steps into. A finding costs no points; what it breaks does."""

from __future__ import annotations

from pipeline.errors import PipelineError
from pipeline.evaluation.lab import Lab
from pipeline.evaluation.result import BREAKS, RISK, Finding
from pipeline.evaluation.traps import happened, programs, recipes, texts
from pipeline.evaluation.traps.names import TRAPS

_ORDER = {BREAKS: 0, RISK: 1}
DETECTORS = (*happened.DETECTORS, *recipes.DETECTORS, *programs.DETECTORS, *texts.DETECTORS)
_MOST_OF_A_KIND = 6


def find(lab: Lab) -> tuple[Finding, ...]:
    """All findings, the worst first; of each kind the first few.

    Nothing is run for it: what happened is taken from what has been looked at already.
    """
    found: list[Finding] = []
    for name, detect in DETECTORS:
        trap = TRAPS[name]
        try:
            seen = list(dict.fromkeys(detect(lab)))
        except (PipelineError, OSError, ValueError, LookupError, TypeError, RecursionError):
            continue  # a trap that cannot be looked for is not reported
        for where, text in seen[:_MOST_OF_A_KIND]:
            found.append(Finding(name, trap.title, trap.severity, text, trap.hint, where))
        if len(seen) > _MOST_OF_A_KIND:
            more = f"and {len(seen) - _MOST_OF_A_KIND} more places like these"
            found.append(Finding(name, trap.title, trap.severity, more, trap.hint))
    names = list(TRAPS)
    return tuple(
        sorted(found, key=lambda finding: (_ORDER.get(finding.severity, 2), names.index(finding.id)))
    )
