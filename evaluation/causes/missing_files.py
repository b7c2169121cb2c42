"""The faults that the files show: a missing library, a missing compose file."""

from __future__ import annotations

from collections.abc import Iterator

from evaluation.causes.builds import copies
from evaluation.evidence.evidence import Evidence
from evaluation.fault import (
    DEPENDENCIES,
    LIBRARY,
    PREDICTION,
    RUN,
    SERVICES,
    STATUS,
    SYNTAX,
    Fault,
)
from evaluation.traps.file_traps import EMPTY_PYBRAIN, empty_pybrain

_DEPENDENT = (SERVICES, DEPENDENCIES, *RUN)


def file_faults(evidence: Evidence) -> Iterator[Fault]:
    """Yield the faults that the files show.

    Args:
        evidence: the evidence collected for the submission.
    """
    run = evidence.known(Evidence.run)
    places = list(empty_pybrain.function(evidence))
    if places and not (run is not None and evidence.is_right(run)):
        where, text = places[0]
        yield Fault(
            EMPTY_PYBRAIN.key, EMPTY_PYBRAIN.title, f"{text}.", EMPTY_PYBRAIN.hint, (LIBRARY,), (PREDICTION, STATUS),
            where, missing=True,
        )  # fmt: skip
    if evidence.safe_stack.mistakes and not evidence.places.compose_file:
        yield Fault(
            "no-compose-file", "There is no compose file", f"{evidence.safe_stack.mistakes[0]}.",
            f"Hand in {evidence.layout.compose_name} beside the folders of the "
            f"containers.", (SYNTAX,), (*_DEPENDENT, *copies(evidence)), missing=True,
        )  # fmt: skip
