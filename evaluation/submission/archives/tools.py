"""Find programs on this machine for archives that Python cannot open: 7z and rar."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

_SEVEN_ZIP = ("7zz", "7z", "7za", "7zr")
MISSING_HINT = (
    "Install bsdtar (package libarchive-tools on Debian and Ubuntu, libarchive on Fedora, Arch and Homebrew), or "
    "unpack it and submit the folder or a .zip file."
)


@dataclass(frozen=True)
class Tools:
    """The paths of the programs that were found; empty if there is none.

    Attributes:
        bsdtar: path of bsdtar, which opens 7z and rar.
        seven_zip: path of 7-Zip, which opens 7z, and rar if it was built with support for it.
    """

    bsdtar: str = ""
    seven_zip: str = ""


NO_TOOLS = Tools()


def find_tools() -> Tools:
    """Return the programs on this machine; a worker cannot search for them, because it has no PATH."""
    seven_zip = next((found for name in _SEVEN_ZIP if (found := shutil.which(name))), "")
    return Tools(shutil.which("bsdtar") or "", seven_zip)
