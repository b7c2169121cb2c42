"""How far a long run has come, in a small file beside its output."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any

from pybrain_runtime._io.atomic_file import AtomicFile
from pybrain_runtime._io.input_file import InputFile
from pybrain_runtime._io.output_paths import check_target
from pybrain_runtime._io.paths import base, beside, remove_if_there
from pybrain_runtime._io.sha256 import Sha256
from pybrain_runtime._io.signals import signals_held_back
from pybrain_runtime._io.strict_json import parse_json
from pybrain_runtime._io.temporary_files import remove_leftovers
from pybrain_runtime.errors import DataError, PipelineError

_VERSION = 3
_PLAIN = 1 << 20
"""Bytes that the notes take without what grows with the network."""

_FIGURES = 6


class CannotResume(DataError):
    """The broken run was of another kind than the one that is to go on with it, or its notes are damaged."""


class Checkpoint:
    """The notes of a run.

    Args:
        path: the output; the journal lies beside it as ``.NAME.journal``.
        numbers: how many numbers the notes may hold at most, such as those that a recurrent network remembers.

    Raises:
        CannotWrite: there is something else than a plain file in its place.
    """

    def __init__(self, path: str, numbers: int = 1 << 20) -> None:
        self.path = checkpoint_path(path)
        self._output = path
        self._limit = _PLAIN + 32 * numbers
        check_target(self.path)
        remove_leftovers(self.path)

    def read(self) -> dict[str, Any] | None:
        """Returns the last notes; None where there are none.

        Raises:
            CannotResume: there are notes, but not such as this program has written. Nothing is changed then.
        """
        if not os.path.lexists(self.path):
            return None
        try:
            with InputFile(self.path, "journal") as file:
                notes = parse_json(file.read(self._limit).decode("utf-8"))
        except PipelineError as error:
            raise self._unusable(f"cannot be read: {error.message.removesuffix('.')}") from None
        except (ValueError, RecursionError):
            raise self._unusable("are damaged") from None
        if not isinstance(notes, dict) or "version" not in notes:
            raise self._unusable("are damaged")
        if notes.pop("version") != _VERSION:
            raise self._unusable("were written by another version of this program")
        if notes.pop("sha256", None) != _hash_of(notes) or not _is_whole(notes):
            raise self._unusable("are damaged")
        return notes

    def write(self, notes: Mapping[str, Any]) -> None:
        """Replaces the notes.

        Raises:
            CannotWrite: with the reason.
        """
        # Hashed as they will be read back: as JSON, which knows lists and no tuples.
        plain = json.loads(json.dumps(notes))
        content = json.dumps({"version": _VERSION, "sha256": _hash_of(plain), **plain}).encode()
        with signals_held_back():
            file = AtomicFile(self.path)
            file.write(content)
            file.finish()
            file.place()

    def remove(self) -> None:
        """Takes the notes away."""
        remove_if_there(self.path)

    def damaged(self) -> CannotResume:
        """Returns the error for notes that do not fit together."""
        return self._unusable("are damaged")

    def _unusable(self, what: str) -> CannotResume:
        return CannotResume(
            f"The run that broke off while it wrote {base(self._output)} cannot be continued: "
            f"its notes in {self.path} {what}.",
            hint="Start without --resume to begin anew; what it had written is then given up.",
            path=self.path,
        )


def checkpoint_path(output: str) -> str:
    """Returns where the notes of a run lie: ``.NAME.journal`` beside its output."""
    return beside(output, f".{base(output)}.journal")


def _hash_of(notes: Mapping[str, Any]) -> str:
    digest = Sha256()
    digest.update(json.dumps(notes, sort_keys=True).encode())
    return digest.hexdigest()


def _is_whole(notes: Mapping[str, Any]) -> bool:
    """Says whether notes have all that a run notes, each of the right type and within its bounds."""
    try:
        rows, rejected, blank, (comma, thousands, cell) = notes["activation"]
        prediction, read, memory = notes["prediction"], notes["read"], notes["memory"]
        done = (
            isinstance(notes["run"], dict)
            and _is_mark([read["bytes"], read["sha256"]])
            and _is_mark(notes["table"])
            and (notes["rejects"] is None or _is_mark(notes["rejects"]))
            and isinstance(cell, str)
            and all(map(_is_count, (comma, thousands)))
            and all(map(_is_count, (notes["done"], rows, rejected, notes["steps"], *(blank or ()))))
            and (blank is None or len(blank) == 2)
        )
        first, figures = prediction["first"], prediction["figures"]
        return (
            done
            and prediction["rows"] == rows
            and _is_count(prediction["not_finite"])
            and len(figures) == _FIGURES
            and all(map(_are_numbers, (figures, *first, *memory)))
            and all(map(math.isfinite, (figures[0], figures[1], figures[-1])))
        )
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        return False


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 63


def _is_mark(value: object) -> bool:
    """A number of bytes, and their hash."""
    if not isinstance(value, list) or len(value) != 2:
        return False
    return _is_count(value[0]) and isinstance(value[1], str) and len(value[1]) == 64


def _are_numbers(values: object) -> bool:
    if not isinstance(values, list):
        return False
    return all(type(v) is float or (type(v) is int and abs(v) < 1 << 63) for v in values)


def check_same(then: Mapping[str, Any], now: Mapping[str, Any], output: str) -> None:
    """Makes sure that a broken run answered the same question.

    Args:
        then: what it was, by name.
        now: what is asked now.
        output: the prediction, for messages.

    Raises:
        CannotResume: something differs; the message says what.
    """
    for name, value in now.items():
        if then.get(name) != value:
            raise CannotResume(
                f"The run that broke off while it wrote {base(output)} cannot be continued: "
                f"its {name} was {_shown(then.get(name))}, now it is {_shown(value)}.",
                hint="Start without --resume to begin anew.",
                what=name,
            )


def _shown(value: object) -> str:
    text = "none" if value is None else value if isinstance(value, str) else json.dumps(value)
    text = text if text.isprintable() else ascii(text)[1:-1]
    return text if len(text) <= 80 else text[:77] + "..."
