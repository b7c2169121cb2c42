"""Check Python, the environment `.venv`, and the package index."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from pipeline.diagnosis.finding import HANGS, NOTE, OK, PROBLEM, Finding, Surroundings

_STAMP, _MARKER = "app07.json", ".app07"
_SMALL_PACKAGE = "editables"
"""A package of the lock file whose page on the index is small."""


def check_python(place: Surroundings) -> list[Finding]:
    """Check the interpreter: version, architecture, and whether it can create an environment."""
    shown = f"Python {'.'.join(map(str, place.version))} ({place.python})"
    if place.version < (3, 11, 0):
        return [Finding("Python", PROBLEM, shown, "Install Python 3.11 or newer.")]
    if sys.maxsize < 1 << 32:
        return [
            Finding(
                "Python",
                PROBLEM,
                f"{shown}, 32 bits",
                "NumPy has no packages for it; install a 64-bit Python.",
            )
        ]
    has_ensurepip = find_spec("ensurepip") is not None if place.has_ensurepip is None else place.has_ensurepip
    if not has_ensurepip and place.is_checkout and not _is_made(place):
        advice = "It cannot create .venv. Debian and Ubuntu: sudo apt install python3-venv"
        return [Finding("Python", PROBLEM, f"{shown}, without ensurepip", advice)]
    return [Finding("Python", OK, shown)]


def check_environment(place: Surroundings) -> list[Finding]:
    """Check `.venv`, which belongs to a checkout."""
    folder = place.layout.root / ".venv"
    if not place.is_checkout:
        return []
    if not os.path.lexists(folder):
        return [Finding(".venv", OK, "not created yet; the first run creates it")]
    if not any((folder / name).is_file() for name in (_STAMP, _MARKER)) and any(folder.iterdir()):
        advice = "Move it away, or delete it; the next run creates a new one."
        return [Finding(".venv", PROBLEM, f"{folder} was not created by this project", advice)]
    if not _is_made(place):
        return [
            Finding(".venv", NOTE, "incomplete, or its Python was removed", "The next run creates it again.")
        ]
    return [Finding(".venv", OK, "created")]


def check_package_index(place: Surroundings) -> list[Finding]:
    """Check that pip reaches the package index with its present settings."""
    options = ["--disable-pip-version-check", "--no-input", "--timeout", "3", "--retries", "0"]
    pythons = [place.python, *([str(_python(place))] if _is_made(place) else [])]
    for python in pythons:
        answer = place.ask([python, "-m", "pip", *options, "index", "versions", _SMALL_PACKAGE])
        if answer.status == 0:
            return [Finding("package index", OK, "reachable")]
        if "No module named pip" not in answer.output:
            break
    else:
        return [Finding("package index", NOTE, "not checked: pip is not installed")]
    # Once the environment exists, only optional parts need further packages.
    status = PROBLEM if place.is_checkout and not _is_made(place) else NOTE
    why = (
        "pip did not respond in time" if answer.status == HANGS else answer.last_line.removeprefix("ERROR: ")
    )
    advice = (
        "Check the network; for a proxy or your own index: pip config set global.index-url ..., HTTPS_PROXY"
    )
    return [Finding("package index", status, f"not reachable: {why}", advice)]


def _python(place: Surroundings) -> Path:
    inside = "Scripts/python.exe" if place.system == "Windows" else "bin/python"
    return place.layout.root / ".venv" / inside


def _is_made(place: Surroundings) -> bool:
    return (place.layout.root / ".venv" / _STAMP).is_file() and _python(place).exists()
