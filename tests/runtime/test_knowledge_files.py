"""Knowledge files: networks found in them, and messages for other files."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import os
import pickle
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pybrain_runtime import Limits, load_knowledge
from pybrain_runtime.errors import InputMissing, KnowledgeError, UsageError

FIXTURES = Path(__file__).parents[1] / "fixtures"
OBJECTS = FIXTURES / "objects"
INFO = json.loads((OBJECTS / "info.json").read_text())
PROTOCOLS = ("p0", "p2", "p4")

Written = Callable[..., Path]


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(path, **options)
    assert caught.value.status == 65
    return caught.value.message


# The file itself.


def test_the_default_network_is_described(iris: Path) -> None:
    path = iris / "currentSolution.pkl"
    knowledge = load_knowledge(path)
    assert (knowledge.kind, knowledge.indim, knowledge.outdim) == ("FeedForwardNetwork", 4, 3)
    assert knowledge.parameter_count == 51
    assert knowledge.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (knowledge.path, knowledge.size) == (str(path), 4740)
    assert knowledge.card is not None and knowledge.card.name == "iris"
    assert knowledge.labels == ("setosa", "versicolor", "virginica")
    assert knowledge.input_names == ("sepal_length", "sepal_width", "petal_length", "petal_width")


def test_without_a_card_the_output_is_named_prediction(course: Path) -> None:
    knowledge = load_knowledge(course / "currentSolution.pkl")
    assert knowledge.card is None
    assert (knowledge.input_names, knowledge.output_names) == (("input",), ("prediction",))
    assert knowledge.classes(np.ones((1, 1))) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match=r"The knowledge file .*nope\.pkl was not found") as caught:
        load_knowledge(tmp_path / "nope.pkl")
    assert caught.value.status == 66


def test_a_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="is a directory"):
        load_knowledge(tmp_path)


def test_a_link_is_not_followed(tmp_path: Path, iris: Path) -> None:
    (tmp_path / "link.pkl").symlink_to(iris / "currentSolution.pkl")
    with pytest.raises(InputMissing, match="is a symbolic link, and links are not followed"):
        load_knowledge(tmp_path / "link.pkl")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pkl")
    with pytest.raises(InputMissing, match="is not a regular file"):
        load_knowledge(tmp_path / "pipe.pkl")


def test_an_invalid_path_is_refused() -> None:
    with pytest.raises(InputMissing, match="is not a valid path"):
        load_knowledge("a\0b")


def test_a_pinned_file_is_loaded_only_with_its_hash(iris: Path) -> None:
    path = iris / "currentSolution.pkl"
    pin = load_knowledge(path).sha256
    assert load_knowledge(path, sha256=pin.upper()).sha256 == pin
    assert "does not have the expected SHA-256: expected " in refusal(path, sha256="0" * 64)
    with pytest.raises(UsageError, match="is not a SHA-256"):
        load_knowledge(path, sha256="abc")


def test_a_file_beyond_the_limit_is_not_read(iris: Path) -> None:
    message = refusal(iris / "currentSolution.pkl", limits=Limits(file_size=1_000))
    assert "exceeds the limit of 1,000 bytes for a knowledge file" in message


@pytest.mark.parametrize("ending", ["pkl", "xml", "txt", "net", "csv", "gz", "p.k.l"])
def test_the_format_is_recognized_by_content_not_suffix(
    ending: str, written: Written, default_pickle: bytes
) -> None:
    assert load_knowledge(written(default_pickle, f"model.{ending}")).parameter_count == 51


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
@pytest.mark.parametrize("parts", [1, 3])
def test_compressed_files_are_unpacked(
    pack: Callable[[bytes], bytes], parts: int, written: Written, default_pickle: bytes
) -> None:
    size = len(default_pickle) // parts + 1
    packed = b"".join(pack(default_pickle[start : start + size]) for start in range(0, 5_000, size))
    knowledge = load_knowledge(written(packed))
    assert knowledge.parameter_count == 51
    assert knowledge.sha256 == hashlib.sha256(packed).hexdigest()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_damaged_compressed_files_are_refused(
    pack: Callable[[bytes], bytes], written: Written, default_pickle: bytes
) -> None:
    packed = pack(default_pickle)
    assert "is a damaged " in refusal(written(packed[:-20]))
    assert "is a damaged " in refusal(written(packed[:50] + bytes(8) + packed[58:]))
    assert "is a damaged " in refusal(written(packed + b"tail"))
    assert "is compressed twice" in refusal(written(pack(packed)))
    assert "is empty; expected a network" in refusal(written(pack(b"")))


@pytest.mark.slow
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_decompression_bombs_are_not_unpacked(pack: Callable[[bytes], bytes], written: Written) -> None:
    bomb = pack(bytes(20_000_000))
    message = refusal(written(bomb), limits=Limits(file_size=1_000_000))
    assert "exceeds the limit of 1,000,000 bytes after decompression" in message


def test_endless_compressed_members_are_refused(written: Written) -> None:
    assert "exceeds the limit of 64 compressed members" in refusal(written(gzip.compress(b"") * 100_000))


def archive(kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as zipped:
            zipped.writestr("a", "b")
    else:
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("a"))
    return buffer.getvalue()


KINDS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is empty; expected a network"),
    "zeros": (bytes(500), "contains only whitespace"),
    "a zip": (archive("zip"), "is a zip archive"),
    "a tar": (archive("tar"), "is a tar archive"),
    "HDF5": (b"\x89HDF\r\n\x1a\n123", "is an HDF5 file (Keras saves such files)"),
    "a NumPy file": (b"\x93NUMPY\x01", "is a NumPy array"),
    "text": (b"hello, this is not a pickle", "is not a pickle, or is damaged: invalid instruction at byte"),
    "a table": (b"x,y\n1,2\n", "the knowledge and the activation may have been exchanged"),
    "JSON": (b'{"a": 1}', "is not a pickle, or is damaged: invalid instruction at byte"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_other_file_types_are_recognized(kind: str, written: Written) -> None:
    content, words = KINDS[kind]
    message = refusal(written(content))
    assert message.startswith("currentSolution.pkl ") and words in message


def test_a_file_that_changes_while_it_is_read_is_refused(written: Written, default_pickle: bytes) -> None:
    from pybrain_runtime.errors import DataError
    from pybrain_runtime.io.input_file import InputFile

    path = written(default_pickle)
    with (
        InputFile(path, "knowledge") as file,
        pytest.raises(DataError, match="was changed while it was read"),
    ):
        for _ in file.blocks(1_000):
            path.write_bytes(default_pickle + b"more")


# What the pickle holds.


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1, 2, 3], "holds a list of 3 items, not a network"),
        ([], "holds a list of 0 items, not a network"),
        ({"a": 1}, "holds a dict of 1 items, not a network"),
        (42, "holds a number, not a network"),
        (1.5, "holds a number, not a network"),
        (None, "holds None, not a network"),
        ("text", "holds text, not a network"),
        (np.arange(3.0), "holds an array of shape (3,), not a network"),
    ],
)
def test_values_other_than_networks_are_described(
    protocol: int, value: object, words: str, written: Written
) -> None:
    assert words in refusal(written(pickle.dumps(value, protocol)))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ds_supervised", "holds a SupervisedDataSet of 4 rows, which is a data set, not a network"),
        ("ds_classification", "ClassificationDataSet of 6 rows, which is a data set"),
        ("ds_importance", "holds an ImportanceDataSet of "),
        ("ds_sequential", "SequentialDataSet of 9 rows, which is a data set"),
        ("ds_unsupervised", "UnsupervisedDataSet of 1 rows, which is a data set"),
        (
            "trainer_backprop",
            "BackpropTrainer, which is a trainer (of the FeedForwardNetwork in its attribute",
        ),
        ("trainer_rprop", "RPropMinusTrainer, which is a trainer"),
        ("wrap_ensemble", "holds a list of 3 items with 3 networks in it (at 0, 1, 2)"),
    ],
)
def test_other_objects_of_pybrain_are_described(name: str, words: str, protocol: str) -> None:
    assert words in refusal(OBJECTS / f"{name}.{protocol}.pkl")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "name",
    [
        "wrap_dict",
        "wrap_tuple",
        "params_bigendian",
        "params_float32",
        "params_int",
        "params_list",
        "single_layer",
    ],
)
def test_wrapped_networks_reproduce_the_recorded_outputs(name: str, protocol: str) -> None:
    knowledge = load_knowledge(OBJECTS / f"{name}.{protocol}.pkl")
    expected = INFO[name]
    np.testing.assert_allclose(knowledge.activate(expected["x"])[0], expected["y"], rtol=1e-12)


@pytest.mark.parametrize("name", ["wrap_gz.p2.pkl.gz", "wrap_bz2.p2.pkl.bz2", "crlf.p0.pkl"])
def test_compressed_and_transferred_files_can_be_run(name: str) -> None:
    found = load_knowledge(OBJECTS / name)
    assert (found.indim, found.outdim) == (2, 1)
    assert np.isfinite(found.activate([[0.3, -0.7]])).all()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("trailing.p2.pkl", "holds more than a pickle: the first ends at byte 4522, and 7 bytes follow"),
        ("two_in_one.p2.pkl", "holds two pickles one after another: the first ends at byte 4522"),
        ("truncated.p2.pkl", "is truncated at byte 4322"),
    ],
)
def test_damaged_files_are_reported(name: str, words: str) -> None:
    assert words in refusal(OBJECTS / name)


def test_companions_of_a_network_are_reported() -> None:
    companions = load_knowledge(OBJECTS / "wrap_dict.p2.pkl").companions
    assert companions["date"] == "2020-01-01" and companions["n"] == 3
    assert isinstance(companions["mean"], np.ndarray) and companions["mean"].tolist() == [1.0, 2.0]


@pytest.mark.slow
def test_reading_knowledge_imports_no_pybrain(tmp_path: Path, iris: Path) -> None:
    import subprocess

    code = (
        "import sys; from pybrain_runtime import load_knowledge; load_knowledge(sys.argv[1]); "
        "print([name for name in sys.modules if name.split('.')[0] == 'pybrain'])"
    )
    command = [sys.executable, "-c", code, str(iris / "currentSolution.pkl")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# Cards.


def with_card(written: Written, default_pickle: bytes, card: object) -> Path:
    content = card if isinstance(card, str) else json.dumps(card)
    written(content, "model.card.json")
    return written(default_pickle, "model.pkl")


INPUTS = [{"name": name, "mean": 0, "scale": 1} for name in "abcd"]
CARDS: dict[str, tuple[object, str]] = {
    "no JSON": ("{", "model.card.json is not JSON"),
    "a list": ([], "model.card.json is not a card"),
    "deep": ("[" * 100_000, "model.card.json is not JSON"),
    "too few inputs": ({"inputs": INPUTS[:3]}, "lists 3 inputs; the network in model.pkl has 4"),
    "too many outputs": ({"outputs": [{}] * 4}, "lists 4 outputs; the network in model.pkl has 3"),
    "inputs that are a number": ({"inputs": 4}, "has a member 'inputs' that is not a list of objects"),
    "a scale of 0": ({"inputs": [*INPUTS[:3], {"scale": 0}]}, "has a scale of 0 in inputs[3]"),
    "a scale of text": (
        {"inputs": [{"scale": "1"}, *INPUTS[1:]]},
        "has a scale in inputs[0] that is not a number",
    ),
    "a mean of true": (
        {"inputs": [{"mean": True}, *INPUTS[1:]]},
        "has a mean in inputs[0] that is not a number",
    ),
    "a mean beyond range": ({"inputs": [{"mean": 10**400}, *INPUTS[1:]]}, "that is not a finite number"),
    "a mean of NaN": ('{"inputs": [{"mean": NaN}, {}, {}, {}]}', "that is not a finite number"),
    "a name with a line end": ({"inputs": [{"name": "a\nb"}, *INPUTS[1:]]}, "that is not printable text"),
    "the same name twice": ({"inputs": [INPUTS[0], *INPUTS[:3]]}, "gives two inputs the same name"),
    "too few labels": ({"labels": ["a", "b"]}, "has 2 labels for 3 outputs"),
    "the same label twice": ({"labels": ["a", "b", "b"]}, "gives two classes the same label"),
    "a label with a line end": ({"labels": ["a", "b", "c\nd"]}, "has a label that is not printable text"),
    "labels in another order than the outputs": (
        {"outputs": [{"name": "a"}, {"name": "b"}, {"name": "c"}], "labels": ["b", "a", "c"]},
        "contradicts itself: labels[0] is 'b', but outputs[1] has that name",
    ),
    "labels of numbers": ({"labels": [1, 2, 3]}, "has labels that are not a list of strings"),
    "a task of numbers": ({"task": 1}, "has a task that is not text"),
}


@pytest.mark.parametrize("case", CARDS)
def test_a_card_that_does_not_fit_is_refused(case: str, written: Written, default_pickle: bytes) -> None:
    card, words = CARDS[case]
    assert words in refusal(with_card(written, default_pickle, card))


def test_a_minimal_card_is_accepted(written: Written, default_pickle: bytes) -> None:
    knowledge = load_knowledge(with_card(written, default_pickle, {"name": "m", "unknown": [1]}))
    assert knowledge.card is not None
    assert knowledge.output_names == ("prediction_0", "prediction_1", "prediction_2")
    plain = load_knowledge(written(default_pickle, "other.pkl"))
    assert (knowledge.activate([[1, 2, 3, 4]]) == plain.activate([[1, 2, 3, 4]])).all()


def test_outputs_are_scaled_back_to_their_units(written: Written, default_pickle: bytes) -> None:
    plain = load_knowledge(written(default_pickle, "plain.pkl"))
    card = {"inputs": [{"mean": 1, "scale": 2}] * 4, "outputs": [{"mean": 5, "scale": 10}] * 3}
    knowledge = load_knowledge(with_card(written, default_pickle, card))
    expected = plain.activate([[0, 0.5, 1, 1.5]]) * 10 + 5
    np.testing.assert_allclose(knowledge.activate([[1, 2, 3, 4]]), expected, rtol=1e-15)


def test_another_card_can_be_selected(written: Written, default_pickle: bytes) -> None:
    card = written(json.dumps({"name": "another"}), "else.json")
    knowledge = load_knowledge(written(default_pickle), card=card)
    assert knowledge.card is not None and knowledge.card.name == "another"
    with pytest.raises(InputMissing, match=r"The card file .* was not found"):
        load_knowledge(written(default_pickle), card="nope.card.json")


def test_two_labels_give_the_classes_of_one_output(written: Written, course: Path) -> None:
    written(json.dumps({"labels": ["no", "yes"], "task": "classification"}), "model.card.json")
    knowledge = load_knowledge(written((course / "currentSolution.pkl").read_bytes(), "model.pkl"))
    assert knowledge.classes(np.array([[0.2], [0.7]])) == ["no", "yes"]


def test_the_repr_of_knowledge_is_one_line() -> None:
    knowledge = load_knowledge(FIXTURES / "default" / "iris" / "currentSolution.pkl")
    assert repr(knowledge) == (
        "<Knowledge currentSolution.pkl: FeedForwardNetwork, 4 inputs, 3 outputs, 51 parameters>"
    )
