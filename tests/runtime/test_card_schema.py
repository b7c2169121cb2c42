"""The schema of model cards accepts and refuses the same cards as the reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from common.project import PROJECT
from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.network.model_card import Card, read_card

SCHEMA = json.loads((PROJECT.root / "docs" / "model-card.schema.json").read_text("utf-8"))
CHECK = jsonschema.Draft202012Validator(SCHEMA)
REPORT = {"status": "done", "knowledge": {}, "activation": {}, "prediction": {}, "versions": {"app07": "1"}}

Read = Callable[..., Card]

# All of them for a network with two inputs and three outputs.
VALID: dict[str, object] = {
    "nothing": {},
    "a name": {"name": "iris", "description": "", "task": "classification"},
    "further keys": {"name": "iris", "trained_with": {"epochs": 3}, "metrics": None},
    "objects": {"inputs": [{"name": "a", "unit": "cm", "mean": 1, "scale": -2.5}, {}]},
    "nulls": {"inputs": [{"name": None, "unit": None, "mean": None, "scale": None}, {"name": ""}], "labels": None},
    "names": {"inputs": ["a", "b"], "outputs": ["x", "y", "z"]},
    "names and objects": {"inputs": ["a", {"name": "b", "mean": 3}]},
    "names without some": {"inputs": ["", ""], "outputs": ["", "y", ""]},
    "labels": {"labels": ["x", "y", "z"]},
    "classes": {"classes": ["x", "y", "z"]},
    "no labels": {"labels": []},
    "a class column": {"class_column": "Species", "classes": ["x", "y", "z"]},
    "the class as the output": {"outputs": "Species", "classes": ["x", "y", "z"]},
    "the class as the only output": {"outputs": ["Species"], "labels": ["x", "y", "z"]},
    "other words beside the scaling": {"inputs": [{"mean": 1, "scale": 2, "min": 0, "std": 2}, {"scale": 2, "max": 1}]},
    "the largest number": {"inputs": [{"mean": 1.7976931348623157e308}, {}]},
    "an image": {"image": {"size": [1, 2], "scale": [16, 0], "invert": "auto", "background": 0, "fit": "stretch"}},
    "a figure": {"image": {"size": [1, 2], "figure": {"bitmap": [2, 4], "ink": 0.2, "upright": True}}},
    "no image": {"image": None},
}  # fmt: skip
INVALID: dict[str, object] = {
    "a list": [],
    "text": "iris",
    "unknown keys alone": {"features": ["a", "b"]},
    "a report": REPORT,
    "a report with a name": {**REPORT, "name": "a"},
    "a name of numbers": {"name": 3},
    "no description": {"description": None},
    "inputs of numbers": {"inputs": [1, 2]},
    "inputs of null": {"inputs": None},
    "inputs of nulls": {"inputs": [None, None]},
    "a number of inputs": {"inputs": 2},
    "an object of inputs": {"inputs": {"a": 1, "b": 2}},
    "a scale of 0": {"inputs": [{"scale": 0}, {}]},
    "a scale of -0.0": {"inputs": [{"scale": -0.0}, {}]},
    "a mean of text": {"inputs": [{"mean": "1"}, {}]},
    "a mean of true": {"inputs": [{"mean": True}, {}]},
    "a mean that is too large": {"inputs": [{"mean": 10**400}, {}]},
    "a name of false": {"inputs": [{"name": False}, {}]},
    "a unit of 0": {"inputs": [{"unit": 0}, {}]},
    "a name with a line end": {"inputs": ["a\nb", "c"]},
    "a unit with a control character": {"inputs": [{"unit": "\x1b"}, {}]},
    "std": {"inputs": [{"name": "a", "std": 1}, {}]},
    "min and max": {"inputs": [{"name": "a", "min": 0, "max": 1}, {}]},
    "labels of numbers": {"labels": [1, 2, 3]},
    "labels as text": {"labels": "abc"},
    "labels of false": {"labels": False},
    "an empty label": {"labels": ["a", "b", ""]},
    "equal labels": {"labels": ["a", "b", "a"]},
    "a label with a tab": {"classes": ["a\t", "b", "c"]},
    "labels and classes": {"labels": ["x", "y", "z"], "classes": ["x", "y", "z"]},
    "an empty class column": {"class_column": ""},
    "a class column of a number": {"class_column": 3},
    "a class column of null": {"class_column": None},
    "an image of text": {"image": "8x8"},
    "an image without a size": {"image": {}},
    "an image of other keys": {"image": {"size": [1, 2], "colour": "rgb"}},
    "an image in colour": {"image": {"size": [1, 2], "channels": "rgb"}},
    "an image of a height": {"image": {"size": [2]}},
    "an image of equal values": {"image": {"size": [1, 2], "scale": [1, 1]}},
    "an image of unknown fit": {"image": {"size": [1, 2], "fit": "crop"}},
    "an image inverted by 1": {"image": {"size": [1, 2], "invert": "yes"}},
    "a bright background": {"image": {"size": [1, 2], "background": 256}},
    "a figure without a bitmap": {"image": {"size": [1, 2], "figure": {}}},
    "a figure of ink": {"image": {"size": [1, 2], "figure": {"bitmap": [1, 2], "ink": 1}}},
}
# What no schema can know.
MISFITS: dict[str, object] = {
    "too few inputs": {"inputs": ["a"]},
    "one name for all outputs, without classes": {"outputs": "Species"},
    "too many labels": {"labels": ["a", "b", "c", "d"]},
    "the same name twice": {"inputs": ["a", {"name": "a"}]},
    "labels that differ in spaces": {"labels": ["a", "a ", "b"]},
    "another name for all outputs": {"outputs": "Kind", "class_column": "Species", "labels": ["a", "b", "c"]},
    "pixels of another number": {"image": {"size": [8, 8]}},
}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that reads a card of a network with two inputs and three outputs."""

    def read(card: object) -> Card:
        path = tmp_path / "net.card.json"
        path.write_text(json.dumps(card))
        return read_card(path, indim=2, outdim=3, network="net.pkl")

    return read


