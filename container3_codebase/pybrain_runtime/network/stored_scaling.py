"""Finds scaling values that are stored beside a network in the same file, by their names.

Their values are not examined, and they are used only on request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from pybrain_runtime.io.record import Record

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
    """Companions of a network whose names suggest a scaling.

    Attributes:
        names: the companions, in the order of the file.
        inputs: the scaling rule of the inputs, ``x_min..x_max``; None if there is none.
        outputs: the scaling rule of the outputs; None if there is none.
    """

    names: tuple[str, ...]
    inputs: str | None = None
    outputs: str | None = None

    def as_report(self) -> dict[str, object]:
        """Return the values for the JSON report."""
        return {"names": list(self.names), "inputs": self.inputs, "outputs": self.outputs}


def find_scaling(companions: Mapping[str, object]) -> FoundScaling | None:
    """Return the companions that may be a scaling; None if there are none.

    Args:
        companions: numbers, arrays and text by their keys in the file, see ``find_network``.
    """
    places = tuple(
        dict.fromkeys(_list_key(place, companions) for place, value in companions.items() if _numeric(value))
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
    """Return pairs of names that differ in one word only, such as ``min`` in one and ``max`` in the other."""
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


def _list_key(place: str, companions: Mapping[str, object]) -> str:
    """Return the key of the list that an item belongs to, ``x_min`` for ``x_min.0``; other keys are unchanged."""
    stem, dot, last = place.rpartition(".")
    return (
        stem if dot and last.isdigit() and f"{stem}.0" in companions and f"{stem}.1" in companions else place
    )


def _numeric(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiu"
    return isinstance(value, int | float) and not isinstance(value, bool)
