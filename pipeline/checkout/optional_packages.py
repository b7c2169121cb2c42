"""The command that installs the packages of an optional part into this environment. Uses only the standard library."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

from common.project import PROJECT, Layout
from pipeline.checkout.contents import DATA
from pipeline.checkout.locate import is_installed

_NAME = re.compile(r"([\w.-]+)(\[[\w,-]+\])?")
_PIN = re.compile(r"([\w.-]+)==([^\s;\\]+)")


def install_command(
    extra: str,
    layout: Layout = PROJECT,
    *,
    prefix: str = sys.prefix,
    python: str = sys.executable,
    has_pip: bool | None = None,
) -> str:
    """Return the command line that installs an optional part; empty if the part is unknown.

    Args:
        extra: the name of the part in `pyproject.toml`.
        layout: the folder of these packages.
        prefix: the folder of the environment.
        python: the interpreter of the environment.
        has_pip: whether the environment has pip; None to find out.
    """
    lock = _folder(layout) / "requirements" / f"{extra}.lock"
    if not is_installed(layout):
        return f"{_quoted(python)} -m pip install -r {_quoted(str(lock))}" if lock.is_file() else ""
    packages = pinned_packages(extra, layout)
    listed = " ".join(_quoted(package) for package in packages)
    if not packages:
        return ""
    if (Path(prefix) / "pipx_metadata.json").is_file():
        return f"pipx inject app07 {listed}"
    if any(part.startswith(("archive-v", "environments-v")) for part in Path(prefix).parts):
        return " ".join(["uvx", *(f"--with {_quoted(package)}" for package in packages), "..."])
    if not (find_spec("pip") is not None if has_pip is None else has_pip):
        return f"uv pip install --python {_quoted(python)} {listed}"
    return f"{_quoted(python)} -m pip install {listed}"


def pinned_packages(extra: str, layout: Layout = PROJECT) -> tuple[str, ...]:
    """Return the packages of an optional part with the versions of its lock file, such as ``onnx==1.23.2``.

    Args:
        extra: the name of the part in `pyproject.toml`.
        layout: the folder of these packages.

    Returns:
        Nothing if the part is unknown, or its files are missing.
    """
    folder = _folder(layout)
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        required: list[str] = project["optional-dependencies"][extra]
        lock = (folder / "requirements" / f"{extra}.lock").read_text(encoding="utf-8")
    except (OSError, KeyError, ValueError):
        return ()
    pins = {found[1]: found[2] for line in lock.splitlines() if (found := _PIN.match(line))}
    names = [_NAME.match(text) for text in required if not (sys.platform == "win32" and "!= 'win32'" in text)]
    return tuple(f"{name[0]}=={pins[name[1].lower()]}" for name in names if name and name[1].lower() in pins)


def _folder(layout: Layout) -> Path:
    """Return the folder that has the files of a checkout."""
    return layout.root / DATA if is_installed(layout) else layout.root


def _quoted(text: str) -> str:
    """Return a word quoted for a shell; version specifiers are quoted as in pip's documentation."""
    return f"'{text}'" if "==" in text and "'" not in text else shlex.quote(text)
