"""The checklist of the task: which files are submitted, which are missing, and which are left out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from common.errors import DataError
from common.project import PROFILES
from evaluation.submission.secret_files import has_secret_name, suspicious_lines

REQUIRED, RECOMMENDED, OPTIONAL, OWN = "required", "recommended", "optional", "needed to run"


@dataclass(frozen=True)
class Category:
    """A category of the checklist.

    Attributes:
        title: the title in the task.
        kind: required (without it no archive is written), recommended, optional, or needed to run this project.
        paths: files, and folders with a trailing slash.
    """

    title: str
    kind: str
    paths: tuple[str, ...]


_C1, _C2, _C3 = "container1_activationbase", "container2_knowledgebase", "container3_codebase"
_S1, _S2, _S3 = (
    "output/stage1_prepare_files",
    "output/stage2_container_tests",
    "output/stage3_compose_execution",
)

_CARD = f"{_C2}/currentSolution.card.json"

CHECKLIST = (
    Category("Docker build files", REQUIRED, (f"{_C1}/Dockerfile", f"{_C2}/Dockerfile", f"{_C3}/Dockerfile")),
    Category(
        "Data files", REQUIRED,
        (f"{_C1}/currentActivation.csv", f"{_C2}/currentSolution.pkl", f"{_C3}/pybrain/"),
    ),
    Category("Code files", REQUIRED, (f"{_C3}/UE_07_App5.py", "App07.py", "prepare_files.py")),
    Category("Orchestration", REQUIRED, ("docker-compose.yml",)),
    Category("Documentation", REQUIRED, ("README.md", "discussion.txt")),
    Category(
        "Test results", RECOMMENDED,
        (
            f"{_S2}/test_results.json", f"{_S3}/execution_summary.txt", f"{_S3}/docker_compose_output.log",
            f"{_S1}/currentActivation.csv", f"{_S1}/currentSolution.pkl", f"{_S1}/UE_07_App5.py",
            f"{_S2}/container1_output.txt", f"{_S2}/container2_output.txt", f"{_S2}/container3_pybrain_test.txt",
            f"{_S3}/activation_data.csv", f"{_S3}/currentSolution.pkl", f"{_S3}/prediction.csv",
            f"{_S3}/prediction.json",
        ),
    ),
    Category("Helper scripts", OPTIONAL, ("test_containers.py", "run_compose_with_output.py")),
    # Everything else that is needed to build and run the files of the checklist on another machine.
    Category("The rest of the containers", OWN, (f"{_C1}/", f"{_C2}/", f"{_C3}/", "models/", "shared_data/.gitkeep")),
    Category(
        "The host side", OWN,
        (
            "pipeline/", "evaluation/", "pyproject.toml", "requirements.lock", "requirements/",
            "create_submission.py", "detect_hardware.py", "output/.gitkeep",
        ),
    ),
    Category(
        "Training", OPTIONAL, ("docker-compose.training.yml", "container4_learningbase/", "container5_tracking/"),
    ),
    Category("Hardware profiles", OPTIONAL, tuple(f"docker-compose.{profile}.yml" for profile in PROFILES)),
    Category(
        "Further reading", OPTIONAL,
        ("docs/", "data/", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", ".gitattributes", ".gitignore"),
    ),
)  # fmt: skip

# Temporary files of tools and operating systems.
_LEFTOVERS = (
    "__pycache__", "*.py[co]", ".DS_Store", "Thumbs.db", "desktop.ini", "*.tmp", "*.swp", "*~", "*.bak", "*.orig",
    ".git", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".coverage", "*.egg-info", ".venv",
    ".ipynb_checkpoints", ".idea", ".vscode", "._*", "*.log.[0-9]",
)  # fmt: skip
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST_PATH = 180
_LARGEST_FILE = 100 * 1024 * 1024


@dataclass(frozen=True)
class Contents:
    """The contents of an archive.

    Attributes:
        files: sorted names with forward slashes.
        missing: the missing files of the checklist: kind and name.
        left_out: files that are not archived, each with the reason.
        suspicious: archived files that may hold a secret, each with the line number.
    """

    files: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    suspicious: tuple[tuple[str, int], ...] = ()

    @property
    def missing_required(self) -> tuple[str, ...]:
        """The names of the missing files without which no archive is written."""
        return tuple(name for kind, name in self.missing if kind == REQUIRED)


def contents_of(root: Path, tracked: frozenset[str] | None = None) -> Contents:
    """Collect the files of the checklist.

    Args:
        root: the folder of the project.
        tracked: the files that git tracks; None without git. From the folders of the checklist, only tracked files
            are included. Files that the checklist names individually are always included.

    Raises:
        DataError: a file holds a secret, or has a name that is not portable.
    """
    files: set[str] = set()
    missing: list[tuple[str, str]] = []
    left_out: dict[str, str] = {}
    for category in CHECKLIST:
        for path in category.paths:
            # The model card belongs to the network, tracked or not.
            known = tracked | {_CARD} if tracked is not None and path.endswith("/") else None
            archived = [name for name in _names(root, path) if _is_archived(root, name, left_out, known)]
            # The library's folder must hold at least one module.
            if not archived or (
                path.endswith("pybrain/") and not any(name.endswith(".py") for name in archived)
            ):
                missing.append((category.kind, path))
            files |= set(archived)
    names = tuple(sorted(files))
    _check_portable(names)
    suspicious = suspicious_lines(root, names)
    # A file may be named individually and also be in a folder that would leave it out.
    out = tuple(sorted((name, why) for name, why in left_out.items() if name not in files))
    return Contents(names, tuple(missing), out, suspicious)


def _names(root: Path, path: str) -> Iterator[str]:
    if not path.endswith("/"):
        if (root / path).is_file():
            yield path
        return
    for folder, folders, names in os.walk(root / path):
        folders[:] = sorted(name for name in folders if not _matches(name, _LEFTOVERS))
        for name in sorted(names):
            yield (Path(folder) / name).relative_to(root).as_posix()


def _is_archived(root: Path, name: str, left_out: dict[str, str], tracked: frozenset[str] | None) -> bool:
    """Return whether a file is archived; otherwise note the reason in `left_out`."""
    if _matches(name.rpartition("/")[2], _LEFTOVERS):
        return False
    path = root / name
    if has_secret_name(name):
        left_out[name] = "looks like a secret"
    elif tracked is not None and name not in tracked:
        left_out[name] = "is not tracked by git (git add it if it belongs here)"
    elif path.is_symlink() or not path.is_file():
        left_out[name] = "is a link or not a regular file; links are not portable"
    elif path.stat().st_size > _LARGEST_FILE:
        left_out[name] = f"is larger than {_LARGEST_FILE // 1024 // 1024} MB"
    else:
        return True
    return False


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _check_portable(names: tuple[str, ...]) -> None:
    """Raise DataError for names that are not allowed on Windows, or that differ only in case."""
    folded_names: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        unportable = next((part for part in parts if _is_unportable(part)), None)
        if unportable is not None or len(name) > _LONGEST_PATH:
            why = (
                f"{unportable!r} is not a valid name on Windows"
                if unportable
                else f"it is longer than {_LONGEST_PATH} characters"
            )
            raise DataError(f"{name} cannot be archived: {why}", hint="Rename it.", path=name)
        other = folded_names.setdefault(name.lower(), name)
        if other != name:
            raise DataError(
                f"{name} and {other} are the same file on Windows and macOS", hint="Rename one.", path=name
            )


def _is_unportable(part: str) -> bool:
    strange = any(ord(character) < 32 or character in '<>:"|?*\\' for character in part)
    return strange or part.endswith((" ", ".")) or bool(_RESERVED.fullmatch(part))
