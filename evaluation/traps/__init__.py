"""Recognises the traps that a submission steps into. A finding costs no points; what it breaks does."""

from __future__ import annotations

from evaluation.errors import TooCostly
from evaluation.evidence.evidence import Lab
from evaluation.result import BREAKS, RISK, Finding
from evaluation.traps import base, dockerfiles, programs, texts
from evaluation.traps.kinds import TRAPS

_ORDER = {BREAKS: 0, RISK: 1}
DETECTORS = (*base.DETECTORS, *dockerfiles.DETECTORS, *programs.DETECTORS, *texts.DETECTORS)
_MOST_OF_A_KIND = 6


def find(lab: Lab) -> tuple[Finding, ...]:
    """All findings, the worst first; of each kind the first few.

    Nothing is run for it: what happened is taken from what has been looked at already.
    """
    found: list[Finding] = []
    for number, (name, detect) in enumerate(DETECTORS):
        trap = TRAPS[name]
        try:
            told = lab.sightings(number, detect, _MOST_OF_A_KIND)
        except TooCostly as error:
            found.append(_too_costly(error))
            continue
        except Exception:
            continue  # a trap that cannot be looked for is not reported
        for where, text in told.seen:
            found.append(Finding(name, trap.title, trap.severity, text, trap.hint, where))
        if told.count > _MOST_OF_A_KIND:
            more = f"and {told.count - _MOST_OF_A_KIND} more places like these"
            found.append(Finding(name, trap.title, trap.severity, more, trap.hint))
    found = list(dict.fromkeys(found))
    names = list(TRAPS)
    return tuple(
        sorted(found, key=lambda finding: (_ORDER.get(finding.severity, 2), names.index(finding.id)))
    )


def _too_costly(error: TooCostly) -> Finding:
    trap = TRAPS["too-costly"]
    return Finding("too-costly", trap.title, trap.severity, error.message, trap.hint)
