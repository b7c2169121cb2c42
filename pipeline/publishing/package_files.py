"""Read the files that describe the packages of an image. They are untrusted, because base images may contain them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from email.policy import compat32

from pipeline.publishing.package import DEB, GENERIC, PYPI, Package, is_valid

_LONGEST_TEXT = 200
_EXPRESSION = re.compile(
    r"\(*[A-Za-z0-9][A-Za-z0-9.+-]*\)*(?: (?:AND|OR|WITH) \(*[A-Za-z0-9][A-Za-z0-9.+-]*\)*)*"
)
_BUSYBOX = re.compile(rb"BusyBox v(\d+(?:\.\d+){1,3})")
_GLIBC = re.compile(rb"GNU C Library \([^)\n]{1,80}\) stable release version (\d+(?:\.\d+){1,2})")
_OWN_VERSION = re.compile(rb'^__version__ = "([^"\r\n]{1,40})"', re.MULTILINE)


def python_package(path: str, content: bytes) -> Iterator[Package]:
    """Yield the Python package described by a METADATA or PKG-INFO file.

    Args:
        path: the path of the file.
        content: the content of the file; the description after the headers may be truncated.
    """
    headers = BytesHeaderParser(policy=compat32).parsebytes(content)
    name, version = str(headers.get("Name", "")).strip(), str(headers.get("Version", "")).strip()
    if is_valid(name, version):
        stated = str(headers.get("License-Expression", "")).strip()
        yield Package(PYPI, name, version, path, license=stated if is_expression(stated) else "")


def is_expression(text: str) -> bool:
    """Return whether a string is an SPDX license expression without references to other documents."""
    if len(text) > _LONGEST_TEXT or text.count("(") != text.count(")"):
        return False
    return bool(_EXPRESSION.fullmatch(text)) and "Ref-" not in text


def debian_packages(path: str, content: bytes) -> Iterator[Package]:
    """Yield the installed packages in a dpkg status file.

    Args:
        path: the path of the file.
        content: the content of the file.
    """
    for paragraph in re.split(rb"\n\s*\n", content):
        fields = _fields(paragraph.decode("utf-8", "replace"))
        name, version = fields.get("Package", ""), fields.get("Version", "")
        if not fields.get("Status", "install ok installed").endswith(" installed") or not is_valid(
            name, version
        ):
            continue
        architecture = re.sub(r"[^a-z0-9-]", "", fields.get("Architecture", ""))[:20]
        yield Package(DEB, name, version, path, architecture, supplier=_person(fields.get("Maintainer", "")))


def _fields(paragraph: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in paragraph.splitlines() if line[:1].strip())
    return {name: value.strip() for name, _, value in pairs}


def _person(text: str) -> str:
    """Return the name of a maintainer without the email address, which an SBOM does not need."""
    return re.sub(r"[^\w .,'&()/+-]", "", text.partition("<")[0]).strip()[:_LONGEST_TEXT]


def busybox(path: str, content: bytes) -> Iterator[Package]:
    """Yield busybox if a program is busybox, which its official image contains without a package description.

    Args:
        path: the path of the program.
        content: the content of the program.
    """
    if found := _BUSYBOX.search(content):
        yield Package(GENERIC, "busybox", found[1].decode(), path, license="GPL-2.0-only")


def glibc(path: str, content: bytes) -> Iterator[Package]:
    """Yield glibc if a file is glibc, which the official busybox image contains without a package description.

    Args:
        path: the path of the file.
        content: the content of the file.
    """
    if found := _GLIBC.search(content):
        yield Package(GENERIC, "glibc", found[1].decode(), path, license="LGPL-2.1-or-later")


def own_package(path: str, content: bytes) -> Iterator[Package]:
    """Yield the package of this project whose version is in a file.

    Args:
        path: the path of the file, such as ``opt/pybrain/pybrain_runtime/_version.py``.
        content: the content of the file.
    """
    found = _OWN_VERSION.search(content)
    name, version = path.split("/")[-2], found[1].decode("utf-8", "replace") if found else ""
    if is_valid(name, version):
        yield Package(GENERIC, f"app07-{name}", version, path, license="MIT")


def distribution(content: bytes) -> str:
    """Return the distribution and release in an os-release file, such as ``debian-12``; empty if there is none."""
    lines = content.decode("utf-8", "replace").splitlines()
    fields = {key: value.strip("\"'") for key, _, value in (line.partition("=") for line in lines)}
    text = "-".join(part for part in (fields.get("ID", ""), fields.get("VERSION_ID", "")) if part)
    return text if re.fullmatch(r"[a-z0-9._-]{1,60}", text) else ""
