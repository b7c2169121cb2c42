"""Names that a request chooses: of containers, projects, volumes, hosts, variables and users."""

from __future__ import annotations

import re

from pipeline.compose.findings import Findings, shown

_SERVICE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
# Part of the names of images, in which other combinations of separators are not allowed.
_IMAGE_PART = re.compile(r"(?=.{1,63}\Z)[a-z0-9]+(?:(?:__?|-+)[a-z0-9]+)*")
_VOLUME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_USER = re.compile(r"(?P<uid>[0-9]{1,10})(?::(?P<gid>[0-9]{1,10}))?")
_LARGEST_ID = 2**31 - 1
_BRANCH = re.compile(r"(?!.*(?:\.\.|//|@\{|\.lock$|\.$|/$))[A-Za-z0-9][A-Za-z0-9._/+-]{0,200}")
_PLATFORMS = ("linux/amd64", "linux/arm64", "linux/arm64/v8", "linux/arm/v7")


def checked_service_name(text: str, path: str, findings: Findings) -> str | None:
    """Return the name of a container, or report why it is refused."""
    if _SERVICE.fullmatch(text):
        return text
    findings.refuse(path, f"{shown(text)} is no name of a container", "Use letters, digits, - and _.")
    return None


def checked_project_name(text: str, path: str, findings: Findings) -> str:
    """Return the name of a project, or report why it is refused."""
    if _IMAGE_PART.fullmatch(text):
        return text
    findings.refuse(
        path,
        f"{shown(text)} is no name of a project",
        "Use lower-case letters and digits, with - or _ between them.",
    )
    return ""


def checked_volume_name(text: str, path: str, findings: Findings) -> str | None:
    """Return the name of a volume, or report why it is refused."""
    if _VOLUME.fullmatch(text) and ".." not in text:
        return text
    findings.refuse(
        path,
        f"{shown(text)} is no name of a volume",
        "A folder of the project begins with ./, a volume with a letter.",
    )
    return None


def checked_hostname(text: str, path: str, findings: Findings) -> str:
    """Return a host name, or report why it is refused."""
    if _HOST.fullmatch(text) and len(text) <= 63:
        return text
    findings.refuse(path, f"{shown(text)} is no host name", "Use letters, digits and -, such as codebase-1.")
    return ""


def checked_variable(text: str, path: str, findings: Findings) -> str | None:
    """Return the name of an environment variable, or report why it is refused."""
    if _VARIABLE.fullmatch(text):
        return text
    findings.refuse(path, f"{shown(text)} is no name of a variable", "Use letters, digits and _.")
    return None


def checked_user(value: str | int, path: str, findings: Findings) -> str:
    """Return ``UID`` or ``UID:GID``, or report why it is refused."""
    text = "65534:65534" if value == "nobody" else str(value)
    match = _USER.fullmatch(text)
    if match is None:
        findings.refuse(
            path,
            f"{shown(text)} is no number of a user",
            "Write UID or UID:GID, such as 10001:10001: names differ between images.",
        )
        return ""
    numbers = [int(number) for number in match.groups() if number is not None]
    if 0 in numbers:
        findings.refuse(
            path, f"{shown(text)} is root", "Leave it out, or write another number, such as 10001:10001."
        )
        return ""
    if max(numbers) > _LARGEST_ID:
        findings.refuse(path, f"{shown(text)} is larger than any number of a user", "")
        return ""
    return ":".join(str(number) for number in numbers)


def checked_platform(text: str, path: str, findings: Findings) -> str:
    """Return a platform such as ``linux/arm64``, or report why it is refused."""
    if text in _PLATFORMS:
        return text
    findings.refuse(
        path, f"{shown(text)} is no platform of this project", f"Use {' or '.join(_PLATFORMS[:2])}."
    )
    return ""


def is_branch(text: str) -> bool:
    """Return whether a text is the name of a branch or tag of git."""
    return _BRANCH.fullmatch(text) is not None
