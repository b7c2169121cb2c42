"""Check the folder: permissions, disk, line endings, and `.env`."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from common.env_file.syntax import EnvFileError
from common.env_file.variables import NAME, with_env_file
from pipeline.diagnosis.finding import NOTE, OK, PROBLEM, Finding, Surroundings

_ENOUGH, _LITTLE = 2_000_000_000, 300_000_000
"""Free bytes: for environment and images with room to spare; for `.venv` alone."""
_MOST_ENTRIES = 2000
_MOST_BYTES = 1 << 20
_SHOWN = 4


def check_permissions(place: Surroundings) -> list[Finding]:
    """Check that this user can write to the folders of the runs."""
    layout = place.layout
    if not place.is_checkout:
        if os.access(layout.root, os.W_OK):
            return [Finding("permissions", OK, f"{layout.root} can be written")]
        return [
            Finding(
                "permissions",
                NOTE,
                f"{layout.root} cannot be written",
                "Write output files to another folder.",
            )
        ]
    folders = [layout.root, layout.output, layout.shared_data]
    results = [path for folder in folders[1:] for path in _entries(folder) if path.is_dir()]
    refused = [
        path for path in (*folders, *results) if path.exists() and not os.access(path, os.W_OK | os.X_OK)
    ]
    if not refused:
        return [Finding("permissions", OK, "the checkout, output/ and shared_data/ can be written")]
    shown = ", ".join(layout.shown(path) for path in refused[:_SHOWN])
    advice = f"Take ownership: sudo chown -R $USER {' '.join(_quoted(path) for path in refused[:_SHOWN])}"
    return [Finding("permissions", PROBLEM, f"cannot be written by this user: {shown}", advice)]


def check_disk(place: Surroundings) -> list[Finding]:
    """Check the free space where the checkout is."""
    free = shutil.disk_usage(place.layout.root).free
    text = f"{free / 1e9:,.1f} GB free"
    if free < _LITTLE:
        return [Finding("disk", PROBLEM, text, "Free up space: .venv takes 0.2 GB, the images 0.3 GB.")]
    if free < _ENOUGH:
        return [Finding("disk", NOTE, text, "`docker system df` shows what images and build caches take.")]
    return [Finding("disk", OK, text)]


def check_line_endings(place: Surroundings) -> list[Finding]:
    """Check that scripts and Dockerfiles have Linux line endings."""
    if not place.is_checkout:
        return []
    scripts = [path for path in _scripts(place.layout.root) if _has_carriage_returns(path)]
    if not scripts:
        return [Finding("line endings", OK, "LF in all scripts and Dockerfiles")]
    names = [place.layout.shown(path) for path in scripts]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    advice = (
        "These files do not run in a container. git config core.autocrlf input, and for each file: "
        f"sed -i 's/\\r$//' {shlex.quote(names[0])}"
    )
    return [Finding("line endings", PROBLEM, f"CRLF in {', '.join(names[:_SHOWN])}{more}", advice)]


def check_env_file(place: Surroundings) -> list[Finding]:
    """Check that both versions of Compose read `.env` in the same way."""
    if not place.is_checkout or not os.path.lexists(place.layout.root / NAME):
        return []
    try:
        read = with_env_file(place.layout.root, place.environment)
    except EnvFileError as error:
        return [Finding(NAME, PROBLEM, error.message, error.hint)]
    names = ", ".join(read.from_file)
    found = Finding(NAME, OK, f"sets {names}" if names else "sets no variable of the compose files")
    return [found, *(Finding(NAME, NOTE, note) for note in read.notes)]


def _entries(folder: Path) -> Iterator[Path]:
    if folder.is_dir() and os.access(folder, os.R_OK | os.X_OK):
        yield from islice(folder.iterdir(), _MOST_ENTRIES)


def _scripts(root: Path) -> Iterator[Path]:
    for folder in sorted(root.glob("container[0-9]_*")):
        for path in _entries(folder):
            if path.suffix == ".sh" or path.name == "Dockerfile":
                yield path


def _has_carriage_returns(path: Path) -> bool:
    """Return whether a file has Windows line endings; False if it cannot be read."""
    try:
        with path.open("rb") as file:
            return b"\r\n" in file.read(_MOST_BYTES)
    except OSError:
        return False


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