def test_the_schema_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("case", VALID)
def test_reader_and_schema_accept_a_valid_card(case: str, read: Read) -> None:
    assert [error.message for error in CHECK.iter_errors(VALID[case])] == []
    read(VALID[case])


@pytest.mark.parametrize("case", INVALID)
def test_reader_and_schema_refuse_an_invalid_card(case: str, read: Read) -> None:
    assert not CHECK.is_valid(json.loads(json.dumps(INVALID[case])))
    with pytest.raises(KnowledgeError) as refused:
        read(INVALID[case])
    assert refused.value.message.startswith("net.card.json ")


@pytest.mark.parametrize("case", MISFITS)
def test_the_reader_refuses_a_card_that_does_not_fit_the_network(case: str, read: Read) -> None:
    assert CHECK.is_valid(MISFITS[case])
    with pytest.raises(KnowledgeError):
        read(MISFITS[case])


@pytest.mark.parametrize(
    "path", sorted(PROJECT.root.glob("**/models/*.card.json")), ids=lambda path: path.name
)
def test_the_cards_of_the_project_are_valid(path: Path) -> None:
    CHECK.validate(json.loads(path.read_text("utf-8")))


def test_short_forms_mean_what_the_long_ones_mean(read: Read) -> None:
    long = {
        "inputs": [{"name": "a"}, {"name": "b"}],
        "outputs": [{"name": "x"}, {"name": "y"}, {"name": "z"}],
        "labels": ["x", "y", "z"],
        "class_column": "Species",
    }
    short = {"inputs": ["a", "b"], "outputs": "Species", "classes": ["x", "y", "z"]}
    assert read(short).replace(sha256="") == read(long).replace(sha256="")
    with pytest.raises(KnowledgeError, match=r"has 'std' in inputs\[0\]; expected 'mean'.*and 'scale'"):
        read({"inputs": [{"std": 2}, {}]})
