"""Optional parts of `.venv`: packages that few commands need, installed from a lock file when first needed.

A new part is a lock file in `requirements/`, an entry in `EXTRAS`, and a call of `ensure` in the commands that need it.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from common import process
from common.project import Layout
from common.run_lock import Busy, exclusive
from pybrain_runtime.errors import MissingPackage

PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet")
FROM_LOCK = ("--require-hashes", "--only-binary=:all:", "-r")
_PATIENCE = 600.0
"""Seconds to wait for another process that installs packages."""


class NotInstalled(MissingPackage):
    """An optional part cannot be installed, or is not installed here."""


@dataclass(frozen=True)
class Extra:
    """An optional part.

    Attributes:
        package: the main package, as users know it.
        module: the module whose presence shows that the part is installed.
        purpose: what the part is needed for, to complete the sentence "... needs PACKAGE".
    """

    package: str
    module: str
    purpose: str


EXTRAS = {
    "onnx": Extra("ONNX Runtime", "onnxruntime", "Writing an ONNX model"),
    "fast": Extra("pyarrow", "pyarrow", "Reading Parquet"),
    "plot": Extra("matplotlib", "matplotlib", "Drawing plots"),
    "tune": Extra("Optuna", "optuna", "A search for training options"),
    "serve": Extra("FastAPI", "fastapi", "Serving predictions"),
    "control": Extra("limits", "limits", "Limiting the rate of requests"),
    "client": Extra("httpx", "httpx", "Asking a server for predictions"),
    "generate": Extra("pydantic", "pydantic", "Generating files from requests"),
    "pdf": Extra("pypdf", "pypdf", "Reading PDF documents"),
    "audit": Extra("pip-audit", "pip_audit", "Looking up known vulnerabilities"),
    "track": Extra("mlflow-skinny", "mlflow", "Sending runs to MLflow"),
}
"""The optional parts, by the name of the extra in `pyproject.toml` and of the lock file in `requirements/`."""


def ensure(name: str, layout: Layout, say: Callable[[str], None]) -> None:
    """Install an optional part into `.venv` unless it is installed.

    Args:
        name: a key of `EXTRAS`.
        layout: the checkout.
        say: called with one line before the installation, which takes seconds to minutes.

    Raises:
        MissingPackage: the part cannot be installed, or is missing and this Python is not that of `.venv`.
    """
    environment = layout.root / ".venv"
    lock = layout.root / "requirements" / f"{name}.lock"
    if not can_install(name, layout):
        if find_spec(EXTRAS[name].module) is None:
            raise _missing(name, "is not installed")
        return
    stamps = _Stamps(environment)
    if stamps.fits(name, lock):
        return
    try:
        with exclusive(
            layout.root / ".venv.lock", patience=_PATIENCE, on_wait=lambda by: say(f"waiting for {by}")
        ):
            if not stamps.fits(name, lock):
                _install(name, lock, say)
                stamps.add(name, lock)
    except Busy as error:
        raise _missing(name, f"cannot be installed: {error}") from error
    except OSError as error:
        raise _missing(name, f"cannot be installed: {error.strerror or error}") from error


def can_install(name: str, layout: Layout) -> bool:
    """Return whether an optional part can be installed: into `.venv`, by the Python of `.venv`.

    Args:
        name: the name of the part.
        layout: the checkout.
    """
    lock = layout.root / "requirements" / f"{name}.lock"
    return (
        name in EXTRAS and lock.is_file() and Path(sys.prefix).resolve() == (layout.root / ".venv").resolve()
    )


def _install(name: str, lock: Path, say: Callable[[str], None]) -> None:
    say(
        f"Installing {EXTRAS[name].package} into .venv from requirements/{lock.name} (once; needs the package index)."
    )
    ended = process.capture([sys.executable, *PIP, *FROM_LOCK, str(lock)], timeout=None)
    if not ended.ok:
        errors = [line for line in ended.output.splitlines() if line.startswith("ERROR: ")]
        reason = errors[:1] or [ended.last_lines(1) or f"pip exited with status {ended.status}"]
        raise _missing(name, f"cannot be installed: {reason[0].removeprefix('ERROR: ').rstrip('.')}")
    importlib.invalidate_caches()


def _missing(name: str, what: str) -> MissingPackage:
    extra = EXTRAS[name]
    return NotInstalled(
        f"{extra.purpose} needs {extra.package}, which {what}.", packages=(extra.package,), extra=name
    )


class _Stamps:
    """Records which parts an environment has, in a file with the hash of the lock file each was installed from.

    Args:
        environment: the folder of the environment.
    """

    def __init__(self, environment: Path) -> None:
        self._file = environment / "app07-extras.json"
        self._test = environment / "app07.json"

    def fits(self, name: str, lock: Path) -> bool:
        """Return whether a part is installed from this lock file, or comes with the packages of the test suite.

        Args:
            name: the name of the part, a key of `EXTRAS`.
            lock: the lock file.
        """
        if find_spec(EXTRAS[name].module) is None:
            return False
        return "test" in _content(self._test) or _content(self._file).get(name) == _hash(lock)

    def add(self, name: str, lock: Path) -> None:
        """Record that a part is installed.

        Args:
            name: the name of the part, a key of `EXTRAS`.
            lock: the lock file that it was installed from.
        """
        text = json.dumps({**_content(self._file), name: _hash(lock)}, indent=1)
        temporary = self._file.with_suffix(".new")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(self._file)


def _content(file: Path) -> dict[str, object]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
