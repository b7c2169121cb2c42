"""File systems of images as tar streams in memory."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

STATUS = """\
Package: libc6
Status: install ok installed
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Architecture: amd64
Version: 2.36-9+deb12u9
Description: a library
 Package: not-a-field

Package: removed
Status: deinstall ok config-files
Version: 1.0

Package: zlib1g
Status: install ok installed
Architecture: amd64
Version: 1:1.2.13.dfsg-1
"""
METADATA = "Name: Tiny_Package\nVersion: 1.0\nLicense-Expression: MIT AND BSD-3-Clause\n\nName: x\n"
DEBIAN_TREE = {
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
    "var/lib/dpkg/status": STATUS,
    "opt/site-packages/tiny_package-1.0.dist-info/METADATA": METADATA,
    "usr/lib/python3/dist-packages/tiny_package-1.0.dist-info/METADATA": METADATA,
    "usr/lib/python3/dist-packages/old-2.0.egg-info/PKG-INFO": "Name: old\nVersion: 2.0\nLicense: BSD\n",
    "opt/pybrain/pybrain_runtime/_version.py": '"""x"""\n\n__version__ = "0.1.0"\n',
    "opt/pybrain/pybrain_runtime/other.py": '__version__ = "9"\n',
}


def tree(files: Mapping[str, str | bytes], links: Mapping[str, str] | None = None) -> io.BytesIO:
    """Return a tar stream of files and symbolic links."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            raw = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return io.BytesIO(stream.getvalue())
