"""Traps and their detectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evaluation.evidence.evidence import Evidence
from evaluation.result import BREAKS

# The locations of a trap in a submission, each with a message.
Places = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Trap:
    """A known trap.

    Attributes:
        key: its id in reports and rubrics.
        title: its name in plain words.
        severity: breaks, risk or advice.
        hint: how to fix it.
    """

    key: str
    title: str
    severity: str
    hint: str


@dataclass(frozen=True)
class Detector:
    """A function that looks for a trap. Several detectors may look for the same trap.

    Attributes:
        trap: the trap that it looks for.
        function: yields the locations. It builds and runs nothing, and uses `Evidence.known` for facts that need an
            engine.
    """

    trap: Trap
    function: Callable[[Evidence], Places]

    @property
    def name(self) -> str:
        """The unique name of the detector."""
        return self.function.__name__


def detects(trap: Trap) -> Callable[[Callable[[Evidence], Places]], Detector]:
    """Return a decorator that turns a function into a detector of a trap."""
    return lambda function: Detector(trap, function)


TOO_COSTLY = Trap(
    "too-costly", "Something takes too much time or memory to read", BREAKS,
    "Reading a file of a submission should take a moment and a few megabytes. Look for a file that is damaged, "
    "nested very deeply, or much larger than its purpose requires.",
)  # fmt: skip
