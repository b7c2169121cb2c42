"""The content of a model card for a network, as far as it can be derived from rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from pipeline.cards.columns import CardColumns
from pybrain_runtime import Knowledge
from pybrain_runtime.network.model_card import Card, Column
from training.rows.table import Table


@dataclass(frozen=True)
class CardDraft:
    """The content of a new card, and what was found while it was derived.

    Attributes:
        content: the card.
        accuracy: the share of rows in which the largest output is that of the class; None without classes.
        constant: names of inputs that are constant in all rows, so that they have no scale.
        unmatched: whether the rows have classes that could not be matched with the outputs.
    """

    content: dict[str, object]
    accuracy: float | None = None
    constant: tuple[str, ...] = ()
    unmatched: bool = False


def empty_card(knowledge: Knowledge, name: str) -> CardDraft:
    """Return a card without names, to be filled in.

    Args:
        knowledge: the network.
        name: the name of the model.
    """
    column = {"name": "", "unit": "", "mean": 0.0, "scale": 1.0}
    return CardDraft(
        {
            "name": name,
            "description": "",
            "task": "",
            "inputs": [dict(column) for _ in range(knowledge.indim)],
            "outputs": [dict(column) for _ in range(knowledge.outdim)],
        }
    )


def card_from_rows(
    knowledge: Knowledge, name: str, table: Table, columns: CardColumns, *, scale: bool
) -> CardDraft:
    """Return a card with column names, and on request with the means and scales of the inputs.

    Args:
        knowledge: the network, without a card.
        name: the name of the model.
        table: the rows.
        columns: the columns of the network.
        scale: whether the card scales inputs by their means and standard deviations.

    Raises:
        ActivationError: an input is not a number.
        MissingValue: a cell is empty.
    """
    rows = table.numbers(columns.inputs, "feature")
    means, scales = rows.mean(axis=0), rows.std(axis=0)
    constant = scales == 0.0
    inputs = [
        Column(name, "", float(mean), float(width) if width else 1.0) if scale else Column(name)
        for name, mean, width in zip(columns.inputs, means, scales, strict=True)
    ]
    labels: tuple[str, ...] = ()
    accuracy = None
    if columns.class_column:
        plain = Card("", "", "", tuple(inputs), (Column(),) * knowledge.outdim, ())
        places = knowledge.replace(card=plain).activate(rows)
        labels, accuracy = _matched_labels(
            knowledge.class_places(places), table.texts(columns.class_column), max(2, knowledge.outdim)
        )
    outputs = columns.outputs or (labels if len(labels) == knowledge.outdim else ("",) * knowledge.outdim)
    content: dict[str, object] = {
        "name": name,
        "description": "",
        "task": "classification" if columns.class_column else "regression" if columns.outputs else "",
        "inputs": [_described(column, scale) for column in inputs],
        "outputs": [{"name": output} for output in outputs],
        **({"labels": list(labels)} if labels else {}),
        **({"class_column": columns.class_column} if columns.class_column else {}),
    }
    unmatched = bool(columns.class_column) and not labels
    flat = tuple(n for n, same in zip(columns.inputs, constant, strict=True) if same) if scale else ()
    return CardDraft(content, accuracy, flat, unmatched)


def _described(column: Column, scale: bool) -> dict[str, object]:
    described: dict[str, object] = {"name": column.name}
    return described | ({"mean": column.mean, "scale": column.scale} if scale else {})


def _matched_labels(places: np.ndarray, texts: list[str], count: int) -> tuple[tuple[str, ...], float | None]:
    """Return the most frequent class of each output, and the accuracy; nothing if two outputs have the same class.

    Args:
        places: the index of the largest output in each row, shape (n,).
        texts: the class of each row.
        count: number of classes of the network.
    """
    if len(set(texts)) != count:
        return (), None
    labels = []
    for place in range(count):
        found = Counter(text for text, where in zip(texts, places.tolist(), strict=True) if where == place)
        labels.append(found.most_common(1)[0][0] if found else "")
    if len(set(labels)) != count or not all(labels):
        return (), None
    predicted = [labels[place] for place in places.tolist()]
    return tuple(labels), sum(map(str.__eq__, predicted, texts)) / len(texts)
