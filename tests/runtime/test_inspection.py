"""The description of a file, whether or not it can be used."""

from __future__ import annotations

import hashlib
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pybrain_runtime import Limits
from pybrain_runtime.errors import InputMissing, UnsafeKnowledge, UsageError
from pybrain_runtime.inspection import REFUSED, SAFE, UNUSABLE, inspect_file

Written = Callable[..., Path]

FIXTURES = Path(__file__).parents[1] / "fixtures"
OBJECTS = FIXTURES / "objects"
SAFE_OBJECTS = (
    "bernoulli", "cheaplycopiable", "crlf", "kohonen", "maskedmodule", "params_bigendian", "params_float32",
    "params_int", "params_list", "rbm", "single_layer", "wrap_bz2", "wrap_dict", "wrap_gz", "wrap_tuple",
)  # fmt: skip


def test_a_network_is_safe_and_completely_described(iris: Path) -> None:
    found = inspect_file(iris / "currentSolution.pkl")
    assert (found.verdict, found.usable, found.error) == (SAFE, True, None)
    assert found.format == "pickle protocol 4" and found.packing == ""
    content = (iris / "currentSolution.pkl").read_bytes()
    assert (found.size, found.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert found.holds == "a FeedForwardNetwork"
    assert found.network is not None and found.network.parameter_count == 51
    assert "pybrain.structure.modules.softmax.SoftmaxLayer" in found.names
    assert found.card is not None and found.card.labels == ("setosa", "versicolor", "virginica")
    assert found.card_path == str(iris / "currentSolution.card.json")


@pytest.mark.parametrize("path", sorted(OBJECTS.glob("*.pkl*")), ids=lambda path: path.name)
def test_every_recorded_object_gets_a_verdict_and_a_hash(path: Path) -> None:
    found = inspect_file(path)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    name = path.name.partition(".")[0]
    assert found.verdict == (SAFE if name in SAFE_OBJECTS else UNUSABLE), found.error
    assert (found.error is None) == (found.verdict == SAFE)
    assert found.format.startswith("pickle protocol ")


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("ds_supervised.p2.pkl", "a SupervisedDataSet of 4 rows, which is a data set"),
        ("ds_sequential.p0.pkl", "a SequentialDataSet of 9 rows, which is a data set"),
        (
            "trainer_rprop.p4.pkl",
            "a RPropMinusTrainer, which is a trainer (of the FeedForwardNetwork in its attribute 'module')",
        ),
        ("wrap_ensemble.p2.pkl", "a list of 3 items"),
    ],
)
def test_objects_other_than_networks_are_recognized(name: str, holds: str) -> None:
    found = inspect_file(OBJECTS / name)
    assert (found.verdict, found.holds, found.network) == (UNUSABLE, holds, None)


def test_a_network_that_cannot_be_run_is_shown_and_not_safe() -> None:
    found = inspect_file(OBJECTS / "evolino.p2.pkl")
    assert found.verdict == UNUSABLE and found.network is not None
    assert str(found.error) == (
        "The EvolinoNetwork 'EvolinoNetwork' cannot be run: it generates a sequence instead of computing each row."
    )


def test_random_layers_are_reported() -> None:
    assert inspect_file(OBJECTS / "bernoulli.p2.pkl").random
    assert not inspect_file(OBJECTS / "kohonen.p2.pkl").random


def test_companions_of_an_inspected_network_are_kept() -> None:
    companions = inspect_file(OBJECTS / "wrap_dict.p2.pkl").companions
    assert companions["date"] == "2020-01-01" and companions["n"] == 3
    assert isinstance(companions["mean"], np.ndarray) and companions["mean"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("name", "packing"), [("wrap_gz.p2.pkl.gz", "gzip"), ("wrap_bz2.p2.pkl.bz2", "bzip2")]
)
def test_compression_is_reported(name: str, packing: str) -> None:
    found = inspect_file(OBJECTS / name)
    assert (found.packing, found.format) == (packing, "pickle protocol 2")


