"""The archive that is handed in: which files it holds, that nothing else is in it, and that it is always the same."""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from pipeline import files
from pipeline.errors import CannotWrite, DataError, InputMissing
from pipeline.layout import Layout

NAME = "Task06_Submission.zip"
REQUIRED, RECOMMENDED, OPTIONAL, OWN = "required", "recommended", "optional", "needed to run"


@dataclass(frozen=True)
class Category:
    """One heading of the checklist.

    Attributes:
        title: as people say it.
        kind: required (without it there is no archive), recommended, optional, or needed to run (of this project).
        paths: files, and folders with a slash behind them.
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
    # What the checklist's files need to build, to run, and to explain themselves on a machine that has nothing else.
    Category("The rest of the containers", OWN, (f"{_C1}/", f"{_C2}/", f"{_C3}/", "models/", "shared_data/.gitkeep")),
    Category(
        "The host side", OWN,
        (
            "pipeline/", "pyproject.toml", "requirements.lock", "create_submission.py",
            "output/.gitkeep",
        ),
    ),
    Category(
        "Further reading", OPTIONAL,
        ("docs/", "data/", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", ".gitattributes", ".gitignore"),
    ),
)  # fmt: skip

# What tools and systems leave lying about.
_LEFTOVERS = (
    "__pycache__", "*.py[co]", ".DS_Store", "Thumbs.db", "desktop.ini", "*.tmp", "*.swp", "*~", "*.bak", "*.orig",
    ".git", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".coverage", "*.egg-info", ".venv",
    ".ipynb_checkpoints", ".idea", ".vscode", "._*", "*.log.[0-9]",
)  # fmt: skip
# What is nobody else's business, by its name; and what is, by its content.
_SECRET_NAMES = (
    ".env", ".env.*", "*.pem", "*.key", "*.p12", "*.pfx", "id_rsa*", "id_ed25519*", ".netrc", ".npmrc", ".pypirc",
    ".git-credentials", "credentials.json", "*.kdbx",
)  # fmt: skip
_SECRETS = re.compile(
    rb"-{5}BEGIN [A-Z ]*PRIVATE KEY-{5}|"
    rb"\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[bpars]-[0-9A-Za-z-]{20}"
)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST_PATH = 180
_LARGEST_FILE = 100 * 1024 * 1024


@dataclass(frozen=True)
class Contents:
    """What the archive will hold.

    Attributes:
        files: names with forward slashes, sorted.
        missing: what the checklist names and is not there: kind and name.
        left_out: what lies among the files and does not go in, with the reason.
    """

    files: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def missing_required(self) -> tuple[str, ...]:
        return tuple(name for kind, name in self.missing if kind == REQUIRED)


@dataclass(frozen=True)
class Archive:
    """The archive that was written."""

    path: Path
    size: int
    sha256: str
    files: int


def contents_of(root: Path) -> Contents:
    """Goes through the checklist in a folder.

    Raises:
        DataError: a file holds what looks like a secret, or has a name that not every system can have.
    """
    found: set[str] = set()
    missing: list[tuple[str, str]] = []
    left_out: dict[str, str] = {}
    for category in CHECKLIST:
        for path in category.paths:
            there = [name for name in _names(root, path) if _goes_in(root, name, left_out)]
            # The library without a module in it is a folder that somebody forgot to fill.
            if not there or (path.endswith("pybrain/") and not any(name.endswith(".py") for name in there)):
                missing.append((category.kind, path))
            found |= set(there)
    names = tuple(sorted(found))
    _refuse_unportable(names)
    _refuse_secrets(root, names)
    return Contents(names, tuple(missing), tuple(sorted(left_out.items())))


def _names(root: Path, path: str) -> Iterator[str]:
    if not path.endswith("/"):
        if (root / path).is_file():
            yield path
        return
    for folder, folders, names in os.walk(root / path):
        folders[:] = sorted(name for name in folders if not _matches(name, _LEFTOVERS))
        for name in sorted(names):
            yield (Path(folder) / name).relative_to(root).as_posix()


def _goes_in(root: Path, name: str, left_out: dict[str, str]) -> bool:
    last = name.rpartition("/")[2]
    if _matches(last, _LEFTOVERS):
        return False
    path = root / name
    if _matches(last, _SECRET_NAMES):
        left_out[name] = "looks like a secret"
    elif path.is_symlink() or not path.is_file():
        left_out[name] = "is a link or no file; archives are unpacked on systems without links"
    elif path.stat().st_size > _LARGEST_FILE:
        left_out[name] = f"is larger than {_LARGEST_FILE // 1024 // 1024} MB"
    else:
        return True
    return False


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _refuse_unportable(names: tuple[str, ...]) -> None:
    """Names that Windows cannot have, or that differ only in their case."""
    seen: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        wrong = next((part for part in parts if _is_unportable(part)), None)
        if wrong is not None or len(name) > _LONGEST_PATH:
            why = (
                f"{wrong!r} is no name on Windows"
                if wrong
                else f"it is longer than {_LONGEST_PATH} characters"
            )
            raise DataError(f"{name} cannot go into the archive: {why}", hint="Rename it.", path=name)
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise DataError(
                f"{name} and {other} are the same file on Windows and macOS", hint="Rename one.", path=name
            )


def _is_unportable(part: str) -> bool:
    strange = any(ord(character) < 32 or character in '<>:"|?*\\' for character in part)
    return strange or part.endswith((" ", ".")) or bool(_RESERVED.fullmatch(part))


def _refuse_secrets(root: Path, names: tuple[str, ...]) -> None:
    for name in names:
        content = (root / name).read_bytes()
        if found := _SECRETS.search(content):
            line = content.count(b"\n", 0, found.start()) + 1
            hint = "Take it out, and replace the secret: it may be known already."
            raise DataError(f"{name} line {line} holds what looks like a secret", hint=hint, path=name)


def create(layout: Layout, contents: Contents, target: Path) -> Archive:
    """Writes the archive: the same files, the same bytes, whenever and wherever it is written.

    Files are stored, not packed, because packers differ from one Python to the next.

    Raises:
        InputMissing: a required file is missing; no archive is written.
        CannotWrite: with the reason.
    """
    if contents.missing_required:
        raise InputMissing(
            "required files are missing: " + ", ".join(contents.missing_required),
            hint="They are on the checklist; without them there is nothing to evaluate.",
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in contents.files:
            try:
                content = (layout.root / name).read_bytes()
            except OSError as error:
                raise InputMissing(f"{name} cannot be read: {error.strerror}", path=name) from error
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, also where it is written on another system
            entry.external_attr = (0o100755 if content.startswith(b"#!") else 0o100644) << 16
            archive.writestr(entry, content)
    content = packed.getvalue()
    try:
        with files.writing(target) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise CannotWrite(f"{target} cannot be written: {error.strerror}", path=target) from error
    return Archive(target, len(content), hashlib.sha256(content).hexdigest(), len(contents.files))
