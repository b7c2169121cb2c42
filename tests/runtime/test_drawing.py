"""The drawing is well-formed, deterministic and complete, and escapes names from a file."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime import load_knowledge
from pybrain_runtime.drawing import drawing
from pybrain_runtime.drawing.column_layout import BOX_WIDTH, layout_of

NETWORKS = sorted((Path(__file__).parents[1] / "fixtures" / "networks").glob("*/net.p2.pkl"))
SVG = "{http://www.w3.org/2000/svg}"


def network(name: str) -> object:
    return load_knowledge(NETWORKS[0].parents[1] / name / "net.p2.pkl").network


def drawn(name: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawing(network(name)))


def texts(picture: ElementTree.Element, kind: str) -> list[str]:
    return [text.text or "" for text in picture.iter(f"{SVG}text") if text.get("class") == kind]


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.parent.name)
def test_every_network_is_drawn_deterministically(path: Path) -> None:
    one, two = (drawing(load_knowledge(path).network) for _ in range(2))
    assert one == two
    picture = ElementTree.fromstring(one)
    described = load_knowledge(path).network
    inner = sum(len(m.network.modules) for m in described.modules if m.network)
    assert len(texts(picture, "name")) == len(described.modules) + inner


def test_layers_are_drawn_in_order_of_computation() -> None:
    described = load_knowledge(NETWORKS[0].parents[1] / "man_shortcut" / "net.p2.pkl").network
    boxes = layout_of(described).boxes
    for connection in described.connections:
        assert boxes[connection.source].x + BOX_WIDTH < boxes[connection.target].x


@pytest.mark.slow
def test_no_two_boxes_overlap() -> None:
    for path in NETWORKS:
        boxes = layout_of(load_knowledge(path).network).boxes
        assert len({(box.x, box.y) for box in boxes}) == len(boxes)
        for one in boxes:
            assert not any(one.x == two.x and 0 < two.y - one.y < 58 for two in boxes)


@pytest.mark.slow
def test_everything_is_inside_the_drawing() -> None:
    for path in NETWORKS:
        places = layout_of(load_knowledge(path).network)
        numbers = [
            (float(x), float(y))
            for curve in places.curves
            for x, y in re.findall(r"([-\d.]+) ([-\d.]+)", curve.path.replace("M", "").replace("L", " "))
        ]
        assert all(0 <= x <= places.width and 0 <= y <= places.height for x, y in numbers), path


def test_connections_to_the_next_time_step_are_dashed_and_lead_back() -> None:
    picture = drawn("rnn_bn_lstm_peep")
    later = [path for path in picture.iter(f"{SVG}path") if path.get("class") == "curve later"]
    assert len(later) == 1
    assert later[0][0].text == "FullConnection 'FullConnection-4': hidden0 to hidden0, 3 to 12, 36 parameters"
    assert ".later { stroke: #bc4c00; stroke-dasharray: 6 4 }" in drawing(network("rnn_bn_lstm_peep"))


def test_labels_show_kind_and_parameters() -> None:
    assert sorted(texts(drawn("bn_4_6_3_tanh_softmax"), "label")) == [
        "Full 18",
        "Full 24",
        "Full 3",
        "Full 6",
    ]


def test_many_connections_between_two_layers_are_one_curve() -> None:
    described = load_knowledge(NETWORKS[0].parents[1] / "man_convolutional" / "net.p2.pkl").network
    places = layout_of(described)
    assert len(described.connections) > 10
    assert len(places.curves) == 2
    assert places.curves[0].group.label.startswith(f"{len(places.curves[0].group.connections)} × SharedFull")


def test_tooltips_of_connections_show_slices_and_shared_parameters() -> None:
    lines = [
        line
        for name in ("man_sliced", "man_shared")
        for title in drawn(name).iter(f"{SVG}title")
        for line in (title.text or "").splitlines()
    ]
    assert "FullConnection 's': i to h, 3 to 3, from outputs 1:4, to inputs 2:5, 9 parameters" in lines
    assert "SharedFullConnection 's2': in to out, 1 to 2, from outputs 1:2, parameters of 'mc'" in lines


def test_a_network_inside_another_one_is_drawn_below() -> None:
    headings = texts(drawn("man_nested_ffn"), "title")
    assert len(headings) == 2 and headings[1].startswith("FeedForwardNetwork 'sub'")


def test_the_drawing_supports_light_and_dark_mode() -> None:
    text = drawing(network("bn_1_1"))
    assert "@media (prefers-color-scheme: dark)" in text and "color-scheme: light dark" in text
    light, dark = (re.search(r"\.name \{ fill: (#\w+)", part) for part in text.split("@media"))
    assert light and dark and light[1] != dark[1]


def test_names_from_a_file_are_escaped_as_text(tmp_path: Path) -> None:
    built = buildNetwork(1, 1)
    built.name = "]]><script>alert(1)</script>"
    built["in"].name = "<b>&\"'\x1b[31m"
    path = tmp_path / "net.pkl"
    path.write_bytes(pickle.dumps(built))
    text = drawing(load_knowledge(path).network)
    assert "<script" not in text and "\x1b" not in text
    picture = ElementTree.fromstring(text)
    assert "<b>&\"'\\x1b[31m" in texts(picture, "name")
    assert "]]><script>alert(1)</script>" in texts(picture, "title")[0]
