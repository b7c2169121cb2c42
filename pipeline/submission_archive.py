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

from pipeline import atomic_files
from pipeline.errors import CannotWrite, DataError, InputMissing
from pipeline.project import Layout

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
    # What the checklist's files need to build, to run, and to explain themselves on a machine that has nothing else.
    Category("The rest of the containers", OWN, (f"{_C1}/", f"{_C2}/", f"{_C3}/", "models/", "shared_data/.gitkeep")),
    Category(
        "The host side", OWN,
        (
            "pipeline/", "evaluation/", "pyproject.toml", "requirements.lock", "create_submission.py",
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
    ".env", ".env.*", "*.env", "*.pem", "*.key", "*.ppk", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".my.cnf",
    ".htpasswd", ".git-credentials", ".dockercfg", ".dockerconfigjson", "credentials", "credentials.*",
    "*credentials.json", "client_secret*", "secrets", "secrets.*", "*.secret", "token", "tokens", "token.*",
    "tokens.*", "*_token.*", "*.token", "kubeconfig", "service-account*.json", "service_account*.json",
)  # fmt: skip
_SECRET_FOLDERS = (".ssh", ".aws", ".azure", ".gnupg", ".docker", ".kube", "secrets")
_SECRETS = re.compile(
    rb"-{5}BEGIN [A-Z ]*PRIVATE KEY-{5}|"
    rb"\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{22}|"
    rb"\bglpat-[A-Za-z0-9_-]{20}|\bxox[bpars]-[0-9A-Za-z-]{20}|\bAIza[0-9A-Za-z_-]{35}|\bnpm_[A-Za-z0-9]{36}\b|"
    rb"\bpypi-AgEI[A-Za-z0-9_-]{20}"
)
# What may be one: said, and left to the person.
_SUSPICIOUS = re.compile(
    rb"(?i)(?:password|passwd|secret|api[_-]?key|access[_-]?key|token)[\"']?\s*[:=]\s*"
    rb"[\"']?[A-Za-z0-9+/_!@#$%^&*.-]{12,}|"
    rb"[a-z]://[^/\s:@\"'<>]{1,64}:[^/\s:@\"'<>]{3,64}@[a-z0-9]"
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
        suspicious: what goes in and has a line that may hold a secret, with the number of the line.
    """

    files: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    suspicious: tuple[tuple[str, int], ...] = ()

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


def contents_of(root: Path, tracked: frozenset[str] | None = None) -> Contents:
    """Goes through the checklist in a folder.

    Args:
        root: the folder.
        tracked: the files that its version control knows; None where it has none. Of the folders of the checklist
            only these go in. Files that the checklist names one by one go in anyway.

    Raises:
        DataError: a file holds what looks like a secret, or has a name that not every system can have.
    """
    found: set[str] = set()
    missing: list[tuple[str, str]] = []
    left_out: dict[str, str] = {}
    for category in CHECKLIST:
        for path in category.paths:
            # The network's card comes and goes with the network.
            known = tracked | {_CARD} if tracked is not None and path.endswith("/") else None
            there = [name for name in _names(root, path) if _goes_in(root, name, left_out, known)]
            # The library without a module in it is a folder that somebody forgot to fill.
            if not there or (path.endswith("pybrain/") and not any(name.endswith(".py") for name in there)):
                missing.append((category.kind, path))
            found |= set(there)
    names = tuple(sorted(found))
    _refuse_unportable(names)
    suspicious = _refuse_secrets(root, names)
    # A file that the checklist names by itself goes in, also where its folder would have left it out.
    out = tuple(sorted((name, why) for name, why in left_out.items() if name not in found))
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


def _goes_in(root: Path, name: str, left_out: dict[str, str], tracked: frozenset[str] | None) -> bool:
    *folders, last = name.split("/")
    if _matches(last, _LEFTOVERS):
        return False
    path = root / name
    if _is_secret(folders, last):
        left_out[name] = "looks like a secret"
    elif tracked is not None and name not in tracked:
        left_out[name] = "is not known to git (git add it, if it belongs here)"
    elif path.is_symlink() or not path.is_file():
        left_out[name] = "is a link or no file; archives are unpacked on systems without links"
    elif path.stat().st_size > _LARGEST_FILE:
        left_out[name] = f"is larger than {_LARGEST_FILE // 1024 // 1024} MB"
    else:
        return True
    return False


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _is_secret(folders: list[str], last: str) -> bool:
    """Whether the name is one of those that secrets have. A module may be about them."""
    named = _matches(last.lower(), _SECRET_NAMES) and not last.endswith(".py")
    return named or any(_matches(folder.lower(), _SECRET_FOLDERS) for folder in folders)


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


def _refuse_secrets(root: Path, names: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Returns the files that may hold a secret, with the line."""
    suspicious = []
    for name in names:
        content = (root / name).read_bytes()
        if found := _SECRETS.search(content):
            line = content.count(b"\n", 0, found.start()) + 1
            hint = "Take it out, and replace the secret: it may be known already."
            raise DataError(f"{name} line {line} holds what looks like a secret", hint=hint, path=name)
        if found := _SUSPICIOUS.search(content):
            suspicious.append((name, content.count(b"\n", 0, found.start()) + 1))
    return tuple(suspicious)


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
        with atomic_files.writing(target) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise CannotWrite(f"{target} cannot be written: {error.strerror}", path=target) from error
    return Archive(target, len(content), hashlib.sha256(content).hexdigest(), len(contents.files))
