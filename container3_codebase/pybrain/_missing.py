"""What is said where a program or a pickle names a module of PyBrain that this library does not have."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


class MissingFinder:
    """A finder of ``sys.meta_path``, asked last: what no other has found under ``pybrain.`` is not here."""

    def install(self) -> None:
        """Put this finder behind the others; a second time changes nothing."""
        if not any(isinstance(finder, MissingFinder) for finder in sys.meta_path):
            sys.meta_path.append(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Raise for a module of PyBrain that is missing; return None for other names.

        Raises:
            ModuleNotFoundError: names the module and says what can be done.
        """
        if not fullname.startswith("pybrain."):
            return None
        raise ModuleNotFoundError(
            f"no module named {fullname!r}: it is not included in this library "
            "(docs/pybrain-compatibility.md lists what is not)",
            name=fullname,
        )
