"""Search what a run shows for the class labels of a model card, where no output of the network is shown.

A label is one of few, so a single one proves little: with three labels a third of all guesses is right. The probability
of an accident counts as for numbers, and further runs go on until all of them together rule it out.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.prediction.find_prediction import (
    PRINTED,
    ObservedPrediction,
    find_prediction,
    result_texts,
)
from evaluation.sandbox.volumes import VolumeEntry
from evaluation.submission.submission import decode_text

_NAMES = re.compile(
    r"predict|vorhersage|prognose|class|klasse|label|output|result|answer|ergebnis|ausgabe|antwort|->|=>|→",
    re.IGNORECASE,
)
_LINES, _LONG_LINE = 5_000, 4_096
_WINDOWS = 2_000


def classes_of(outputs: NDArray[np.float64], labels: Sequence[str]) -> tuple[str, ...]:
    """Return the label of each row: that of the largest output, or of a single output above 0.5.

    Args:
        outputs: shape (rows, outdim).
        labels: one for each output, or two for a single output.
    """
    places = (outputs[:, 0] > 0.5).astype(int) if outputs.shape[1] == 1 else outputs.argmax(axis=1)
    return tuple(labels[place] for place in places.tolist())


def chance_of(classes: Sequence[str], count: int) -> float:
    """Return the probability that a guess has these classes, in this order.

    Rows of one network are often of one class, so a guess of equal rows is right with probability 1 / count, however
    many they are. Where they differ, their order is one of all arrangements.

    Args:
        classes: the class of each row.
        count: how many classes there are.
    """
    arrangements = math.lgamma(len(classes) + 1) - sum(math.lgamma(n + 1) for n in Counter(classes).values())
    return math.exp(-arrangements) / max(count, 1)


def find_labels(
    expected: Sequence[NDArray[np.float64]],
    labels: Sequence[str],
    shared: Mapping[str, VolumeEntry],
    lines: Sequence[str],
    count: int = 0,
) -> ObservedPrediction:
    """Search for the labels of all rows, in order, or for that of the first row.

    Args:
        expected: arrays of shape (rows, outdim), one for each reading.
        labels: the labels of the card.
        shared: the entries of the shared folder after the run.
        lines: the lines that codebase printed.
        count: how many of the labels were possible; 0 for all of them.
    """
    if len({label.casefold() for label in labels}) < 2:
        return ObservedPrediction(False)
    ordered = sorted(labels, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(label)}(?!\w)" for label in ordered), re.IGNORECASE)
    windows = 0
    for where, text in _texts(shared, lines):
        shown = [label.casefold() for label in _shown_labels(text, where, pattern)]
        for reading, classes in enumerate(classes_of(outputs, labels) for outputs in expected):
            for wanted in dict.fromkeys((classes, classes[:1])):
                chance_of_one = chance_of(wanted, count or len(labels))
                sought = [label.casefold() for label in wanted]
                for start in range(len(shown) - len(wanted) + 1):
                    windows += 1
                    chance = windows * chance_of_one
                    if windows > _WINDOWS or (shown[start : start + len(wanted)] == sought and chance >= 1):
                        return ObservedPrediction(False)
                    if shown[start : start + len(wanted)] == sought:
                        text = ", ".join(wanted[:5])
                        return ObservedPrediction(True, where, text, chance, reading=reading, by_label=True)
    return ObservedPrediction(False)


def find_shown(
    expected: Sequence[NDArray[np.float64]],
    labels: Sequence[str],
    shared: Mapping[str, VolumeEntry],
    lines: Sequence[str],
) -> ObservedPrediction:
    """Search for the expected prediction, or for its class labels where no output is shown.

    Args:
        expected: arrays of shape (rows, outdim), one for each reading.
        labels: the labels of the card; empty without any.
        shared: the entries of the shared folder after the run.
        lines: the lines that codebase printed.
    """
    numbers = find_prediction(expected, shared, lines)
    if numbers.equal or not labels:
        return numbers
    classes = find_labels(expected, labels, shared, lines)
    return classes if classes.equal else numbers


def _texts(shared: Mapping[str, VolumeEntry], lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for entry in result_texts(shared):
        yield f"shared_data/{entry.name}", decode_text(entry.content)[0]
    yield PRINTED, "\n".join(line[:_LONG_LINE] for line in lines[:_LINES])


def _shown_labels(text: str, where: str, pattern: re.Pattern[str]) -> list[str]:
    """Return the labels that are shown as a prediction, in order."""
    if where.endswith(".json"):
        return list(_labels_in_json(text, pattern))
    table = where.endswith((".csv", ".tsv"))
    shown: list[str] = []
    for line in text.splitlines()[:_LINES]:
        found = pattern.findall(line[:_LONG_LINE])
        name = _NAMES.search(line[:_LONG_LINE])
        if table:
            shown += found[-1:]
        elif found and name:
            shown += pattern.findall(line[name.end() : _LONG_LINE]) or found
    return shown


def _labels_in_json(text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield the labels that are values of a JSON document under a key that names a prediction."""
    try:
        waiting: list[tuple[object, bool]] = [(json.loads(text), False)]
    except (ValueError, RecursionError):
        return
    for _ in range(_LINES):
        if not waiting:
            return
        value, named = waiting.pop()
        if isinstance(value, dict):
            waiting += [
                (inner, named or bool(_NAMES.search(key[:200]))) for key, inner in reversed(value.items())
            ]
        elif isinstance(value, list):
            waiting += [(inner, named) for inner in reversed(value)]
        elif named and isinstance(value, str) and pattern.fullmatch(value):
            yield value
