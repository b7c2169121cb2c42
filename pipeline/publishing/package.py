"""A package in an image."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

PYPI, DEB, GENERIC = "pypi", "deb", "generic"

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,99})")
_VERSION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.!+~:_-]{0,99})")


@dataclass(frozen=True, order=True)
class Package:
    """A package.

    Attributes:
        kind: the type of its package URL: pypi, deb or generic.
        name: the package name.
        version: the version.
        path: the path of the file that describes it, without a leading slash.
        architecture: the architecture of a Debian package; empty for others.
        license: the license as an SPDX expression; empty if the package does not state it in this form.
        supplier: the maintainer; empty if unknown.
    """

    kind: str
    name: str
    version: str
    path: str
    architecture: str = ""
    license: str = ""
    supplier: str = ""

    def url(self, distribution: str = "") -> str:
        """Return the package URL.

        Args:
            distribution: the Linux distribution and its release, such as ``debian-12``; used for Debian packages.
        """
        version = quote(self.version, safe=".-_~")
        if self.kind == PYPI:
            return f"pkg:pypi/{re.sub(r'[-_.]+', '-', self.name).lower()}@{version}"
        if self.kind != DEB:
            return f"pkg:{self.kind}/{quote(self.name)}@{version}"
        qualifiers = {"arch": self.architecture, "distro": distribution}
        stated = "&".join(f"{key}={quote(value)}" for key, value in qualifiers.items() if value)
        vendor = distribution.partition("-")[0] or "debian"
        return f"pkg:deb/{vendor}/{quote(self.name)}@{version}" + (f"?{stated}" if stated else "")


def is_valid(name: str, version: str) -> bool:
    """Return whether a name and a version are valid, because they become parts of commands and documents.

    Args:
        name: the package name.
        version: the version.
    """
    return bool(_NAME.fullmatch(name) and _VERSION.fullmatch(version))
