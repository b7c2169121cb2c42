"""Virtual environments of other servers, outside the tree: each with its pinned packages and pybrain_runtime."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CODE = HERE.parents[1] / "container3_codebase"
_PACKAGES, _CODE = "installed-packages", "installed-code"
"""Files with the hash of the installed packages."""
_SECONDS = 900
_WHEEL = (
    "import sys; from pathlib import Path; from training.tracking.wheel import NAME, wheel_bytes; "
    "Path(sys.argv[1], NAME).write_bytes(wheel_bytes()); print(NAME)"
)


class NotInstalled(Exception):
    """A server cannot be installed; the message is the reason."""


def default_folder() -> Path:
    """Return the folder of the environments in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "app07-benchmarks" / "serving"


def environment(name: str, folder: Path) -> Path:
    """Return the folder of an environment, which is created unless it exists with the same packages.

    Args:
        name: the name of the file in requirements/.
        folder: the folder of all environments.

    Raises:
        NotInstalled: a package cannot be installed.
    """
    requirements = HERE / "requirements" / f"{name}.txt"
    target = folder / name
    pip = [str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps"]
    packages = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    if _read(target / _PACKAGES) != packages:
        print(f"installing {name} in {target} ...", file=sys.stderr, flush=True)
        shutil.rmtree(target, ignore_errors=True)
        _call([sys.executable, "-m", "venv", str(target)])
        # All packages are pinned, and none is built: building would run code that is not pinned.
        _call([*pip, "--only-binary", ":all:", "--requirement", str(requirements)])
        (target / _PACKAGES).write_text(packages, encoding="ascii")
    wheel = _write_wheel(folder)
    code = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if _read(target / _CODE) != code:
        _call([*pip, "--force-reinstall", str(wheel)])
        (target / _CODE).write_text(code, encoding="ascii")
    return target


def megabytes(folder: Path) -> float:
    """Return the size of the packages of an environment, in MB."""
    packages = next(folder.glob("lib/python*/site-packages"))
    files = (path for path in packages.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


def versions(name: str) -> dict[str, str]:
    """Return the pinned version of each package of an environment."""
    lines = (HERE / "requirements" / f"{name}.txt").read_text(encoding="utf-8").split()
    return {package: version for package, _, version in (line.partition("==") for line in lines)}


def _write_wheel(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", _WHEEL, str(folder)]
    named = subprocess.run(command, cwd=CODE, capture_output=True, text=True, check=True)
    return folder / named.stdout.strip()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


def _call(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(str(error)) from error
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise NotInstalled((errors or done.stderr.splitlines() or ["no message"])[-1].strip())
