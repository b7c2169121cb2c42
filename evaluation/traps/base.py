"""Traps and their detectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evaluation.evidence.evidence import Evidence
from evaluation.result import BREAKS

# The locations where a submission has a trap, each with a message.
Places = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Trap:
    """A known trap.

    Attributes:
        key: its name in reports and rubrics.
        title: what people call it.
        severity: breaks, risk or advice.
        hint: what to do about it.
    """

    key: str
    title: str
    severity: str
    hint: str


@dataclass(frozen=True)
class Detector:
    """A function that looks for a trap. Several detectors may look for the same trap.

    Attributes:
        trap: what it looks for.
        function: yields the places. It builds and runs nothing: it asks `Evidence.known` for what took an engine.
    """

    trap: Trap
    function: Callable[[Evidence], Places]

    @property
    def name(self) -> str:
        """The unique name of the detector."""
        return self.function.__name__


def detects(trap: Trap) -> Callable[[Callable[[Evidence], Places]], Detector]:
    """Declare a function as a detector of a trap."""
    return lambda function: Detector(trap, function)


TOO_COSTLY = Trap(
    "too-costly", "Something takes too much time or memory to be read", BREAKS,
    "A file of a submission is read in a moment and a few megabytes. Look for one that is damaged, nested very "
    "deep, or much larger than its purpose requires.",
)  # fmt: skip
