"""Check package names, of the Python index and of Linux distributions: no options, URLs or paths."""

from __future__ import annotations

import re

from pipeline.compose.findings import Findings, shown

_VERSION = r"[A-Za-z0-9](?:[A-Za-z0-9.!+_-]{0,40})?(?:\.\*)?"
_SPECIFIER = rf"\s*+(?:===|==|~=|!=|<=|>=|<|>)\s*+{_VERSION}\s*+"
_EXTRA = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?"
_PYTHON = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,80}[A-Za-z0-9])?)"
    rf"\s*+(?:\[\s*+{_EXTRA}(?:\s*+,\s*+{_EXTRA}){{0,9}}\s*+\])?"
    rf"(?:{_SPECIFIER}(?:,{_SPECIFIER}){{0,5}})?\s*+"
)
_SYSTEM = re.compile(r"[a-z0-9][a-z0-9+.-]{0,80}(?:=[A-Za-z0-9.:~+-]{1,60})?")
_FILES = (
    ".whl",
    ".gz",
    ".zip",
    ".tar",
    ".tgz",
    ".txt",
    ".toml",
    ".py",
    ".cfg",
    ".deb",
    ".rpm",
    ".apk",
    ".egg",
)


def checked_requirement(text: str, path: str, findings: Findings) -> str | None:
    """Return a requirement such as ``scipy==1.10.1``, or report why it is refused.

    Args:
        text: the requirement.
        path: its path in the request.
        findings: collects problems.
    """
    match = _PYTHON.fullmatch(text) if text.isascii() and "\n" not in text and "\r" not in text else None
    if match is None or match["name"].lower().endswith(_FILES):
        findings.refuse(
            path, f"{shown(text)} {_why(text)}", "Write NAME or NAME==VERSION, such as scipy==1.10.1."
        )
        return None
    return "".join(text.split())


def requirement_name(requirement: str) -> str:
    """Return the normalized package name of a requirement."""
    name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def checked_system_package(text: str, path: str, findings: Findings) -> str | None:
    """Return the name of a distribution package, or report why it is refused.

    Args:
        text: the package name, optionally with ``=VERSION``.
        path: its path in the request.
        findings: collects problems.
    """
    if not _SYSTEM.fullmatch(text) or text.endswith(("-", *_FILES)):
        findings.refuse(path, f"{shown(text)} {_why(text)}", "Write a package name, such as libgomp1.")
        return None
    return text


def _why(text: str) -> str:
    if text.lstrip().startswith("-"):
        return "is an option, not a package"
    if "://" in text or "@" in text or text.startswith("git+"):
        return "is a URL, not a package name"
    if "/" in text or "\\" in text or text.startswith((".", "~")) or text.lower().endswith(_FILES):
        return "is a path, not a package name"
    if ";" in text:
        return "has an environment marker or a second command; neither is supported"
    return "is not a valid package name"
