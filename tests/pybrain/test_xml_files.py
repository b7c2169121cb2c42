"""XML files: refused content, damaged files, and everything that can be written."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest

from pybrain.structure import (
    FeedForwardNetwork,
    FullConnection,
    GaussianLayer,
    IdentityConnection,
    KohonenMap,
    LinearLayer,
    PartialSoftmaxLayer,
    RecurrentNetwork,
    SigmoidLayer,
    TanhLayer,
)
from pybrain.structure.connections.permutation import PermutationConnection
from pybrain.structure.modules.mixturedensity import MixtureDensityLayer
from pybrain.structure.networks.custom.capturegame import CaptureGameNetwork
from pybrain.structure.networks.custom.convboard import ConvolutionalBoardNetwork
from pybrain.structure.networks.network import NetworkConstructionException
from pybrain.tools.customxml import NetworkReader, NetworkWriter
from pybrain.tools.customxml.handling import UnsafeXML, XMLHandling, baseTransform
from pybrain.tools.customxml.literals import LiteralError, formatLiteral, parseLiteral, parseNumbers
from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime import load_knowledge
from pybrain_runtime.errors import KnowledgeError


def written(net, tmp_path):
    NetworkWriter.writeToFile(net, tmp_path / "net.xml")
    return (tmp_path / "net.xml").read_text(encoding="utf-8")


def read(text, tmp_path):
    (tmp_path / "changed.xml").write_text(text, encoding="utf-8")
    return NetworkReader.readFrom(tmp_path / "changed.xml")


def line(*layers):
    net = FeedForwardNetwork()
    net.addInputModule(layers[0])
    for layer in layers[1:-1]:
        net.addModule(layer)
    net.addOutputModule(layers[-1])
    for before, after in pairwise(layers):
        net.addConnection(IdentityConnection(before, after))
    net.sortModules()
    return net


# --- security ---


def test_entities_are_refused(tmp_path):
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><PyBrain>&b;</PyBrain>'
    with pytest.raises(UnsafeXML, match=r"declares an entity .'a'."):
        read(laughs, tmp_path)


def test_external_files_are_not_included(tmp_path):
    (tmp_path / "secret").write_text("secret")
    outside = f'<!DOCTYPE x [<!ENTITY s SYSTEM "{tmp_path / "secret"}">]><PyBrain>&s;</PyBrain>'
    with pytest.raises(UnsafeXML):
        read(outside, tmp_path)


@pytest.mark.parametrize(
    "path",
    [
        "os.system",
        "pybrain.utilities.Named",
        "pybrain.structure.networks.network.np.ndarray",
        "pybrain.structure.modules.linearlayer.NeuronLayer.__init__",
        "pybrain.tools.customxml.networkreader.NetworkReader",
        "subprocess.Popen",
        "__import__('os')",
        "",
    ],
)
def test_only_network_classes_are_accepted(path, tmp_path):
    text = written(buildNetwork(1, 1), tmp_path)
    text = text.replace("pybrain.structure.modules.linearlayer.LinearLayer", path)
    with pytest.raises(ValueError, match=r"<LinearLayer 'in'>: .* is not a (known Module|class name)"):
        read(text, tmp_path)


def test_values_are_never_evaluated(tmp_path):
    target = tmp_path / "touched"
    text = written(buildNetwork(1, 1), tmp_path)
    text = text.replace('<dim val="1"/>', f"<dim val=\"__import__('pathlib').Path('{target}').touch()\"/>")
    with pytest.raises(ValueError, match="option 'dim': not a Python literal"):
        read(text, tmp_path)
    assert not target.exists()


def test_options_cannot_replace_methods(tmp_path):
    text = written(CaptureGameNetwork(size=1, hsize=1), tmp_path)
    net = read(text.replace('<size val="1"/>', '<size val="1"/><activate val="1"/>'), tmp_path)
    assert callable(net.activate)


# --- damage ---


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<PyBrain>", "<PyBrain", "not a well-formed XML document: .*line"),
        ('<inmod val="in"/>', '<inmod val="on"/>', "there is no module named 'on' in its network"),
        ('<inmod val="in"/>', "", "has no inmod"),
        ("<Parameters>[", "<Parameters>[1.0, ", "takes 1 parameters; the file has 2"),
        ("<Parameters>[", "<Parameters>[x", "Parameters: expected a list of numbers"),
        ("<Parameters>[", "<Parameters>", "Parameters: expected a list of numbers"),
        ('<dim val="1"/>', "", "<LinearLayer 'in'>: .*dim"),
        ('<dim val="1"/>', '<dim val="1"/><size val="1"/>', "<LinearLayer 'in'>: .*size"),
        ("linearlayer.LinearLayer", "nowhere.LinearLayer", "is not a known Module"),
        ("<Network", "<Net", "well-formed|no network number 0"),
    ],
)
def test_damaged_files_are_refused_with_the_reason(old, new, message, tmp_path):
    text = written(buildNetwork(1, 1, bias=False), tmp_path)
    assert old in text
    with pytest.raises(ValueError, match=message):
        read(text.replace(old, new, 1), tmp_path)


def test_a_missing_permutation_is_reported(tmp_path):
    net = FeedForwardNetwork()
    a, b = LinearLayer(4, name="a"), LinearLayer(4, name="b")
    net.addInputModule(a)
    net.addOutputModule(b)
    net.addConnection(PermutationConnection(a, b, [1, 0], 2))
    net.sortModules()
    text = written(net, tmp_path)
    assert read(text, tmp_path).activate([1, 2, 3, 4]).tolist() == [3, 4, 1, 2]
    lines = [t for t in text.splitlines() if "permutation val" not in t and "blocksize" not in t]
    with pytest.raises(ValueError, match="PyBrain's writer omits the permutation"):
        read("\n".join(lines), tmp_path)


def test_an_unsorted_network_is_not_written(tmp_path):
    with pytest.raises(NetworkConstructionException, match="call sortModules"):
        NetworkWriter.writeToFile(FeedForwardNetwork(), tmp_path / "net.xml")


# --- several networks, and what PyBrain cannot read back ---


def test_a_file_may_hold_several_networks(tmp_path):
    path = tmp_path / "nets.xml"
    one, other = buildNetwork(1, 1), buildNetwork(2, 2)
    one.name, other.name = "one", "other"
    NetworkWriter.appendToFile(one, path)
    NetworkWriter.appendToFile(other, path)
    assert NetworkReader.readFrom(path).name == "one"
    assert NetworkReader.readFrom(path, index=1).indim == 2
    assert NetworkReader.readFrom(path, name="other").indim == 2
    with pytest.raises(ValueError, match="no network named 'third'"):
        NetworkReader.readFrom(path, name="third")
    with pytest.raises(ValueError, match="no network number 2"):
        NetworkReader.readFrom(path, index=2)


def test_numbers_in_numpy_2_notation_are_read(tmp_path):
    net = buildNetwork(2, 1, bias=False)
    text = written(net, tmp_path)
    numbers = f"[{', '.join(repr(p) for p in net.params)}]"
    assert "np.float64(" in numbers
    start, end = text.index("<Parameters>") + 12, text.index("</Parameters>")
    assert read(text[:start] + numbers + text[end:], tmp_path).params.tolist() == net.params.tolist()


def test_parameters_are_exact(tmp_path):
    net = buildNetwork(1, 4, 1, bias=False)
    net.params[:] = [1e-320, -0.1, 1 / 3, 1e300, float("inf"), float("nan"), 0.0, -0.0]
    again = read(written(net, tmp_path), tmp_path)
    np.testing.assert_array_equal(again.params, net.params)


def test_the_capture_game_can_still_be_resized_after_reading(tmp_path):
    net = CaptureGameNetwork(size=2, hsize=2)
    again = read(written(net, tmp_path), tmp_path)
    x = np.linspace(0, 1, 18)
    np.testing.assert_array_equal(again.resizedTo(3).activate(x), net.resizedTo(3).activate(x))


def test_a_module_that_is_input_and_output_keeps_both_roles(tmp_path):
    net = FeedForwardNetwork()
    a, b = LinearLayer(1, name="a"), TanhLayer(2, name="b")
    net.addInputModule(a)
    net.addInputModule(b)
    net.addOutputModule(b)
    net.addOutputModule(a)
    net.sortModules()
    again = read(written(net, tmp_path), tmp_path)
    assert again.activate([1, 0, 0]).tolist() == net.activate([1, 0, 0]).tolist() == [0, 0, 1]


def test_further_layers_and_networks_survive_a_round_trip(tmp_path):
    gaussian = GaussianLayer(2)
    gaussian.enabled = False
    net = line(LinearLayer(2), gaussian, LinearLayer(2))
    assert read(written(net, tmp_path), tmp_path).activate([1, 2]).tolist() == [1, 2]
    net = line(LinearLayer(4), PartialSoftmaxLayer(4, 2), LinearLayer(4))
    assert read(written(net, tmp_path), tmp_path).activate([0] * 4).tolist() == [0.5] * 4
    net = line(LinearLayer(2), KohonenMap(2, 3, name="map"))
    assert read(written(net, tmp_path), tmp_path)["map"].neurons.tolist() == net["map"].neurons.tolist()
    net = ConvolutionalBoardNetwork(2, 3, 1)
    x = np.linspace(0, 1, 8)
    assert read(written(net, tmp_path), tmp_path).activate(x).tolist() == net.activate(x).tolist()
    recurrent = RecurrentNetwork(forget=True)
    recurrent.addInputModule(LinearLayer(1, name="i"))
    recurrent.addOutputModule(LinearLayer(1, name="o"))
    recurrent.addConnection(FullConnection(recurrent["i"], recurrent["o"]))
    recurrent.sortModules()
    assert read(written(recurrent, tmp_path), tmp_path).forget is True


class Tripling(LinearLayer):
    """A user-defined layer."""

    def _transfer(self, x):
        return 3 * x


def test_a_user_defined_layer_is_found_if_its_module_is_imported(tmp_path):
    net = line(LinearLayer(1), Tripling(1), LinearLayer(1))
    assert read(written(net, tmp_path), tmp_path).activate([2]).tolist() == [6]


def test_the_old_name_of_the_package_works():
    from pybrain.tools.xml import NetworkReader as old
    from pybrain.tools.xml.networkwriter import NetworkWriter as writer

    assert old is NetworkReader
    assert writer is NetworkWriter


# --- text ---


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -3,
        0.1,
        1e-300,
        "a'b\"c\\ \n ü 入",
        (),
        (1,),
        (1, (2.5, "x")),
        [],
        [1, [2]],
        {"a": (1,), 2: []},
    ],
)
def test_literals_survive_a_round_trip(value):
    assert parseLiteral(formatLiteral(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("np.int64(4)", 4),
        ("array([1.0, np.float64(2.5)])", [1.0, 2.5]),
        ("u'in'", "in"),
        ("(4)", 4),
        ("-inf", float("-inf")),
        ("  [ 1 ,2, ] ", [1, 2]),
        ("{}", {}),
    ],
)
def test_alternative_notations_are_parsed(text, value):
    assert parseLiteral(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "f(1)",
        "1 2",
        "[1",
        "(1",
        "{1: }",
        "{[]: 1}",
        "1 + 1",
        "-None",
        "a.b",
        "np.float64()",
        "[" * 99,
    ],
)
def test_invalid_literals_are_refused(text):
    with pytest.raises(LiteralError):
        parseLiteral(text)


def test_lists_of_numbers_are_arrays():
    assert parseNumbers("[]").tolist() == []
    assert parseNumbers("[1, np.float64(2.0),\n -3e-5]").tolist() == [1.0, 2.0, -3e-5]
    assert parseNumbers("array([1., 2.])").tolist() == [1.0, 2.0]
    with pytest.raises(LiteralError):
        parseNumbers("[f(1)]")


@pytest.mark.slow
def test_a_capture_game_network_that_pybrain_cannot_read_back_is_read(tmp_path):
    net = CaptureGameNetwork(size=3, hsize=2, componentclass=SigmoidLayer)
    lost = "{" + "&lt;MotherConnection 'x'&gt;: 0, " * 300 + "}"
    text = re.sub(r'<componentclass val="[^"]*"/>', '<componentclass val="type"/>', written(net, tmp_path))
    text = text.replace("<size ", f'<predefined val="{lost}"/><size ')
    again = read(text, tmp_path)
    points = np.linspace(0, 1, 18)
    assert again.activate(points).tolist() == net.activate(points).tolist()
    assert (again.componentclass, again.resizedTo(4).paramdim) == (SigmoidLayer, net.resizedTo(4).paramdim)
    assert load_knowledge(tmp_path / "changed.xml").activate([points]).tolist() == [
        pytest.approx(net.activate(points).tolist(), abs=1e-12)
    ]


@pytest.mark.parametrize(
    ("dim", "mix", "known"), [(1, 2, True), (1, 3, True), (2, 3, False), (3, 3, False), (1, 5, False)]
)
def test_mixtures_in_a_pybrain_file_are_read_only_if_one_division_fits(dim, mix, known, tmp_path):
    net = FeedForwardNetwork()
    net.addInputModule(LinearLayer(mix * (dim + 2), name="in"))
    net.addOutputModule(MixtureDensityLayer(dim, mix=mix, name="out"))
    net.addConnection(IdentityConnection(net["in"], net["out"]))
    net.sortModules()
    text = re.sub(r'<mix val="\d+"/>', "", written(net, tmp_path))
    text = text.replace(f'<dim val="{dim}"/>', f'<dim val="{mix * (dim + 2)}"/>')
    row = np.linspace(-1, 1, mix * (dim + 2))
    if known:
        expected = pytest.approx(net.activate(row).tolist(), abs=1e-12)
        assert read(text, tmp_path).activate(row).tolist() == expected
        assert load_knowledge(tmp_path / "changed.xml").activate([row]).tolist() == [expected]
        return
    with pytest.raises(ValueError, match="does not say how"):
        read(text, tmp_path)
    with pytest.raises(KnowledgeError):
        load_knowledge(tmp_path / "changed.xml")


def test_documents_can_be_built_through_the_api(tmp_path):
    document = XMLHandling(tmp_path / "d.xml", newfile=True)
    root = document.newRootNode("root")
    child = document.newChild(root, "child")
    document.writeAttrDict(child, {"name": "c", "n": 3, "flag": True})
    document.writeDoubles(document.newChild(child, "row0"), [1.5, -2])
    document.writeMatrix(document.newChild(child, "matrix"), [[1, 2], [3, 4]])
    document.save()
    again = XMLHandling(tmp_path / "d.xml", newfile=False)
    node = again.findNamedNode("child", "c")
    assert again.readAttrDict(node) == {"name": "c", "n": 3, "flag": True}
    assert again.readDoubles(again.getChild(node, "row0")) == [1.5, -2.0]
    assert again.readMatrix(again.findNode("matrix", root=node)).tolist() == [[1, 2], [3, 4]]
    assert again.getChild(node, "none") is None
    assert baseTransform("[1]") == "[1]"
