"""A picture becomes inputs as the model card says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from pybrain_runtime.network.image_input import Figure, ImageInput
from serving.errors import BlankImage
from serving.images.preprocessing import inputs_of
from tests.serving.images.pictures import drawn

DIGIT = ImageInput((8, 8), (0.0, 16.0), "auto", 255, "stretch", Figure((32, 32), (32, 20), 0.3, True))
PIXELS = np.random.RandomState(1).randint(0, 256, (8, 8)).astype(np.uint8)


@pytest.mark.slow
def test_an_image_of_the_network_size_is_not_resized() -> None:
    found = inputs_of(Image.fromarray(PIXELS), ImageInput((8, 8), (0.0, 255.0)))
    np.testing.assert_allclose(found, PIXELS.reshape(-1), rtol=1e-15)


def test_scale_and_inversion_are_those_of_the_card() -> None:
    row = Image.fromarray(np.array([[0, 51, 255]], np.uint8))
    assert inputs_of(row, ImageInput((1, 3), (-1.0, 1.0))).tolist() == pytest.approx([-1, -0.6, 1])
    assert inputs_of(row, ImageInput((1, 3), (1.0, 0.0))).tolist() == pytest.approx([1, 0.8, 0])
    assert inputs_of(row, ImageInput((1, 3), invert=True)).tolist() == pytest.approx([1, 0.8, 0])


def test_auto_inverts_if_the_border_is_bright() -> None:
    card = ImageInput((8, 8), invert="auto")
    bright = Image.new("L", (8, 8), 250)
    bright.paste(0, (2, 2, 6, 6))
    dark = Image.eval(bright, lambda grey: 255 - grey)
    assert inputs_of(bright, card).tolist() == inputs_of(dark, card).tolist()
    assert inputs_of(bright, card)[27] == 1.0


def test_another_aspect_ratio_is_padded_or_stretched() -> None:
    wide = Image.new("L", (16, 8), 0)
    wide.paste(255, (4, 0, 12, 8))
    padded = inputs_of(wide, ImageInput((4, 4))).reshape(4, 4)
    assert padded[[0, 3]].max() == 0.0 and padded[1:3, 1:3].min() > 0.7
    stretched = inputs_of(wide, ImageInput((4, 4), fit="stretch")).reshape(4, 4)
    assert stretched[:, 1:3].min() > 0.7


def test_a_figure_gives_counts_of_4_times_4_pixels() -> None:
    found = inputs_of(drawn(8), DIGIT)
    assert set(found) <= set(map(float, range(17)))
    assert 0.25 < found.sum() / 1024 < 0.35  # the ink of the card, about
    assert found.reshape(8, 8)[[0, 7]].max(axis=1).min() > 8  # from top to bottom


@pytest.mark.parametrize(
    "changes",
    [
        {"place": (10, 5)}, {"place": (110, 70)}, {"height": 60, "pen": 5, "place": (180, 150)}, {"dark": 255},
        {"dark": 100}, {"pen": 8}, {"pen": 22},
    ],
)  # fmt: skip
@pytest.mark.parametrize("digit", range(10))
def test_place_size_pen_and_colour_of_a_figure_hardly_matter(digit: int, changes: dict[str, Any]) -> None:
    expected = inputs_of(drawn(digit), DIGIT)
    found = inputs_of(drawn(digit, **changes), DIGIT)
    assert np.corrcoef(expected, found)[0, 1] > 0.83


def test_specks_and_noise_are_ignored() -> None:
    expected = inputs_of(drawn(3), DIGIT)
    picture = drawn(3)
    picture.paste(0, (2, 2, 6, 6))
    picture.paste(0, (270, 240, 274, 242))
    noise = np.random.RandomState(2).normal(0, 12, (280, 280))
    noisy = np.clip(np.asarray(picture.filter(ImageFilter.GaussianBlur(1))) + noise, 0, 255).astype(np.uint8)
    assert np.corrcoef(expected, inputs_of(Image.fromarray(noisy), DIGIT))[0, 1] > 0.97


def test_a_vertical_line_remains_a_line() -> None:
    picture = Image.new("L", (100, 100), 255)
    picture.paste(0, (48, 10, 52, 90))
    found = inputs_of(picture, DIGIT).reshape(8, 8)
    assert found[:, [0, 1, 6, 7]].max() == 0.0 and found[:, 3:5].min() == 16.0


def test_a_point_and_a_full_picture_are_figures() -> None:
    point = Image.new("L", (100, 100), 255)
    point.paste(0, (50, 50, 51, 51))
    assert inputs_of(point, DIGIT).max() == 16.0
    assert np.isfinite(inputs_of(Image.fromarray(PIXELS), DIGIT)).all()
    assert np.isfinite(inputs_of(Image.fromarray(np.array([[0, 255]], np.uint8)), DIGIT)).all()


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_blank_picture_has_no_figure(grey: int) -> None:
    with pytest.raises(BlankImage, match=r"^The image is blank: no figure differs from its background\.$"):
        inputs_of(Image.new("L", (50, 50), grey), DIGIT)
    almost = Image.new("L", (50, 50), grey)
    almost.putpixel((7, 7), abs(grey - 20))
    with pytest.raises(BlankImage):
        inputs_of(almost, DIGIT)
    assert inputs_of(almost, ImageInput((2, 2), invert="auto")).shape == (4,)
