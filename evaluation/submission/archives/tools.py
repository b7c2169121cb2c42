"""The programs of this machine that can open archives which Python cannot: 7z and rar."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

_SEVEN_ZIP = ("7zz", "7z", "7za", "7zr")
MISSING_HINT = (
    "Install bsdtar (package libarchive-tools on Debian and Ubuntu, libarchive on Fedora, Arch and Homebrew), or "
    "unpack it and hand in the folder or a .zip file."
)


@dataclass(frozen=True)
class Tools:
    """The programs that were found, as paths; empty where there is none.

    Attributes:
        bsdtar: opens 7z and rar.
        seven_zip: opens 7z, and rar where it was built with it.
    """

    bsdtar: str = ""
    seven_zip: str = ""


NO_TOOLS = Tools()


def find_tools() -> Tools:
    """Return the programs of this machine; a worker does not search for them, because it has no PATH."""
    seven_zip = next((found for name in _SEVEN_ZIP if (found := shutil.which(name))), "")
    return Tools(shutil.which("bsdtar") or "", seven_zip)
