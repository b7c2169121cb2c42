"""Scaling that lies beside a network in its file and is not used: how it is recognised, and what would use it.

Nothing is guessed from values: only names count, and nothing is used before somebody asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from pybrain_runtime._io.record import Record

_RANGES = (("min", "max"), ("minimum", "maximum"), ("low", "high"), ("lo", "hi"), ("lower", "upper"))
_MEANS = tuple(
    (mean, width)
    for mean in ("mean", "means", "avg", "average", "mu", "center", "loc", "shift", "offset")
    for width in ("std", "stds", "stdev", "sd", "sigma", "scale", "scales", "width")
)
_WORDS = frozenset(word for pair in (*_RANGES, *_MEANS) for word in pair) | {
    *("range", "bounds", "limits", "norm", "factor", "var", "variance", "scaler", "scaling", "normalization")
}
_OUTPUT_WORDS = frozenset({"y", "out", "output", "outputs", "target", "targets", "label", "labels"})


class FoundScaling(Record, eq=True):
    """What looks like scaling beside a network, by its names.

    Attributes:
        names: the companions, in the order of the file.
        inputs: the rule that scales inputs by them, ``x_min..x_max``; None where the names give none.
        outputs: the rule that turns answers back; None where the names give none.
    """

    names: tuple[str, ...]
    inputs: str | None = None
    outputs: str | None = None

    def as_report(self) -> dict[str, object]:
        """Return the same for programs."""
        return {"names": list(self.names), "inputs": self.inputs, "outputs": self.outputs}


def find_scaling(companions: Mapping[str, object]) -> FoundScaling | None:
    """Look for scaling in what lies beside a network; None where nothing has such a name.

    Args:
        companions: numbers, arrays and text by their place in the file, see ``find_network``.
    """
    places = tuple(
        dict.fromkeys(_whole(place, companions) for place, value in companions.items() if _numeric(value))
    )
    found = tuple(place for place in places if not _WORDS.isdisjoint(_words(place)))
    if not found:
        return None
    rules: dict[str, str] = {}
    for pairs, mark in ((_RANGES, ".."), (_MEANS, ",")):
        for first, second in _pairs(places, pairs):
            side = "outputs" if _OUTPUT_WORDS.intersection(_words(first)) else "inputs"
            rules.setdefault(side, f"{first}{mark}{second}")
    return FoundScaling(found, rules.get("inputs"), rules.get("outputs"))


def _pairs(places: Sequence[str], kinds: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return names that differ in one word alone, which is ``min`` in the one and ``max`` in the other."""
    pairs = []
    for first in places:
        words = _words(first)
        for low, high in kinds:
            if low in words:
                wanted = [high if word == low else word for word in words]
                pairs += [(first, second) for second in places if _words(second) == wanted]
    return pairs


def _words(place: str) -> list[str]:
    """Return the words of a name: ``scaling.xMin_`` has scaling, x and min."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", place)
    return [word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word]


def _whole(place: str, companions: Mapping[str, object]) -> str:
    """Return the place of the list that a number stands in, where it is one of several: ``x_min`` for ``x_min.0``."""
    stem, dot, last = place.rpartition(".")
    return (
        stem if dot and last.isdigit() and f"{stem}.0" in companions and f"{stem}.1" in companions else place
    )


def _numeric(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiu"
    return isinstance(value, int | float) and not isinstance(value, bool)
