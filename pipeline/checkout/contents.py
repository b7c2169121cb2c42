"""The files of a checkout that are not in its packages.

Also run by the build of the wheel; uses only the standard library.
"""

from __future__ import annotations

from pathlib import Path

PATTERNS = "pipeline/checkout/files.txt"
"""The list of the files, with patterns as for `pathlib.Path.glob`, relative to the checkout."""
DATA = "pipeline/checkout/data"
"""The folder of the wheel that holds these files."""
_NOT_FOR_USERS = ("noxfile.py", "requirements/contract.lock")


def files_of(root: Path) -> tuple[str, ...]:
    """Return the files of a checkout that the wheel holds beside the packages, sorted.

    Args:
        root: the checkout.

    Returns:
        Paths relative to the checkout, with forward slashes.
    """
    patterns = (root / PATTERNS).read_text(encoding="utf-8").split()
    found = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    found = {path for path in found if "__pycache__" not in path.parts}
    names = {path.relative_to(root).as_posix() for path in found}
    return tuple(sorted(names.difference(_NOT_FOR_USERS)))
