"""Check the names in a request: containers, projects, volumes, hosts, variables, users and platforms."""

from __future__ import annotations

import re

from pipeline.compose.findings import Findings, shown

_SERVICE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
# The project name becomes part of image names, which allow no other combinations of separators.
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
    """Return a container name, or report why it is refused.

    Args:
        text: the name.
        path: its path in the request.
        findings: collects problems.
    """
    if _SERVICE.fullmatch(text):
        return text
    findings.refuse(path, f"{shown(text)} is not a valid container name", "Use letters, digits, - and _.")
    return None


def checked_project_name(text: str, path: str, findings: Findings) -> str:
    """Return a project name, or report why it is refused.

    Args:
        text: the name.
        path: its path in the request.
        findings: collects problems.
    """
    if _IMAGE_PART.fullmatch(text):
        return text
    findings.refuse(
        path,
        f"{shown(text)} is not a valid project name",
        "Use lower-case letters and digits, with - or _ between them.",
    )
    return ""


def checked_volume_name(text: str, path: str, findings: Findings) -> str | None:
    """Return a volume name, or report why it is refused.

    Args:
        text: the name.
        path: its path in the request.
        findings: collects problems.
    """
    if _VOLUME.fullmatch(text) and ".." not in text:
        return text
    findings.refuse(
        path,
        f"{shown(text)} is not a valid volume name",
        "Begin a volume name with a letter, and a folder of the project with ./.",
    )
    return None


def checked_hostname(text: str, path: str, findings: Findings) -> str:
    """Return a host name, or report why it is refused.

    Args:
        text: the name, at most 63 characters.
        path: its path in the request.
        findings: collects problems.
    """
    if _HOST.fullmatch(text) and len(text) <= 63:
        return text
    findings.refuse(
        path, f"{shown(text)} is not a valid host name", "Use letters, digits and -, such as codebase-1."
    )
    return ""


def checked_variable(text: str, path: str, findings: Findings) -> str | None:
    """Return the name of an environment variable, or report why it is refused.

    Args:
        text: the name.
        path: its path in the request.
        findings: collects problems.
    """
    if _VARIABLE.fullmatch(text):
        return text
    findings.refuse(path, f"{shown(text)} is not a valid variable name", "Use letters, digits and _.")
    return None


def checked_user(value: str | int, path: str, findings: Findings) -> str:
    """Return ``UID`` or ``UID:GID``, or report why it is refused.

    Args:
        value: ``UID``, ``UID:GID`` or ``nobody``; not root.
        path: its path in the request.
        findings: collects problems.
    """
    text = "65534:65534" if value == "nobody" else str(value)
    match = _USER.fullmatch(text)
    if match is None:
        findings.refuse(
            path,
            f"{shown(text)} is not a valid user ID",
            "Write UID or UID:GID, such as 10001:10001; user names differ between images.",
        )
        return ""
    numbers = [int(number) for number in match.groups() if number is not None]
    if 0 in numbers:
        findings.refuse(
            path, f"{shown(text)} is root", "Remove it, or write another user ID, such as 10001:10001."
        )
        return ""
    if max(numbers) > _LARGEST_ID:
        findings.refuse(path, f"{shown(text)} is larger than any valid user ID", "Write an ID such as 10001.")
        return ""
    return ":".join(str(number) for number in numbers)


def checked_platform(text: str, path: str, findings: Findings) -> str:
    """Return a platform such as ``linux/arm64``, or report why it is refused.

    Args:
        text: the platform.
        path: its path in the request.
        findings: collects problems.
    """
    if text in _PLATFORMS:
        return text
    findings.refuse(path, f"{shown(text)} is not a supported platform", f"Use {' or '.join(_PLATFORMS[:2])}.")
    return ""


def is_branch(text: str) -> bool:
    """Return whether a string is a valid name of a git branch or tag."""
    return _BRANCH.fullmatch(text) is not None
