"""Base class of everything that a report shows: its strings are safe to print, whoever wrote them."""

from __future__ import annotations

from typing import ClassVar

from evaluation.sanitize import printable
from pybrain_runtime.io.printable import in_one_line


class PrintableRecord:
    """A part of a report, in which every string is safe to print, whoever wrote it (see `printable`)."""

    _names: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for name, value in list(vars(self).items()):
            if isinstance(value, str):
                plain = in_one_line(value) if name in self._names else value
                object.__setattr__(self, name, printable(plain))
