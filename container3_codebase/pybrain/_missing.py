"""The error for programs and pickles that import a PyBrain module that this library does not have."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


class MissingFinder:
    """The last finder in ``sys.meta_path``: what no other finder has found under ``pybrain.`` does not exist."""

    def install(self) -> None:
        """Put this finder behind the others; calling it again has no effect."""
        if not any(isinstance(finder, MissingFinder) for finder in sys.meta_path):
            sys.meta_path.append(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Raise for a module of PyBrain that is missing; return None for other names.

        Args:
            fullname: the full name of the module.
            path: the search path of the parent package; not used.
            target: the module to reload; not used.

        Raises:
            ModuleNotFoundError: the module is missing; the message names it.
        """
        if not fullname.startswith("pybrain."):
            return None
        raise ModuleNotFoundError(
            f"no module named {fullname!r}: it is not included in this library "
            "(docs/pybrain-compatibility.md lists what is not)",
            name=fullname,
        )
