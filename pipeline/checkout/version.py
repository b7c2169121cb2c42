"""The version of the project, without an import of the package that has it. Uses only the standard library."""

from __future__ import annotations

import runpy

from common.project import PROJECT, Layout
from pipeline.checkout.locate import is_installed


def project_version(layout: Layout = PROJECT) -> str:
    """Return the version of the project.

    Args:
        layout: the folder of these packages.
    """
    packages = layout.root if is_installed(layout) else layout.code.parent
    version: str = runpy.run_path(str(packages / "pybrain_runtime" / "_version.py"))["__version__"]
    return version
