"""The package versions in the lock files of the images."""

from __future__ import annotations

import re

from common.project import Layout
from pipeline.publishing.spdx import normalized

_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)


def locked_versions(layout: Layout) -> dict[str, dict[str, str]]:
    """Return the package versions in the lock files of the build contexts.

    Args:
        layout: the checkout.

    Returns:
        The versions by normalized package name, by the path of the lock file relative to the checkout.
    """
    return {
        layout.shown(path): {
            normalized(name): version for name, version in _PIN.findall(path.read_text("utf-8"))
        }
        for path in sorted(layout.root.glob("container*/requirements*.txt"))
    }
