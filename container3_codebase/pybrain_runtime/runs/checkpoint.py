"""Checkpoints: the state of a long run, in a small file beside its output."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any

from pybrain_runtime.errors import CannotResume, PipelineError
from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.io.output_paths import check_target
from pybrain_runtime.io.paths import base, beside, remove_if_there
from pybrain_runtime.io.sha256 import Sha256
from pybrain_runtime.io.signals import signals_held_back
from pybrain_runtime.io.strict_json import parse_json
from pybrain_runtime.io.temporary_files import remove_leftovers

_VERSION = 4
_BASE_SIZE = 1 << 20
"""Maximum size of a checkpoint in bytes, excluding the numbers of the recurrent state and of the first rows."""

_METRICS = 6


class Checkpoint:
    """The checkpoint file of a run.

    Args:
        path: the output; the checkpoint is ``.NAME.journal`` beside it.
        numbers: maximum number of numbers in the checkpoint, such as those of the recurrent state.

    Raises:
        CannotWrite: the checkpoint's path is not a regular file.
    """

    def __init__(self, path: str, numbers: int = 1 << 20) -> None:
        self.path = checkpoint_path(path)
        self._output = path
        self._limit = _BASE_SIZE + 32 * numbers
        check_target(self.path)
        remove_leftovers(self.path)

    def read(self) -> dict[str, Any] | None:
        """Return the last state; None if there is no checkpoint.

        Raises:
            CannotResume: there is a checkpoint, but this version has not written it. No file is changed.
        """
        if not os.path.lexists(self.path):
            return None
        try:
            with InputFile(self.path, "checkpoint") as file:
                state = parse_json(file.read(self._limit).decode("utf-8"))
        except PipelineError as error:
            raise self._unusable(f"cannot be read: {error.message.removesuffix('.')}") from None
        except (ValueError, RecursionError):
            raise self._unusable("is damaged") from None
        if not isinstance(state, dict) or "version" not in state:
            raise self._unusable("is damaged")
        if state.pop("version") != _VERSION:
            raise self._unusable("was written by another version of this program")
        if state.pop("sha256", None) != _hash_of(state) or not _is_complete(state):
            raise self._unusable("is damaged")
        return state

    def write(self, state: Mapping[str, Any]) -> None:
        """Replace the checkpoint.

        Raises:
            CannotWrite: the checkpoint cannot be written.
        """
        # Hashed as it will be read back: JSON has lists, but no tuples.
        plain = json.loads(json.dumps(state))
        content = json.dumps({"version": _VERSION, "sha256": _hash_of(plain), **plain}).encode()
        with signals_held_back():
            file = AtomicFile(self.path)
            file.write(content)
            file.finish()
            file.commit()

    def remove(self) -> None:
        """Remove the checkpoint."""
        remove_if_there(self.path)

    def damaged(self) -> CannotResume:
        """Return the error for an inconsistent checkpoint."""
        return self._unusable("is damaged")

    def _unusable(self, what: str) -> CannotResume:
        return CannotResume(
            f"The interrupted run that wrote {base(self._output)} cannot be resumed: "
            f"its checkpoint {self.path} {what}.",
            path=self.path,
        )


def checkpoint_path(output: str) -> str:
    """Return the path of the checkpoint of a run: ``.NAME.journal`` beside its output."""
    return beside(output, f".{base(output)}.journal")


def _hash_of(state: Mapping[str, Any]) -> str:
    digest = Sha256()
    digest.update(json.dumps(state, sort_keys=True).encode())
    return digest.hexdigest()


def _is_complete(state: Mapping[str, Any]) -> bool:
    """Return whether a state has all fields, each of the right type and within its bounds."""
    try:
        rows, rejected, blank, (comma, thousands, cell) = state["activation"]
        prediction, read, recurrent = state["prediction"], state["read"], state["recurrent_state"]
        done = (
            isinstance(state["identity"], dict)
            and _is_mark([read["bytes"], read["sha256"]])
            and _is_mark(state["table"])
            and (state["rejects"] is None or _is_mark(state["rejects"]))
            and isinstance(cell, str)
            and all(map(_is_count, (comma, thousands)))
            and all(map(_is_count, (state["done"], rows, rejected, state["steps"], *(blank or ()))))
            and (blank is None or len(blank) == 2)
        )
        first, metrics = prediction["first"], prediction["metrics"]
        return (
            done
            and prediction["rows"] == rows
            and _is_count(prediction["not_finite"])
            and len(metrics) == _METRICS
            and all(map(_are_numbers, (metrics, *first, *recurrent)))
            and all(map(math.isfinite, (metrics[0], metrics[1], metrics[-1])))
        )
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        return False


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 63


def _is_mark(value: object) -> bool:
    """Return whether a value is a number of bytes and their SHA-256."""
    if not isinstance(value, list) or len(value) != 2:
        return False
    return _is_count(value[0]) and isinstance(value[1], str) and len(value[1]) == 64


def _are_numbers(values: object) -> bool:
    if not isinstance(values, list):
        return False
    return all(type(v) is float or (type(v) is int and abs(v) < 1 << 63) for v in values)


def check_same(previous: Mapping[str, Any], current: Mapping[str, Any], output: str) -> None:
    """Check that an interrupted run had the same inputs and options.

    Args:
        previous: the inputs and options of the interrupted run, by name.
        current: the inputs and options of this run, by name.
        output: the prediction, for messages.

    Raises:
        CannotResume: an input or option differs; the message names it.
    """
    for name, value in current.items():
        if previous.get(name) != value:
            raise CannotResume(
                f"The interrupted run that wrote {base(output)} cannot be resumed: "
                f"its {name} was {_value_text(previous.get(name))}, now it is {_value_text(value)}.",
            )


def _value_text(value: object) -> str:
    text = "none" if value is None else value if isinstance(value, str) else json.dumps(value)
    text = text if text.isprintable() else ascii(text)[1:-1]
    return text if len(text) <= 80 else text[:77] + "..."
