"""Paths: of folders beside the generated file, and in containers."""

from __future__ import annotations

import posixpath
import re
import unicodedata

from pipeline.compose.findings import Findings, shown

_CHARACTERS = re.compile(r"[\w.@+ ,=/-]+")
_DRIVE = re.compile(r"[A-Za-z]:")
_TAKEN = ("/proc", "/sys", "/dev", "/run", "/var/run", "/signals")
# What runs on the host, or decides what runs there: a container may read it, not change it.
_HOST_CODE = frozenset(
    [
        "benchmarks",
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
INSIDE = "Name a folder of the project, such as ./shared_data."


def checked_folder(text: str, path: str, findings: Findings) -> str | None:
    """Return a path of the project as ``./folder``, or report why it is refused.

    Args:
        text: the path, relative to the generated file.
        path: the place in the request.
        findings: where a problem is reported.
    """
    reason = _problem_of_folder(text)
    if reason:
        findings.refuse(path, f"{shown(text)} {reason}", INSIDE)
        return None
    return f"./{posixpath.normpath(text)}"


def _problem_of_folder(text: str) -> str:
    if text.endswith(".sock") or ".sock/" in text or "docker.sock" in text:
        return "is a socket of the host; that of the engine gives access to the whole host"
    if text.startswith("/"):
        return "is an absolute path, outside the project"
    if "~" in text:
        return "is in the home folder of a user"
    if "$" in text or "`" in text or "%" in text:
        return "has a variable"
    if "\\" in text or _DRIVE.match(text):
        return "is a path of Windows, outside the project"
    if not _CHARACTERS.fullmatch(text) or text != text.strip():
        return "has characters that a path of this project does not have"
    parts = text.split("/")
    if ".." in parts:
        return "leads outside the project with .."
    if posixpath.normpath(text) == ".":
        return "is the project itself, with what runs on the host"
    if text.startswith("-"):
        return "is an option, not a path"
    if any(part.startswith(".") and part != "." for part in parts):
        return "is hidden: such files hold settings and secrets"
    if any(part != part.strip() or (part != "." and part.endswith(".")) for part in parts):
        return "has a part that Windows takes for another name"
    return ""


def is_host_code(folder: str) -> bool:
    """Return whether a folder of the project holds what runs on the host, also where file systems ignore case."""
    name = unicodedata.normalize("NFKC", folder).casefold().removeprefix("./")
    return name.split("/")[0] in _HOST_CODE or name.endswith(_HOST_FILES)


def checked_inside(text: str, path: str, findings: Findings) -> str | None:
    """Return an absolute path in a container, or report why it is refused.

    Args:
        text: the path.
        path: the place in the request.
        findings: where a problem is reported.
    """
    # Two slashes at the beginning are one for Linux, but not for `normpath`.
    plain = posixpath.normpath(f"/{text.lstrip('/')}")
    reason = ""
    if not text.startswith("/"):
        reason = "is not an absolute path in the container"
    elif not _CHARACTERS.fullmatch(text) or text != text.strip():
        reason = "has characters that a path in a container must not have here"
    elif ".." in text.split("/"):
        reason = "has .."
    elif plain.strip("/") == "":
        reason = "is the whole container"
    elif any(plain == taken or plain.startswith(f"{taken}/") for taken in _TAKEN):
        reason = "is a folder of the system, or of the generator"
    if reason:
        findings.refuse(path, f"{shown(text)} {reason}", "Name a path such as /shared_data.")
        return None
    return plain


def checked_file(text: str, path: str, findings: Findings) -> str | None:
    """Return the absolute path of a file in an image, or report why it is refused."""
    inside = checked_inside(text, path, findings)
    if inside is not None and f"{inside}/".startswith("/tmp/"):
        findings.refuse(
            path, f"{shown(text)} is in /tmp, which is empty at every start", "Name a path such as /app/x.py."
        )
        return None
    return inside