def test_the_names_up_to_the_refused_one_are_listed(written: Written) -> None:
    path = written(b"cbuiltins\nset\n(l0cos\nsystem\n(S'id'\ntR.")
    found = inspect_file(path)
    assert found.verdict == REFUSED and isinstance(found.error, UnsafeKnowledge)
    assert found.names == ("builtins.set", "os.system")
    assert found.format == "pickle protocol 0"


def test_the_library_of_a_foreign_model_is_reported(written: Written) -> None:
    path = written(b"\x80\x02csklearn.svm.classes\nSVC\n)\x81.")
    found = inspect_file(path)
    assert (found.verdict, found.holds) == (REFUSED, "a scikit-learn model")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04rest", "is a damaged npz file"),
        (b"\x89HDF\r\n\x1a\n", "is an HDF5 file"),
        (b"x,y\n1,2\n", "is not a pickle"),
        (b"\x1f\x8b\x08damaged", "is a damaged gzip file"),
        (b"<html/>", "is XML, but not PyBrain's"),
    ],
)
def test_an_unrecognized_file_is_refused_with_a_reason(content: bytes, reason: str, written: Written) -> None:
    found = inspect_file(written(content))
    assert found.verdict == UNUSABLE and reason in str(found.error)
    assert found.network is None and found.names == ()


def test_an_expression_in_xml_is_refused(written: Written) -> None:
    path = written("<PyBrain><Network name='n' class='os.system'><Modules/></Network></PyBrain>")
    found = inspect_file(path)
    assert (found.verdict, found.format) == (REFUSED, "xml")


def test_a_file_beyond_the_limit_is_not_read(written: Written) -> None:
    found = inspect_file(written(bytes(100)), limits=Limits(file_size=10))
    assert (found.verdict, found.size, found.sha256) == (UNUSABLE, 100, "")


def test_a_file_with_another_hash_is_unusable_but_shown(iris: Path) -> None:
    found = inspect_file(iris / "currentSolution.pkl", sha256="0" * 64)
    assert found.verdict == UNUSABLE and "does not have the expected SHA-256" in str(found.error)
    assert found.network is not None
    assert inspect_file(iris / "currentSolution.pkl", sha256=found.sha256).usable


def test_an_invalid_pin_is_wrong_usage(iris: Path) -> None:
    with pytest.raises(UsageError, match="'abc' is not a SHA-256; expected 64 hexadecimal digits"):
        inspect_file(iris / "currentSolution.pkl", sha256="abc")


def test_the_card_of_another_network_is_reported_as_unusable(
    iris: Path, course: Path, tmp_path: Path
) -> None:
    shutil.copy(course / "currentSolution.pkl", tmp_path / "net.pkl")
    shutil.copy(iris / "currentSolution.card.json", tmp_path / "net.card.json")
    found = inspect_file(tmp_path / "net.pkl")
    assert (found.verdict, found.usable, found.card) == (SAFE, False, None)
    assert str(found.card_error).startswith("net.card.json lists 4 inputs; the network in net.pkl has 1.")
    assert inspect_file(tmp_path / "net.pkl").card_path == str(tmp_path / "net.card.json")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="was not found"):
        inspect_file(tmp_path / "net.pkl")


def test_a_link_is_not_followed(iris: Path, tmp_path: Path) -> None:
    (tmp_path / "net.pkl").symlink_to(iris / "currentSolution.pkl")
    with pytest.raises(InputMissing, match="is a symbolic link, and links are not followed"):
        inspect_file(tmp_path / "net.pkl")


def test_nothing_is_executed(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return (open, (str(tmp_path / "touched"), "w"))

    path = tmp_path / "net.pkl"
    path.write_bytes(pickle.dumps(Evil()))
    assert inspect_file(path).verdict == REFUSED
    assert [entry.name for entry in tmp_path.iterdir()] == ["net.pkl"]
