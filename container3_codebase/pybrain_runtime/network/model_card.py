"""Model cards: names, units, scaling and class labels of the inputs and outputs of a network."""

from __future__ import annotations

import json
import math
import os
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.io.paths import split_ending
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.io.record import Record
from pybrain_runtime.io.report_files import is_report
from pybrain_runtime.io.strict_json import RepeatedKey, parse_json

if TYPE_CHECKING:
    from pybrain_runtime.network.image_input import ImageInput

_SIZE_LIMIT = 1 << 20
_KEYS = ("name", "description", "task", "inputs", "outputs", "labels", "classes", "class_column", "image")
_OTHER_WORDS = frozenset(("std", "sd", "stdev", "stddev", "sigma", "min", "max", "minimum", "maximum"))
_COMPRESSED = (".gz", ".bz2")
_FEW_ROWS, _MOST_ROWS, _NARROW = 64, 4096, 16
"""Batch sizes and widths up to which means and scales are repeated for each row."""


class Column(Record, eq=True):
    """One input or output.

    Attributes:
        name: its name; an empty string if the card gives none.
        unit: its unit, ``cm``; may be empty.
        mean: the value subtracted from an input before inference.
        scale: the divisor applied next, never 0. Outputs are scaled back: ``value * scale + mean``.
    """

    name: str = ""
    unit: str = ""
    mean: float = 0.0
    scale: float = 1.0


class Card(Record, eq=True):
    """A model card.

    Attributes:
        name: the model's name.
        description: a description of the model.
        task: ``classification``, ``regression`` or empty.
        inputs: the input columns, in order.
        outputs: the output columns, in order.
        labels: the class that each output stands for; empty if there are no classes.
        sha256: hash of the card file, in hexadecimal.
        image: how an image becomes the inputs; None if the card does not say.
        class_column: name of the column that holds the class of a row as text; empty if the card has none.
    """

    name: str
    description: str
    task: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    labels: tuple[str, ...]
    sha256: str = ""
    image: ImageInput | None = None
    class_column: str = ""

    @property
    def scales(self) -> bool:
        """Whether any number is scaled."""
        return self.scales_inputs or self.scales_outputs

    @property
    def scales_inputs(self) -> bool:
        """Whether an input is scaled."""
        return any(c.mean != 0.0 or c.scale != 1.0 for c in self.inputs)

    @property
    def scales_outputs(self) -> bool:
        """Whether an output is scaled back."""
        return any(c.mean != 0.0 or c.scale != 1.0 for c in self.outputs)

    def scaled(self, inputs: np.ndarray) -> np.ndarray:
        """Return scaled inputs, shape (n, indim): (x - mean) / scale."""
        mean, scale = self._of_inputs
        if _FEW_ROWS < len(inputs) <= _MOST_ROWS and len(mean) <= _NARROW and inputs.flags.c_contiguous:
            mean, scale = (rows[: len(inputs)] for rows in self._of_input_rows)
        with np.errstate(all="ignore"):  # an overflow is visible in the outputs
            scaled: np.ndarray = inputs - mean
            scaled /= scale
        return scaled

    def unscaled(self, outputs: np.ndarray) -> np.ndarray:
        """Return outputs scaled back to their units, shape (n, outdim): y * scale + mean."""
        if self._of_outputs is None:
            return outputs
        mean, scale = self._of_outputs
        with np.errstate(all="ignore"):
            unscaled: np.ndarray = outputs * scale + mean
        return unscaled

    @cached_property
    def _of_inputs(self) -> tuple[np.ndarray, np.ndarray]:
        return _arrays(self.inputs)

    @cached_property
    def _of_input_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """The same, repeated for many rows: NumPy takes three times as long to broadcast a few numbers."""
        mean, scale = self._of_inputs
        return np.tile(mean, (_MOST_ROWS, 1)), np.tile(scale, (_MOST_ROWS, 1))

    @cached_property
    def _of_outputs(self) -> tuple[np.ndarray, np.ndarray] | None:
        if all(c.mean == 0.0 and c.scale == 1.0 for c in self.outputs):
            return None
        return _arrays(self.outputs)


