"""How an image becomes the inputs of a network: the section ``image`` of a model card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn

from pybrain_runtime.io.printable import escaped, short_repr
from pybrain_runtime.io.record import Record

FITS = ("pad", "stretch")
_LARGEST_SIDE = 1024
_KEYS = ("size", "channels", "scale", "invert", "background", "fit", "figure")
_FIGURE_KEYS = ("bitmap", "box", "ink", "upright")
_LARGEST_VALUE = 1e6
_MOST_INK = 0.9


class Figure(Record, eq=True):
    """How the figure in an image is scaled to a bitmap, whose pixels are then counted in blocks.

    Attributes:
        bitmap: height and width of the bitmap in pixels, multiples of those of the network's image.
        box: maximum height and width of the figure in the bitmap, in which it is centred.
        ink: the share of pixels to which the strokes are widened or narrowed; 0 leaves them as they are.
        upright: whether a slant of the figure is removed.
    """

    bitmap: tuple[int, int]
    box: tuple[int, int]
    ink: float = 0.0
    upright: bool = False


class ImageInput(Record, eq=True):
    """How an image becomes the inputs of a network.

    Attributes:
        size: height and width in pixels; the inputs are the pixels, row by row.
        scale: the values of black and of white, after inversion.
        invert: whether bright and dark are exchanged; ``auto`` does so if the border of the image is bright.
        background: the grey value behind transparent pixels, 0 (black) to 255 (white), before inversion.
        fit: ``pad`` keeps the aspect ratio and adds background; ``stretch`` does not keep it.
        figure: how the figure in the image is extracted; if None, the image is used as it is.
    """

    size: tuple[int, int]
    scale: tuple[float, float] = (0.0, 1.0)
    invert: bool | str = False
    background: int = 255
    fit: str = "pad"
    figure: Figure | None = None

    def as_json(self) -> dict[str, object]:
        """Return the section of the card, with all keys."""
        content: dict[str, object] = {
            "size": list(self.size),
            "channels": "grey",
            "scale": list(self.scale),
            "invert": self.invert,
            "background": self.background,
            "fit": self.fit,
        }
        if self.figure is not None:
            figure = self.figure
            content["figure"] = {
                "bitmap": list(figure.bitmap),
                "box": list(figure.box),
                "ink": figure.ink,
                "upright": figure.upright,
            }
        return content


def read_image_input(
    content: object, *, inputs: int, network: str, error: Callable[[str], Exception]
) -> ImageInput:
    """Return the checked section of a card.

    Args:
        content: the section, as JSON gives it.
        inputs: number of inputs of the network.
        network: name of the knowledge file, for messages.
        error: creates the error to raise, from a string such as ``has an image without size``.

    Raises:
        Exception: the section is not valid, or does not fit the network; the exception comes from ``error``.
    """
    reader = _Reader(error)
    section = reader.section(content, "image", _KEYS)
    height, width = size = reader.sides(section, "size", "image")
    if height * width != inputs:
        reader.fail(
            f"has an image of {height} x {width} = {height * width} pixels; the network in {network} has "
            f"{inputs} inputs"
        )
    if section.get("channels", "grey") != "grey":
        reader.fail(f"has {reader.shown(section['channels'])} as the channels of the image; expected 'grey'")
    return ImageInput(
        size=size,
        scale=reader.scale(section),
        invert=reader.choice(section, "invert", (False, True, "auto")),
        background=reader.background(section),
        fit=str(reader.choice(section, "fit", FITS)),
        figure=reader.figure(section["figure"], size) if "figure" in section else None,
    )


class _Reader:
    def __init__(self, error: Callable[[str], Exception]) -> None:
        self._error = error

    def fail(self, what: str) -> NoReturn:
        raise self._error(what)

    @staticmethod
    def shown(value: object) -> str:
        if isinstance(value, list) and len(value) <= 4:
            return f"[{', '.join(map(short_repr, value))}]"
        return short_repr(value)

    def section(self, content: object, name: str, keys: tuple[str, ...]) -> Mapping[str, object]:
        if not isinstance(content, dict):
            self.fail(f"has a section '{name}' that is not an object")
        for key in content:
            if key not in keys:
                self.fail(
                    f"has the unknown key '{escaped(key, 60)}' in {name}; expected one of {', '.join(keys)}"
                )
        return content

    def sides(self, section: Mapping[str, object], key: str, name: str) -> tuple[int, int]:
        value = section.get(key)
        if isinstance(value, list) and len(value) == 2:
            height, width = value
            if _is_side(height) and _is_side(width):
                return height, width
        self.fail(
            f"has no valid {key} in {name}: expected [height, width], each 1 to {_LARGEST_SIDE}"
            + (f", got {self.shown(value)}" if key in section else "")
        )

    def scale(self, section: Mapping[str, object]) -> tuple[float, float]:
        value = section.get("scale", [0.0, 1.0])
        if (
            isinstance(value, list)
            and len(value) == 2
            and all(map(_is_number, value))
            and value[0] != value[1]
        ):
            return float(value[0]), float(value[1])
        self.fail(
            f"has {self.shown(value)} as the scale of the image; expected two different numbers, "
            "the values of black and of white"
        )

    def choice(self, section: Mapping[str, object], key: str, known: tuple[bool | str, ...]) -> bool | str:
        value = section.get(key, known[0])
        for each in known:
            if value == each and type(value) is type(each):
                return each
        names = ", ".join(repr(each) if isinstance(each, str) else str(each).lower() for each in known)
        self.fail(f"has {self.shown(value)} as the value of {key} in image; expected one of {names}")

    def background(self, section: Mapping[str, object]) -> int:
        value = section.get("background", 255)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255:
            return value
        self.fail(
            f"has {self.shown(value)} as the background of the image; expected 0 (black) to 255 (white)"
        )

    def figure(self, content: object, size: tuple[int, int]) -> Figure:
        section = self.section(content, "image.figure", _FIGURE_KEYS)
        bitmap = self.sides(section, "bitmap", "image.figure")
        box = self.sides(section, "box", "image.figure") if "box" in section else bitmap
        if any(whole % part for whole, part in zip(bitmap, size, strict=True)):
            self.fail(
                f"has a bitmap of {bitmap[0]} x {bitmap[1]} pixels, which is not a multiple of the size of the image"
            )
        if box[0] > bitmap[0] or box[1] > bitmap[1]:
            self.fail("has a box in image.figure that is larger than the bitmap")
        ink = section.get("ink", 0.0)
        if isinstance(ink, bool) or not isinstance(ink, int | float) or not 0 <= ink <= _MOST_INK:
            self.fail(
                f"has {self.shown(ink)} as the value of ink in image.figure; "
                f"expected a fraction from 0 to {_MOST_INK}"
            )
        upright = section.get("upright", False)
        if not isinstance(upright, bool):
            self.fail(
                f"has {self.shown(upright)} as the value of upright in image.figure; expected true or false"
            )
        return Figure(bitmap, box, float(ink), upright)


def _is_side(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LARGEST_SIDE


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST_VALUE
