"""Search the output of a run for the class labels of a model card, where no output of the network is shown.

There are few labels, so a single one proves little: with three labels, a third of all guesses is right. Each different
answer that a run shows counts as a separate guess, and runs are repeated until all of them together rule out a guess.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.prediction.find_prediction import ObservedPrediction, find_prediction
from evaluation.prediction.printed_labels import Answer, TooManyLabels, answers_in
from evaluation.sandbox.volumes import VolumeEntry

SEVERAL = "several class labels are shown, and one of them would be right by chance"
# No affordable number of runs can distinguish a guess that is right more often from a prediction.
_MOST_CHANCE = 0.54
TOO_MANY = "the output has too many class labels to recognise a prediction in it"


def classes_of(outputs: NDArray[np.float64], labels: Sequence[str]) -> tuple[str, ...]:
    """Return the label of each row: that of the largest output, or of a single output above 0.5.

    Args:
        outputs: shape (rows, outdim).
        labels: the class labels: one per output, or two for a single output.
    """
    places = (outputs[:, 0] > 0.5).astype(int) if outputs.shape[1] == 1 else outputs.argmax(axis=1)
    return tuple(labels[place] for place in places.tolist())


def chance_of(classes: Sequence[str], count: int) -> float:
    """Return the probability that a guess yields these classes, in this order.

    The class of the first row is drawn at random. Rows of one network often have the same class, so a guess of equal
    rows is right with probability 1 / count, however many rows there are. Where later rows differ, their order is one
    of all arrangements.

    Args:
        classes: the class of each row.
        count: the number of classes.
    """
    others = classes[1:]
    arrangements = math.lgamma(len(others) + 1) - sum(math.lgamma(n + 1) for n in Counter(others).values())
    return math.exp(-arrangements) / max(count, 1)


def find_labels(
    expected: Sequence[NDArray[np.float64]],
    labels: Sequence[str],
    shared: Mapping[str, VolumeEntry],
    lines: Sequence[str],
    count: int = 0,
) -> ObservedPrediction:
    """Search for the labels of the rows, in order from the first row.

    Every row that is shown must be right. If different answers are shown, each one adds to the probability of a guess.

    Args:
        expected: arrays of shape (rows, outdim), one for each reading.
        labels: the labels from the model card.
        shared: the entries of the shared folder after the run.
        lines: the lines that codebase printed.
        count: the number of labels that were possible; 0 for all of them.
    """
    if len(set(labels)) < 2 or not expected:
        return ObservedPrediction(False)
    try:
        answers = answers_in(shared, lines, labels, len(expected[0]))
    except TooManyLabels as error:
        return ObservedPrediction(False, error.where, TOO_MANY, flooded=True)
    if not answers:
        return ObservedPrediction(False)
    readings = [classes_of(outputs, labels) for outputs in expected]
    for reading, classes in enumerate(readings):
        for answer in answers:
            if answer.labels != classes[: len(answer.labels)]:
                continue
            chance = _chance_of_any(answers, readings, count or len(labels))
            if chance > _MOST_CHANCE:
                return ObservedPrediction(False, answer.where, SEVERAL, flooded=True)
            text = ", ".join(answer.labels[:5])
            return ObservedPrediction(True, answer.where, text, chance, reading=reading, by_label=True)
    return ObservedPrediction(False, answers[0].where, ", ".join(answers[0].labels[:5])[:200])


def _chance_of_any(answers: Sequence[Answer], readings: Sequence[tuple[str, ...]], count: int) -> float:
    """Return the probability that a guess of one of the answers matches one of the readings."""
    return sum(
        chance_of(classes, count)
        for length in (len(answer.labels) for answer in answers)
        for classes in {classes[:length] for classes in readings}
    )


def find_shown(
    expected: Sequence[NDArray[np.float64]],
    labels: Sequence[str],
    shared: Mapping[str, VolumeEntry],
    lines: Sequence[str],
) -> ObservedPrediction:
    """Search for the expected prediction, or for its class labels where no output is shown.

    Args:
        expected: arrays of shape (rows, outdim), one for each reading.
        labels: the labels from the model card; empty if it has none.
        shared: the entries of the shared folder after the run.
        lines: the lines that codebase printed.
    """
    numbers = find_prediction(expected, shared, lines)
    if numbers.equal or not labels:
        return numbers
    classes = find_labels(expected, labels, shared, lines)
    return classes if classes.equal or classes.flooded or not numbers.where else numbers
