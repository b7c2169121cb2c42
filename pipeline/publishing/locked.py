"""The versions in the lock files that images are built from."""

from __future__ import annotations

import re

from pipeline.project import Layout
from pipeline.publishing.spdx import normalized

_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)


def locked_versions(layout: Layout) -> dict[str, dict[str, str]]:
    """Return the versions in each lock file of the build contexts, by normalized name.

    Args:
        layout: the checkout.

    Returns:
        For each file, relative to the checkout, its packages.
    """
    return {
        layout.shown(path): {
            normalized(name): version for name, version in _PIN.findall(path.read_text("utf-8"))
        }
        for path in sorted(layout.root.glob("container*/requirements*.txt"))
    }
