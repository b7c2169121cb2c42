"""Select features and targets, and encode the targets as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pybrain_runtime.io.printable import quoted, shortened
from training.errors import OneClassOnly, TrainingDataError, UnknownLabel, UnusableFeature
from training.option_sources import similar
from training.rows.table import Table

CLASSIFICATION, REGRESSION = "classification", "regression"

_LARGEST, _SMALLEST_SPREAD = 1e100, 1e-100
"""The largest number whose square is finite in float64."""


@dataclass(frozen=True)
class Rows:
    """Features and targets of all rows, in the units of the file.

    Attributes:
        task: ``classification`` or ``regression``.
        features: the names of the features.
        targets: the names of the target columns.
        labels: the classes, sorted; empty for a regression.
        inputs: the features, shape (n, features).
        expected: the targets, shape (n, outputs): one-hot for classes, otherwise the numbers.
    """

    task: str
    features: tuple[str, ...]
    targets: tuple[str, ...]
    labels: tuple[str, ...]
    inputs: NDArray[np.float64]
    expected: NDArray[np.float64]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the network's outputs: the classes, or the target columns."""
        return self.labels or self.targets

    @property
    def classes(self) -> NDArray[np.int64]:
        """The index of the class of each row, shape (n,)."""
        classes: NDArray[np.int64] = np.argmax(self.expected, axis=1)
        return classes


def rows_of(
    table: Table, target: Sequence[str], features: Sequence[str], task: str, labels: tuple[str, ...] = ()
) -> Rows:
    """Return features and targets of a table.

    Args:
        table: the table.
        target: the target columns; empty for the last column.
        features: the feature columns; empty for all others.
        task: ``classification``, ``regression``, or ``auto``: classification if the only target holds text.
        labels: the classes of existing knowledge; empty to use those of the table.

    Raises:
        MissingColumn: a column is not in the table.
        UnusableFeature: a feature is also a target, or does not hold numbers.
        ActivationError: a cell is not a finite number.
        UnknownLabel: a row has a class that is not one of `labels`.
        TrainingDataError: the targets cannot be learned together, or a number is too large.
    """
    targets = tuple(target) or table.columns[-1:]
    for column in targets:
        table.place(column, "target")
    chosen = tuple(features) or tuple(column for column in table.columns if column not in targets)
    _check_features(table, chosen, targets)
    task = _task(table, targets) if task == "auto" else task
    inputs = _numbers(table, chosen, "feature")
    if task == REGRESSION:
        return Rows(task, chosen, targets, (), inputs, _numbers(table, targets, "target"))
    if len(targets) > 1:
        raise TrainingDataError(
            f"There are {len(targets)} target columns; classification requires exactly one, with the classes."
        )
    classes = table.texts(targets[0])
    known = labels or _labels(table.name, classes)
    return Rows(task, chosen, targets, known, inputs, _one_hot(table, targets[0], classes, known))


def check_learnable(rows: Rows, name: str) -> None:
    """Check that classes, targets and features are not constant.

    Args:
        rows: the rows.
        name: the name of the file, for messages.

    Raises:
        OneClassOnly: all rows have the same class.
        UnusableFeature: a feature is constant.
        TrainingDataError: a numeric target is constant.
    """
    if rows.task == CLASSIFICATION and len(set(rows.classes.tolist())) < 2:
        raise OneClassOnly(
            f"All rows of {name} have the class {quoted(rows.labels[rows.classes[0]])}; there is nothing to learn."
        )
    for column, values in zip(rows.features, rows.inputs.T, strict=True):
        if _constant(values):
            raise UnusableFeature(
                f"The column {quoted(column)} of {name} is constant: {values[0]:g} in every row.",
                hint="Remove it: nothing can be learned from it.",
                column=column,
            )
    if rows.task == REGRESSION:
        for column, values in zip(rows.targets, rows.expected.T, strict=True):
            if _constant(values):
                raise TrainingDataError(
                    f"The target {quoted(column)} of {name} is constant: {values[0]:g} in every row."
                )


def _constant(values: NDArray[np.float64]) -> bool:
    return bool(values.max() - values.min() < _SMALLEST_SPREAD)


def _numbers(table: Table, columns: Sequence[str], role: str) -> NDArray[np.float64]:
    numbers = table.numbers(columns, role)
    if np.abs(numbers).max(initial=0.0) > _LARGEST:
        row, column = np.argwhere(np.abs(numbers) > _LARGEST)[0]
        place = table.columns.index(columns[column])
        raise TrainingDataError(
            f"{table.name} {table.parser.row_word} {table.lines[row]}, {table.parser.column_label(place)}: "
            f"{numbers[row, column]:g} exceeds {_LARGEST:g}, the largest number that can be trained on.",
            hint="Use another unit, or correct the value.",
        )
    return numbers


def _check_features(table: Table, features: Sequence[str], targets: Sequence[str]) -> None:
    if not features:
        raise TrainingDataError(
            f"{table.name} has no column besides the target.", hint="Add feature columns."
        )
    for column in features:
        table.place(column, "feature")
        if column in targets:
            raise UnusableFeature(f"{quoted(column)} is both a feature and a target.", column=column)
        if table.holds_text(column):
            raise UnusableFeature(
                f"The column {quoted(column)} of {table.name} holds text; a feature must hold numbers.",
                hint="Remove it, or encode it as numbers.",
                column=column,
            )


def _task(table: Table, targets: Sequence[str]) -> str:
    text = [column for column in targets if table.holds_text(column)]
    if text and len(targets) > 1:
        raise TrainingDataError(
            f"The target {quoted(text[0])} of {table.name} holds text, but there are {len(targets)} targets; "
            "several targets must all be numeric."
        )
    return CLASSIFICATION if text else REGRESSION


def _labels(name: str, classes: Sequence[str]) -> tuple[str, ...]:
    labels = tuple(sorted(set(classes)))
    hidden = [label for label in labels if not label.isprintable()]
    if hidden:
        raise TrainingDataError(f"{name}: the class {quoted(hidden[0])} is not printable.")
    if len(labels) > 1000:
        raise TrainingDataError(f"{name} has {len(labels):,} classes; the limit is 1,000.")
    return labels


def _one_hot(
    table: Table, column: str, classes: Sequence[str], labels: tuple[str, ...]
) -> NDArray[np.float64]:
    places = {label: place for place, label in enumerate(labels)}
    found = np.zeros((len(classes), len(labels)))
    for row, label in enumerate(classes):
        if label not in places:
            line = table.lines[row]
            raise UnknownLabel(
                f"{table.name} {table.parser.row_word} {line}, column {shortened(column)}: the knowledge has no class "
                f"{quoted(label)}; it has {', '.join(map(shortened, labels[:20]))}.",
                hint=similar(label, labels),
                label=label,
                known=labels,
                line=line,
            )
        found[row, places[label]] = 1.0
    return found
