"""Run by hatchling: adds the files that `app07 init` writes to the wheel. Not imported by the program."""

from __future__ import annotations

import runpy
from pathlib import Path

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CheckoutFiles(BuildHookInterface[BuilderConfig]):
    """Adds the files of a checkout to the wheel, but not to an editable install."""

    def initialize(self, version: str, build_data: dict[str, object]) -> None:
        """Name the files before the wheel is written.

        Args:
            version: ``standard`` or ``editable``.
            build_data: receives the files: the path of each, and its path in the wheel.
        """
        if version != "standard":
            return
        root = Path(self.root)
        # By path, because a build has no folder of the project on its module search path.
        contents = runpy.run_path(str(root / "pipeline" / "checkout" / "contents.py"))
        names: tuple[str, ...] = contents["files_of"](root)
        build_data["force_include"] = {str(root / name): f"{contents['DATA']}/{name}" for name in names}
