"""An alias for a package: its submodules are the same objects as those of the original."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


class AliasFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``alias.x.y`` if ``target.x.y`` exists, and returns that same module.

    Args:
        alias: the alias.
        target: the package that the alias stands for.
    """

    def __init__(self, alias: str, target: str) -> None:
        self.alias = alias
        self.target = target

    def install(self) -> None:
        """Put this finder in front of the others; calling it again has no effect."""
        known = (f for f in sys.meta_path if isinstance(f, AliasFinder))
        if not any(f.alias == self.alias and f.target == self.target for f in known):
            sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of ``alias.x.y``; None for other names, and if the target has no such module.

        Args:
            fullname: the full name of the module.
            path: the search path of the parent package; not used.
            target: the module to reload; not used.
        """
        if not fullname.startswith(self.alias + "."):
            return None
        original = self.target + fullname[len(self.alias) :]
        try:
            found = importlib.util.find_spec(original)
        except ModuleNotFoundError:
            return None
        return found and importlib.util.spec_from_loader(fullname, self, origin=original)

    def create_module(self, spec: Any) -> ModuleType:
        """Return the target's module itself."""
        module = importlib.import_module(spec.origin)
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: Any) -> None:
        """Restore the module's own spec, which the import system has just replaced; there is nothing to run."""
        module.__spec__ = module.__spec__.loader_state
