"""Compute the metrics of knowledge on rows, from the same predictions that `activate` writes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pybrain_runtime import Knowledge
from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.io.printable import enumeration, plural
from pybrain_runtime.io.strict_json import parse_json
from training.errors import InputsDiffer
from training.metrics import Metrics, classification_metrics, regression_metrics
from training.option_sources import similar
from training.options import TrainingOptions
from training.rows.table import Table
from training.rows.targets import CLASSIFICATION, REGRESSION, Rows, rows_of

_CARD_LIMIT = 1 << 20


def rows_for(knowledge: Knowledge, table: Table, options: TrainingOptions) -> Rows:
    """Return features and targets in the order of the knowledge's inputs and outputs.

    Args:
        knowledge: the knowledge.
        table: the rows.
        options: the `features` and `target` to use instead of the names in the card.

    Raises:
        InputsDiffer: the number of columns differs from the number of inputs or outputs.
        MissingColumn: a column is not in the table.
        UnknownLabel: a row has a class that is unknown to the knowledge.
    """
    labels = knowledge.labels
    target = options.target or _targets_of(knowledge, table)
    features = options.features or _features_of(knowledge, table, target)
    if len(features) != knowledge.indim:
        raise InputsDiffer(
            f"{knowledge.name} takes {plural(knowledge.indim, 'input')}, but {table.name} has "
            f"{plural(len(features), 'feature')}: {enumeration(features)}.",
            hint="Choose the features by name.",
        )
    rows = rows_of(table, target, features, CLASSIFICATION if labels else REGRESSION, labels)
    if len(rows.outputs) != knowledge.outdim and not labels:
        raise InputsDiffer(
            f"{knowledge.name} has {plural(knowledge.outdim, 'output')}, but there are "
            f"{plural(len(rows.outputs), 'target')}: {enumeration(rows.outputs)}.",
            hint="Choose the targets by name.",
        )
    return rows


def metrics_of(knowledge: Knowledge, rows: Rows, indices: Sequence[int] | NDArray[np.int64]) -> Metrics:
    """Compute the metrics of knowledge on some of the rows.

    Args:
        knowledge: the knowledge.
        rows: all rows, in the units of the file.
        indices: the indices of the rows to predict.

    Raises:
        KnowledgeError: a prediction is not finite.
    """
    outputs = predictions(knowledge, rows.inputs[indices])
    if rows.task == REGRESSION:
        return regression_metrics(rows.expected[indices], outputs, rows.targets)
    return classification_metrics(rows.classes[indices], classes_of(outputs), rows.labels)


def predictions(knowledge: Knowledge, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the outputs of knowledge for rows, in the units of its card.

    Args:
        knowledge: the knowledge.
        inputs: array of shape (n, indim).

    Raises:
        KnowledgeError: an output is not finite.
    """
    outputs = knowledge.activate(inputs)
    if not np.isfinite(outputs).all():
        raise KnowledgeError(
            f"{knowledge.name} predicts values that are not finite; metrics cannot be computed."
        )
    return outputs


def classes_of(outputs: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the index of the predicted class for each row of outputs, chosen as by `Knowledge.classes`."""
    single = outputs.shape[1] == 1
    classes: NDArray[np.int64] = (outputs[:, 0] > 0.5).astype(int) if single else outputs.argmax(axis=1)
    return classes


def _targets_of(knowledge: Knowledge, table: Table) -> tuple[str, ...]:
    """Return the target columns: those the card lists, its class column, or its outputs.

    Returns:
        The names of the columns; empty if the table lacks them.
    """
    names = _trained_on(knowledge)
    if not names and knowledge.card and knowledge.card.class_column:
        names = (knowledge.card.class_column,)
    if not names and knowledge.card and not knowledge.labels:
        names = tuple(column.name for column in knowledge.card.outputs)
    return names if all(name in table.columns for name in names) else ()


def _trained_on(knowledge: Knowledge) -> tuple[str, ...]:
    """Return the target columns listed in a card written by this package; `Card` itself lacks them."""
    if not knowledge.card_path:
        return ()
    with InputFile(knowledge.card_path, "card") as file:
        content = parse_json(file.read(_CARD_LIMIT).decode("utf-8-sig"))
    about = content.get("training")
    target = about.get("target") if isinstance(about, dict) else None
    return tuple(name for name in target if isinstance(name, str)) if isinstance(target, list) else ()


def _features_of(knowledge: Knowledge, table: Table, target: tuple[str, ...]) -> tuple[str, ...]:
    """Return the feature columns: the inputs of the card, otherwise all columns but the targets.

    Raises:
        InputsDiffer: the table lacks inputs of the card.
    """
    names = tuple(column.name for column in knowledge.card.inputs) if knowledge.card else ()
    if not names or not all(names):
        targets = target or table.columns[-1:]
        return tuple(column for column in table.columns if column not in targets)
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise InputsDiffer(
            f"{table.name} lacks {plural(len(missing), 'input')} of {knowledge.name}: {enumeration(missing)}; it has "
            f"{enumeration(table.columns)}.",
            hint=similar(missing[0], table.columns),
        )
    return names
