"""The possible scalings that the numbers beside a network describe.

A file with ``x_min`` and ``x_max`` does not specify whether they map to 0 and 1 or to -1 and 1, and a program may or
may not scale the outputs back. Each of these is a reading. Whether it earns points depends on the rows: numbers
between 0 and 1 may already be scaled, 37.5 is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from evaluation.prediction.readings.companions import numbers_at
from pybrain_runtime.network.stored_scaling import find_scaling

# The intervals of scaled values: for a range, and for a mean with a width. Rows may be slightly outside.
_OF_UNIT, _OF_BOTH, _OF_MEAN = (-0.05, 1.05), (-1.05, 1.05), (-4.5, 4.5)
_BEYOND = 0.5
# Names that show beyond doubt that inputs are scaled; `mean` and `std` alone may describe an error.
_CERTAIN = re.compile(
    r"(?:^|[._\s])(?:x|in|inputs?|features?|min|low|lower|range|scal\w*|norm\w*)(?:$|[._\s\dA-Z])",
    re.IGNORECASE,
)
_UNSCALED = "the rows are given to the network as they are, but its file has {names}, and these rows are not scaled yet"
_TWICE = "the rows are scaled by {names}, but they are scaled already"


@dataclass(frozen=True, eq=False)
class Rule:
    """One side of a scaling: ``(value - mean) / scale``.

    Attributes:
        text: the names of its numbers and the interval, for a report.
        mean: shape (columns,).
        scale: shape (columns,), never 0.
        scaled: the interval of scaled values.
    """

    text: str
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    scaled: tuple[float, float] = _OF_MEAN

    def apply(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return scaled values, shape (rows, columns)."""
        return (values - self.mean) / self.scale

    def invert(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return unscaled values, shape (rows, columns)."""
        return values * self.scale + self.mean


@dataclass(frozen=True, eq=False)
class ScalingReading:
    """One way in which a program may use the numbers beside a network.

    Attributes:
        text: a description for a report; empty if the numbers are not used.
        inputs: the scaling of the inputs; None if they are not scaled.
        outputs: the scaling that is inverted for the outputs; None if they are not scaled back.
        why_wrong: why this is not the network's prediction; empty if it may be correct.
    """

    text: str = ""
    inputs: Rule | None = None
    outputs: Rule | None = None
    why_wrong: str = ""


def scaling_readings(
    companions: Mapping[str, object], rows: NDArray[np.float64], outdim: int
) -> list[ScalingReading]:
    """Return the ways in which a program may use the numbers beside a network, the most likely first.

    Args:
        companions: numbers and arrays by name.
        rows: the rows, shape (n, indim).
        outdim: the number of outputs.
    """
    inputs, outputs, names, certain = _rules(companions, rows.shape[1], outdim)
    if not inputs and not outputs:
        return [ScalingReading()]
    certain = certain and bool(inputs)
    original = certain and not any(_may_be_scaled(rule, rows) for rule in inputs)
    scaled = certain and all(_must_be_scaled(rule, rows) for rule in inputs)
    twice = _TWICE.format(names=names) if scaled else ""
    unscaled = _UNSCALED.format(names=names) if original else ""
    readings = [
        ScalingReading(_text(rule, back), rule, back, twice)
        for number, rule in enumerate(inputs)
        for back in ([outputs[min(number, len(outputs) - 1)]] if outputs else []) + [None]
    ]
    plain = [ScalingReading(_text(None, back), None, back, unscaled) for back in (*outputs, None)]
    return readings + plain if certain and not scaled else plain[-1:] + plain[:-1] + readings


def _text(inputs: Rule | None, outputs: Rule | None) -> str:
    first = f"inputs scaled by {inputs.text}" if inputs else "inputs as they are"
    return f"{first}, outputs {f'scaled back by {outputs.text}' if outputs else 'not scaled back'}"


def _rules(
    companions: Mapping[str, object], indim: int, outdim: int
) -> tuple[list[Rule], list[Rule], str, bool]:
    """Return the rules of inputs and outputs, the names of the numbers, and whether the names are unambiguous."""
    pairs = _named(companions) or _listed(companions) or _unnamed(companions)
    if not pairs:
        return [], [], "", False
    certain = any(side == "inputs" and _CERTAIN.search(first) for side, _, first, _ in pairs)
    names = ", ".join(dict.fromkeys(name for _, _, *names in pairs for name in names))
    sides: dict[str, list[Rule]] = {"inputs": [], "outputs": []}
    for side, kind, first, second in pairs:
        sides[side] += _rules_of(companions, kind, first, second, indim if side == "inputs" else outdim)
    return sides["inputs"][:3], sides["outputs"][:3], names, certain


def _named(companions: Mapping[str, object]) -> list[tuple[str, str, str, str]]:
    """Return the pairs of names that differ in one word, such as ``x_min`` and ``x_max``."""
    found = find_scaling(companions)
    rules = (("inputs", found.inputs), ("outputs", found.outputs)) if found else ()
    pairs = []
    for side, rule in rules:
        if rule:
            kind = "range" if ".." in rule else "mean"
            first, _, second = rule.partition(".." if kind == "range" else ",")
            pairs.append((side, kind, first, second))
    return pairs


def _listed(companions: Mapping[str, object]) -> list[tuple[str, str, str, str]]:
    """Return pairs of numbers in lists of two: ``x_range.0`` and ``x_range.1``."""
    stems = list(dict.fromkeys(name[:-2] for name in companions if name.endswith(".0") and len(name) > 2))
    pairs = []
    for stem in stems:
        if f"{stem}.1" in companions and f"{stem}.2" not in companions and not stem.split(".")[-1].isdigit():
            word = stem.split(".")[-1].lower()
            side = "outputs" if word.startswith(("y", "out", "target")) else "inputs"
            pairs.append((side, "either", f"{stem}.0", f"{stem}.1"))
    return pairs


def _unnamed(companions: Mapping[str, object]) -> list[tuple[str, str, str, str]]:
    """Return pairs of numbers without names: ``(network, x_min, x_max, y_min, y_max)``."""
    names = list(companions)
    if len(names) not in (2, 4) or not all(name.replace(".", "").isdigit() for name in names):
        return []
    sides = ("inputs", "outputs")
    return [
        (side, "either", first, second)
        for side, (first, second) in zip(sides, list(pairwise(names))[::2], strict=False)
    ]


def _rules_of(
    companions: Mapping[str, object], kind: str, first: str, second: str, count: int
) -> Iterator[Rule]:
    """Yield the possible rules of a pair of numbers."""
    low, high = (numbers_at(companions, name, count) for name in (first, second))
    if low is None or high is None:
        return
    if kind in ("range", "either") and (high > low).all():
        yield Rule(f"{first}..{second}", low, high - low, _OF_UNIT)
        yield Rule(f"{first}..{second} to -1..1", (low + high) / 2, (high - low) / 2, _OF_BOTH)
    if kind in ("mean", "either") and (high > 0).all():
        yield Rule(f"{first}, {second}", low, high)


def _inside(values: NDArray[np.float64], interval: Sequence[float], beyond: float = 0.0) -> bool:
    margin = beyond * (interval[1] - interval[0])
    return bool((values >= interval[0] - margin).all() and (values <= interval[1] + margin).all())


def _may_be_scaled(rule: Rule, rows: NDArray[np.float64]) -> bool:
    """Return whether the rows are in the interval of scaled values."""
    return _inside(rows, rule.scaled)


def _must_be_scaled(rule: Rule, rows: NDArray[np.float64]) -> bool:
    """Return whether the rows are in the interval of scaled values, and far from that of unscaled values."""
    return _may_be_scaled(rule, rows) and not _inside(rule.apply(rows), rule.scaled, _BEYOND)
