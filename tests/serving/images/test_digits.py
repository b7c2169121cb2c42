"""The network that reads digits has the figures of its card, and reads what people draw."""

from __future__ import annotations

import json

import numpy as np
import pytest

from common.project import PROJECT
from pybrain_runtime import load_knowledge
from serving.images.preprocessing import inputs_of
from tests.serving.images.pictures import drawn

KNOWLEDGE = load_knowledge(PROJECT.models / "digits.pkl")
STYLES = [
    {}, {"dark": 255}, {"pen": 5}, {"pen": 24}, {"height": 70, "pen": 6}, {"height": 70, "pen": 6, "place": (190, 180)},
    {"height": 240, "place": (5, 5)}, {"dark": 60},
]  # fmt: skip


def test_the_accuracy_on_the_test_rows_is_that_of_the_card() -> None:
    rows = np.loadtxt(PROJECT.root / "data" / "digits_360.csv", delimiter=",", skiprows=1)
    right = KNOWLEDGE.activate(rows[:, :-1]).argmax(axis=1) == rows[:, -1]
    card = json.loads((PROJECT.models / "digits.card.json").read_text("utf-8"))
    assert float(right.mean()) == card["metrics"]["test_accuracy"] > 0.9


@pytest.mark.parametrize("style", range(len(STYLES)))
def test_drawn_digits_are_recognized(style: int) -> None:
    card = KNOWLEDGE.card
    assert card is not None and card.image is not None
    inputs = np.array([inputs_of(drawn(digit, **STYLES[style]), card.image) for digit in range(10)])
    read = KNOWLEDGE.activate(inputs).argmax(axis=1)
    assert read.tolist() == list(range(10))
