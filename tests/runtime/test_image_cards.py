"""The section `image` of a model card is checked where cards are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pybrain_runtime import load_knowledge
from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.network.image_input import Figure, ImageInput
from pybrain_runtime.network.model_card import Card, read_card

FIGURE = {"bitmap": [4, 8]}


def card(folder: Path, image: object) -> Card:
    path = folder / "net.card.json"
    path.write_text(json.dumps({"name": "net", "image": image}), "utf-8")
    return read_card(path, indim=4, outdim=3, network="net.pkl")


def test_only_the_size_is_needed(tmp_path: Path) -> None:
    expected = ImageInput((1, 4), (0.0, 1.0), False, 255, "pad", None)
    assert card(tmp_path, {"size": [1, 4]}).image == expected
    assert card(tmp_path, None).image is None


def test_all_keys_survive_a_round_trip(tmp_path: Path) -> None:
    image = {
        "size": [2, 2], "channels": "grey", "scale": [0.0, 16.0], "invert": "auto", "background": 0, "fit": "stretch",
        "figure": {"bitmap": [32, 32], "box": [32, 20], "ink": 0.25, "upright": True},
    }  # fmt: skip
    read = card(tmp_path, image).image
    assert read is not None and read.as_json() == image
    assert read.figure == Figure((32, 32), (32, 20), 0.25, True)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ([1, 4], "has a section 'image' that is not an object"),
        ({}, "has no valid size in image: expected [height, width], each 1 to 1024"),
        ({"size": [2, True]}, "has no valid size in image: expected [height, width], each 1 to 1024, got [2, True]"),
        ({"size": [2, 3]}, "has an image of 2 x 3 = 6 pixels; the network in net.pkl has 4 inputs"),
        ({"size": [2000, 1]}, "has no valid size"),
        ({"size": [2, 2], "colour": 1}, "has the unknown key 'colour' in image; expected one of size, channels,"),
        ({"size": [2, 2], "channels": "rgb"}, "has 'rgb' as the channels of the image; expected 'grey'"),
        ({"size": [2, 2], "scale": [1, 1]}, "has [1, 1] as the scale of the image; expected two different numbers"),
        ({"size": [2, 2], "scale": [0, 10**400]}, "as the scale of the image"),
        ({"size": [2, 2], "invert": 1}, "has 1 as the value of invert in image; expected one of false, true, 'auto'"),
        ({"size": [2, 2], "background": 256}, "has 256 as the background of the image; expected 0 (black) to 255"),
        ({"size": [2, 2], "fit": "crop"}, "has 'crop' as the value of fit in image; expected one of 'pad', 'stretch'"),
        ({"size": [2, 2], "figure": 1}, "has a section 'image.figure' that is not an object"),
        ({"size": [2, 2], "figure": {}}, "has no valid bitmap in image.figure"),
        ({"size": [2, 2], "figure": {"bitmap": [3, 4]}},
         "has a bitmap of 3 x 4 pixels, which is not a multiple of the size of the image"),
        ({"size": [2, 2], "figure": {**FIGURE, "box": [5, 5]}}, "has a box in image.figure that is larger than"),
        ({"size": [2, 2], "figure": {**FIGURE, "ink": 1}},
         "has 1 as the value of ink in image.figure; expected a fraction from 0 to 0.9"),
        ({"size": [2, 2], "figure": {**FIGURE, "upright": 1}},
         "has 1 as the value of upright in image.figure; expected true or"),
        ({"size": [2, 2], "figure": {**FIGURE, "x": 1}},
         "has the unknown key 'x' in image.figure; expected one of bitmap, box"),
    ],
)  # fmt: skip
def test_an_invalid_section_is_refused(image: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError) as caught:
        card(tmp_path, image)
    assert caught.value.message.startswith("net.card.json has ")
    assert message in caught.value.message


def test_the_digits_model_accepts_images_and_the_iris_model_does_not() -> None:
    models = Path(__file__).parents[2] / "models"
    digits, iris = (load_knowledge(models / f"{name}.pkl").card for name in ("digits", "iris"))
    assert digits is not None and digits.image is not None and digits.image.size == (8, 8)
    assert iris is not None and iris.image is None
