"""One of several networks in a file, and networks of user-defined classes."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pybrain.structure import FeedForwardNetwork, FullConnection, LinearLayer, SigmoidLayer
from pybrain.tools.customxml import NetworkWriter
from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime import inspect_file, load_knowledge
from pybrain_runtime.convert import convert_file
from pybrain_runtime.errors import UnclearNetwork, UnsafeKnowledge

OBJECTS = Path(__file__).parents[1] / "fixtures" / "objects"

Written = Callable[..., Path]


class OwnNet(FeedForwardNetwork):
    """A network of a user-defined class."""

    def __init__(self) -> None:
        super().__init__()
        parts = LinearLayer(2, name="a"), SigmoidLayer(3, name="h"), LinearLayer(1, name="b")
        self.addInputModule(parts[0])
        self.addModule(parts[1])
        self.addOutputModule(parts[2])
        self.addConnection(FullConnection(parts[0], parts[1]))
        self.addConnection(FullConnection(parts[1], parts[2]))
        self.sortModules()


@pytest.fixture
def several(written: Written) -> Path:
    """Return a pickle with networks at different depths, and a value beside them."""
    nets = {"small": buildNetwork(2, 3, 1), "deep": {"large": [buildNetwork(4, 2, 1)]}, "x_min": 0.5}
    return written(pickle.dumps(nets))


@pytest.mark.parametrize(("pick", "indim"), [("small", 2), ("deep.large.0", 4)])
def test_a_network_is_picked_by_its_path(pick: str, indim: int, several: Path) -> None:
    found = load_knowledge(several, pick=pick)
    assert (found.indim, found.picked, dict(found.companions)) == (indim, pick, {"x_min": 0.5})
    assert inspect_file(several, pick=pick).usable


def test_the_networks_are_listed_if_none_is_picked(several: Path) -> None:
    with pytest.raises(UnclearNetwork, match=r"2 networks in it \(at deep\.large\.0, small\)") as caught:
        load_knowledge(several)
    assert caught.value.places == ("deep.large.0", "small")
    assert inspect_file(several).choices == ("deep.large.0", "small")


def test_a_path_without_a_network_is_refused_and_the_valid_ones_are_listed(several: Path, iris: Path) -> None:
    for wrong in ("x_min", "deep", "", "smal"):
        with pytest.raises(UnclearNetwork, match=r"has no network at .*has them at small, deep\.large\.0"):
            load_knowledge(several, pick=wrong)
    with pytest.raises(UnclearNetwork, match="holds one network and nothing else"):
        load_knowledge(iris / "currentSolution.pkl", pick="net")


def test_keys_with_the_same_text_are_ambiguous(written: Written) -> None:
    path = written(
        pickle.dumps({1: buildNetwork(2, 1), "1": buildNetwork(3, 1), "other": buildNetwork(4, 1)})
    )
    with pytest.raises(UnclearNetwork, match="has several networks at '1'") as caught:
        load_knowledge(path, pick="1")
    assert caught.value.places == ("other",)


@pytest.mark.parametrize("name", ["trainer_backprop", "trainer_rprop"])
def test_the_network_of_a_trainer_gives_the_recorded_output(name: str, tmp_path: Path) -> None:
    import json

    recorded = json.loads((OBJECTS / "info.json").read_text())[name]
    path = OBJECTS / f"{name}.p2.pkl"
    picked = load_knowledge(path, pick="module")
    np.testing.assert_allclose(picked.activate(recorded["x"])[0], recorded["y"], rtol=1e-12)
    convert_file(path, "pkl", tmp_path / "net.pkl", pick="module")
    assert np.array_equal(
        load_knowledge(tmp_path / "net.pkl").activate(recorded["x"]), picked.activate(recorded["x"])
    )


def test_networks_are_picked_from_an_ensemble() -> None:
    outputs = [
        load_knowledge(OBJECTS / "wrap_ensemble.p4.pkl", pick=str(place)).activate([0.3, -0.7])[0, 0]
        for place in range(3)
    ]
    np.testing.assert_allclose(
        outputs, [-1.3316628001762947, -0.4035014368945372, 2.3506931881117867], rtol=1e-12
    )


def test_a_file_with_code_is_refused_whatever_is_picked(written: Written) -> None:
    bad = b"(dS'net'\nS'x'\nsS'evil'\ncposix\nsystem\n(S'true'\ntRs."
    with pytest.raises(UnsafeKnowledge, match=r"posix\.system") as caught:
        load_knowledge(written(bad), pick="net")
    assert caught.value.hint == ""  # nobody has to save it in another way


def test_a_user_defined_class_is_refused_with_instructions_for_saving_it(written: Written) -> None:
    net = OwnNet()
    with pytest.raises(UnsafeKnowledge, match="OwnNet, which is not on the allow-list") as caught:
        load_knowledge(written(pickle.dumps(net)))
    assert "net.__class__ = FeedForwardNetwork; pickle.dump(net, file)" in caught.value.hint
    expected = net.activate([0.3, -0.7])
    net.__class__ = FeedForwardNetwork
    file = io.BytesIO()
    pickle.dump(net, file)
    loaded = load_knowledge(written(file.getvalue()))
    np.testing.assert_allclose(loaded.activate([0.3, -0.7])[0], expected, rtol=1e-12)


def test_a_class_of_the_program_itself_is_named_as_such(written: Written, tmp_path: Path) -> None:
    with pytest.raises(UnsafeKnowledge) as caught:
        load_knowledge(written(b"c__main__\nMyNet\n)\x81."))
    assert caught.value.hint.startswith("MyNet is a class of the program that saved the file")
    NetworkWriter.writeToFile(OwnNet(), str(tmp_path / "own.xml"))
    with pytest.raises(UnsafeKnowledge) as caught:
        load_knowledge(tmp_path / "own.xml")
    assert "whose code is not in the file" in caught.value.hint
