"""Find known traps in a submission. Findings themselves cost no points."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.errors import TooCostly
from evaluation.evidence.evidence import Evidence
from evaluation.result import BREAKS, RISK, Finding
from evaluation.traps import base, build_contexts, dockerfiles, programs, runs, texts
from evaluation.traps import file_traps as files
from evaluation.traps.base import TOO_COSTLY, Detector, Trap

_MODULES = (runs, files, build_contexts, dockerfiles, programs, texts, base)
TRAPS: Mapping[str, Trap] = {
    value.key: value for module in _MODULES for value in vars(module).values() if isinstance(value, Trap)
}
DETECTORS: Mapping[str, Detector] = {
    value.name: value for module in _MODULES for value in vars(module).values() if isinstance(value, Detector)
}
_ORDER = {BREAKS: 0, RISK: 1}
_MOST_OF_A_KIND = 6


def find_traps(evidence: Evidence) -> tuple[Finding, ...]:
    """Return the findings, the most severe first, and only the first few of each kind.

    Nothing is built or run for this: only facts that are already known are used.
    """
    findings: list[Finding] = []
    for detector in DETECTORS.values():
        try:
            result = evidence.detect(detector.name, detector.function, _MOST_OF_A_KIND)
        except TooCostly as error:
            findings.append(_finding(TOO_COSTLY, error.message))
            continue
        except Exception:
            continue  # a failed detector reports nothing
        findings += [_finding(detector.trap, text, where) for where, text in result.places]
        if result.count > _MOST_OF_A_KIND:
            findings.append(
                _finding(detector.trap, f"and {result.count - _MOST_OF_A_KIND} more places like these")
            )
    keys = list(TRAPS)
    return tuple(
        sorted(
            dict.fromkeys(findings),
            key=lambda finding: (_ORDER.get(finding.severity, 2), keys.index(finding.id)),
        )
    )


def _finding(trap: Trap, text: str, where: str = "") -> Finding:
    return Finding(trap.key, trap.title, trap.severity, text, trap.hint, where)
