"""Diagnose the faults of a submission from the evidence so far, without building or running anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from evaluation.causes.builds import build_faults
from evaluation.causes.missing_files import file_faults
from evaluation.causes.stack import run_faults
from evaluation.evidence.evidence import Evidence
from evaluation.fault import Fault

# Each may explain those after it: an image that does not build explains every failed run.
DIAGNOSES: Mapping[str, Callable[[Evidence], Iterable[Fault]]] = {
    function.__name__: function for function in (build_faults, file_faults, run_faults)
}


def find_faults(evidence: Evidence) -> tuple[Fault, ...]:
    """Return the faults of a submission, each once.

    Args:
        evidence: the evidence collected for the submission.
    """
    faults: dict[str, Fault] = {}
    for name, function in DIAGNOSES.items():
        try:
            found = evidence.diagnose(name, function)
        except Exception:
            continue  # the check of this part reports why it cannot be examined
        for fault in found:
            faults.setdefault(fault.id, fault)
    return tuple(faults.values())
