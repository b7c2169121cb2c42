"""Check paths: folders beside the generated file, and paths in containers."""

from __future__ import annotations

import posixpath
import re
import unicodedata

from pipeline.compose.findings import Findings, shown

_CHARACTERS = re.compile(r"[\w.@+ ,=/-]+")
_DRIVE = re.compile(r"[A-Za-z]:")
_TAKEN = ("/proc", "/sys", "/dev", "/run", "/var/run", "/signals")
# Code that runs on the host, or decides what runs there: containers may read but not change it.
_HOST_CODE = frozenset(
    [
        "benchmarks",
        "common",
        "evaluation",
        "examples",
        "fuzz",
        "pipeline",
        "requirements",
        "scripts",
        "tests",
        "container1_activationbase",
        "container2_knowledgebase",
        "container3_codebase",
        "container4_learningbase",
        "container5_tracking",
        "container6_front",
        "container7_monitoring",
    ]
)
_HOST_FILES = (".py", ".yml", ".yaml", ".sh", ".toml", ".lock", ".hcl", "dockerfile", "makefile")
INSIDE = "Use a folder of the project, such as ./shared_data."


def checked_folder(text: str, path: str, findings: Findings) -> str | None:
    """Return a folder of the project as ``./folder``, or report why it is refused.

    Args:
        text: the path, relative to the generated file.
        path: its path in the request.
        findings: collects problems.
    """
    reason = _problem_of_folder(text)
    if reason:
        findings.refuse(path, f"{shown(text)} {reason}", INSIDE)
        return None
    return f"./{posixpath.normpath(text)}"


def _problem_of_folder(text: str) -> str:
    if text.endswith(".sock") or ".sock/" in text or "docker.sock" in text:
        return "is a socket of the host; the engine socket would give full access to the host"
    if text.startswith("/"):
        return "is an absolute path, outside the project"
    if "~" in text:
        return "is in a home folder, outside the project"
    if "$" in text or "`" in text or "%" in text:
        return "contains a variable"
    if "\\" in text or _DRIVE.match(text):
        return "is a Windows path, outside the project"
    if not _CHARACTERS.fullmatch(text) or text != text.strip():
        return "has characters that are not allowed in a path of the project"
    parts = text.split("/")
    if ".." in parts:
        return "leads outside the project through .."
    if posixpath.normpath(text) == ".":
        return "is the project folder itself, with code that runs on the host"
    if text.startswith("-"):
        return "is an option, not a path"
    if any(part.startswith(".") and part != "." for part in parts):
        return "is hidden: hidden files contain settings and secrets"
    if any(part != part.strip() or (part != "." and part.endswith(".")) for part in parts):
        return "has a part that Windows reads as another name"
    return ""


def is_host_code(folder: str) -> bool:
    """Return whether a path of the project contains code that runs on the host; upper and lower case are equal."""
    name = unicodedata.normalize("NFKC", folder).casefold().removeprefix("./")
    return name.split("/")[0] in _HOST_CODE or name.endswith(_HOST_FILES)


def checked_inside(text: str, path: str, findings: Findings) -> str | None:
    """Return an absolute path in a container, or report why it is refused.

    Args:
        text: the path.
        path: its path in the request.
        findings: collects problems.
    """
    # Linux treats two slashes at the beginning as one, `normpath` does not.
    plain = posixpath.normpath(f"/{text.lstrip('/')}")
    reason = ""
    if not text.startswith("/"):
        reason = "is not an absolute path in the container"
    elif not _CHARACTERS.fullmatch(text) or text != text.strip():
        reason = "has characters that are not allowed in a container path"
    elif ".." in text.split("/"):
        reason = "contains .."
    elif plain.strip("/") == "":
        reason = "is the root folder of the container"
    elif any(plain == taken or plain.startswith(f"{taken}/") for taken in _TAKEN):
        reason = "is reserved for the system or the generator"
    if reason:
        findings.refuse(path, f"{shown(text)} {reason}", "Use a path such as /shared_data.")
        return None
    return plain


def checked_file(text: str, path: str, findings: Findings) -> str | None:
    """Return the absolute path of a file in an image, or report why it is refused.

    Args:
        text: the path.
        path: its path in the request.
        findings: collects problems.
    """
    inside = checked_inside(text, path, findings)
    if inside is not None and f"{inside}/".startswith("/tmp/"):
        findings.refuse(
            path, f"{shown(text)} is in /tmp, which is empty at every start", "Use a path such as /app/x.py."
        )
        return None
    return inside
