"""How far a long run has come, in a small file beside its output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .atomic import HINTS
from .errors import CannotWrite, DataError
from .partfile import remove_if_there
from .paths import base, beside, rename

_VERSION = 1


class Journal:
    """The notes of a run.

    Args:
        path: the output; the journal lies beside it as ``.NAME.journal``.
    """

    def __init__(self, path: str) -> None:
        self.path = beside(path, f".{base(path)}.journal")
        self._output = path

    def read(self) -> dict[str, Any] | None:
        """Returns the last notes; None where there are none that can be used."""
        try:
            with open(self.path, encoding="utf-8") as file:  # noqa: PTH123
                notes = json.load(file)
        except (OSError, ValueError):
            return None
        if not isinstance(notes, dict) or notes.get("version") != _VERSION:
            return None
        return notes

    def write(self, notes: Mapping[str, Any]) -> None:
        """Replaces the notes.

        Raises:
            CannotWrite: with the reason.
        """
        temporary = self.path + ".tmp"
        try:
            with open(temporary, "w", encoding="utf-8") as file:  # noqa: PTH123
                json.dump({"version": _VERSION, **notes}, file)
            rename(temporary, self.path)
        except OSError as error:
            remove_if_there(temporary)
            raise CannotWrite(
                f"{self.path} cannot be written: {(error.strerror or str(error)).lower()}.",
                hint=HINTS.get(error.errno or 0, ""),
                path=self.path,
                errno=error.errno,
            ) from None

    def remove(self) -> None:
        """Takes the notes away."""
        remove_if_there(self.path)


class CannotResume(DataError):
    """The broken run was of another kind than the one that is to go on with it."""


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
    return text if len(text) <= 80 else text[:77] + "..."