def _arrays(columns: tuple[Column, ...]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([c.mean for c in columns]), np.array([c.scale for c in columns])


def card_path(knowledge: str) -> str:
    """Return the path of a knowledge file's card: its extension is replaced by ``.card.json``."""
    stem, ending = split_ending(knowledge)
    if ending in _COMPRESSED:
        stem = split_ending(stem)[0]
    return stem + ".card.json"


def read_card(path: str | os.PathLike[str], *, indim: int, outdim: int, network: str) -> Card:
    """Read a model card and check that it fits its network.

    Args:
        path: the card.
        indim: number of inputs of the network.
        outdim: number of outputs of the network.
        network: name of the knowledge file, for messages.

    Raises:
        InputMissing: the file is not found, or cannot be read.
        KnowledgeError: the file is not JSON or not a card, or does not fit the network.
    """
    with InputFile(path, "card") as file:
        data = file.read(_SIZE_LIMIT)
        reader = _CardReader(file.name)
        content = reader.long_form(reader.parsed(data), outdim)
        inputs = reader.columns(content, "inputs", indim, network)
        outputs = reader.columns(content, "outputs", outdim, network)
        return Card(
            name=reader.text(content, "name"),
            description=reader.text(content, "description"),
            task=reader.text(content, "task"),
            inputs=inputs,
            outputs=outputs,
            labels=reader.labels(content, [output.name for output in outputs]),
            sha256=file.sha256,
            image=reader.image(content, indim, network),
            class_column=reader.text(content, "class_column"),
        )


class _CardReader:
    def __init__(self, name: str) -> None:
        self.name = name

    def error(self, what: str) -> KnowledgeError:
        return KnowledgeError(f"{self.name} {what}.", hint="Correct the card, or remove it.")

    def parsed(self, data: bytes) -> dict[str, object]:
        try:
            content = parse_json(data.decode("utf-8").removeprefix("\ufeff"))
        except RepeatedKey as error:
            raise self.error(f"has the key '{escaped(error.key, 60)}' twice in one object") from None
        except RecursionError:
            raise self.error("is not JSON: its lists and objects are nested too deeply") from None
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise self.error(f"is not JSON: {escaped(str(error))}") from None
        except ValueError:  # Python limits the digits of an integer
            raise self.error("has a number with too many digits") from None
        if not isinstance(content, dict):
            raise self.error("is not a card: a card is a JSON object")
        if is_report(content):
            raise self.error("is not a card, but the report of a run")
        if content and content.keys().isdisjoint(_KEYS):
            raise self.error(f"is not a card: it has none of {', '.join(_KEYS)}")
        return content

    def long_form(self, content: dict[str, object], outdim: int) -> dict[str, object]:
        columns = (content.get("inputs"), content.get("outputs"))
        plain = all(
            isinstance(listed, list) and all(isinstance(item, dict) for item in listed) for listed in columns
        )
        if plain and content.keys().isdisjoint(("classes", "class_column")):
            return content
        from pybrain_runtime.network.card_forms import long_form  # few cards have short forms

        return long_form(content, outdim, self.error)

    def text(self, content: dict[str, object], key: str) -> str:
        value = content.get(key, "")
        if not isinstance(value, str):
            raise self.error(f"has a {key} that is not text")
        return value

    def columns(self, content: dict[str, object], key: str, count: int, network: str) -> tuple[Column, ...]:
        listed = content.get(key, [{}] * count)
        if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
            raise self.error(f"has a member '{key}' that is not a list of objects")
        if len(listed) != count:
            raise self.error(f"lists {len(listed)} {key}; the network in {network} has {count}")
        columns = tuple(self._column(item, f"{key}[{place}]") for place, item in enumerate(listed))
        names = [column.name for column in columns if column.name]
        if len(set(names)) != len(names):
            raise self.error(f"gives two {key} the same name")
        return columns

    def labels(self, content: dict[str, object], outputs: list[str]) -> tuple[str, ...]:
        labels, outdim = content.get("labels"), len(outputs)
        labels = [] if labels is None else labels
        if not isinstance(labels, list) or not all(isinstance(label, str) and label for label in labels):
            raise self.error("has labels that are not a list of strings")
        if not all(map(str.isprintable, labels)):
            raise self.error("has a label that is not printable text")
        if len({label.strip() for label in labels}) != len(labels):
            raise self.error("gives two classes the same label")
        # One output may distinguish two classes; several outputs have one class each.
        if labels and len(labels) != outdim and not (outdim == 1 and len(labels) == 2):
            raise self.error(f"has {len(labels)} labels for {outdim} outputs")
        for place, label in enumerate(labels if outdim > 1 else ()):
            if label != outputs[place] and label in outputs:
                raise self.error(
                    f"contradicts itself: labels[{place}] is '{escaped(label, 60)}', but "
                    f"outputs[{outputs.index(label)}] has that name"
                )
        return tuple(labels)

    def image(self, content: dict[str, object], indim: int, network: str) -> ImageInput | None:
        if content.get("image") is None:
            return None
        from pybrain_runtime.network.image_input import read_image_input  # few cards have one

        return read_image_input(content["image"], inputs=indim, network=network, error=self.error)

    def _column(self, item: dict[str, object], where: str) -> Column:
        if "mean" not in item and "scale" not in item and (wrong := _OTHER_WORDS.intersection(item)):
            raise self.error(
                f"has '{min(wrong)}' in {where}; expected 'mean', which is subtracted, and 'scale', which is then "
                "divided by"
            )
        scale = self._number(item, "scale", 1.0, where)
        if scale == 0.0:
            raise self.error(f"has a scale of 0 in {where}")
        return Column(
            name=self._line(item, "name", where),
            unit=self._line(item, "unit", where),
            mean=self._number(item, "mean", 0.0, where),
            scale=scale,
        )

    def _line(self, item: dict[str, object], key: str, where: str) -> str:
        value = item.get(key)
        value = "" if value is None else value
        if not isinstance(value, str) or not (value.isprintable() or not value):
            raise self.error(f"has a {key} in {where} that is not printable text")
        return value

    def _number(self, item: dict[str, object], key: str, default: float, where: str) -> float:
        value = item.get(key, default)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(f"has a {key} in {where} that is not a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.error(f"has a {key} in {where} that is not a finite number")
        return number
