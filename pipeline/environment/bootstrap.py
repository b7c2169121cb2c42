"""Create the virtual environment `.venv` from the lock file, and run commands inside it.

Uses only the standard library, because this runs before anything is installed. The environment is created once. A
stamp file records what it was created from; it is written last, so that it is missing after an interrupted attempt.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
import venv
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from common import process
from common.run_lock import Busy, exclusive
from pipeline.environment.ownership import STAMP_NAME, NotOwned, claim, empty_folder

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / STAMP_NAME
LOCKS = {"run": ROOT / "requirements.lock", "test": ROOT / "requirements-test.lock"}

# The values of pybrain_runtime.errors.ExitStatus, which cannot be imported before the environment exists.
NO_INPUT, UNAVAILABLE, CANNOT_WRITE, TRY_AGAIN, INTERRUPTED = 66, 69, 73, 75, 130


class EnvironmentFailed(Exception):
    """The environment cannot be created.

    Args:
        message: the reason.
        status: the exit status of the program.
    """

    def __init__(self, message: str, status: int = UNAVAILABLE) -> None:
        super().__init__(message)
        self.status = status


def run_inside(requirements: str, arguments: list[str], execute: Callable[[], int]) -> int:
    """Run a command in `.venv`: in this process if it runs the Python of `.venv`, otherwise in a new one.

    Args:
        requirements: the lock file that the command needs, ``run`` or ``test``; empty if it needs no package, so that
            no environment is created.
        arguments: the command line as typed, the script first.
        execute: runs the command in this process.

    Returns:
        The exit status of the command.
    """
    if not requirements:
        return _run_without(arguments, execute)
    try:
        python = prepare(requirements)
    except EnvironmentFailed as error:
        sys.stderr.write(f"The project's environment cannot be created: {error}\n")
        return error.status
    except KeyboardInterrupt:
        sys.stderr.write(
            "Interrupted while the environment was being created; the next start creates it again.\n"
        )
        return INTERRUPTED
    if _inside():
        return execute()
    return process.replace([str(python), *arguments])


def _run_without(arguments: list[str], execute: Callable[[], int]) -> int:
    """Run a command that needs only the standard library and the packages of container3_codebase/."""
    folder = str(ROOT / "container3_codebase")
    before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if folder in before or find_spec("pybrain_runtime") is not None:
        return execute()
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [folder, *before]))
    return process.replace([sys.executable, *arguments])


def prepare(kind: str) -> Path:
    """Return the Python of an up-to-date environment, which is created if necessary.

    Args:
        kind: the lock file: ``run``, or ``test`` for the packages of the test suite as well.

    Raises:
        EnvironmentFailed: the lock file is missing, the folder is not writable, the package index is not reachable,
            or this Python has no venv.
    """
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not LOCKS[kind].is_file():
        why = "the submission archive has no tests; the repository does" if kind == "test" else "it is needed"
        raise EnvironmentFailed(f"{LOCKS[kind].name} not found: {why}", NO_INPUT)
    if _fits(kind, python):
        return python
    try:
        with exclusive(ROOT / ".venv.lock", patience=600, on_wait=lambda by: _say(f"waiting for {by}")):
            if not _fits(kind, python):
                _make(kind, python)
    except Busy as error:
        raise EnvironmentFailed(str(error), TRY_AGAIN) from error
    except NotOwned as error:
        raise EnvironmentFailed(
            f"{ENVIRONMENT}: {error}. Nothing was changed; move it away, or delete it, then start again.",
            CANNOT_WRITE,
        ) from error
    except OSError as error:
        raise EnvironmentFailed(
            f"{error.strerror or error}: {error.filename or ENVIRONMENT}", CANNOT_WRITE
        ) from error
    return python


def _inside() -> bool:
    """Return whether this is the Python of `.venv`, which may be a link to another disk."""
    return Path(sys.prefix).resolve() == ENVIRONMENT.resolve()


def _recipe(kind: str) -> dict[str, str]:
    """Return what an environment is created from: equal recipes give equal environments."""
    made_from = [LOCKS[kind], ROOT / "pyproject.toml"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in made_from)).hexdigest()
    return {"python": sys.version.split()[0], "root": str(ROOT), kind: digest}


def _stamped() -> dict[str, str]:
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _fits(kind: str, python: Path) -> bool:
    stamp = _stamped()
    expected = _recipe(kind)
    # This interpreter may be a patch release other than the one that created the environment.
    if not _inside():
        expected.pop("python")
    return python.exists() and all(stamp.get(key) == value for key, value in expected.items())


def _make(kind: str, python: Path) -> None:
    started = time.monotonic()
    stamp = _stamped()
    recipe = _recipe(kind)
    keep = python.exists() and stamp.get("root") == recipe["root"]
    folder = ENVIRONMENT
    if keep:
        claim(ENVIRONMENT)
        STAMP.unlink(missing_ok=True)
    else:
        folder = empty_folder(ENVIRONMENT, ROOT)
    _say(
        f"creating .venv for the {'test suite' if kind == 'test' else 'pipeline'} (once; needs the package index)"
    )
    if not keep:
        _say("  an empty environment")
        venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(folder)
        _call(
            [str(python), "-m", "ensurepip", "--default-pip"],
            "this Python has no ensurepip (Debian: apt install python3-venv)",
        )
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
    _say(f"  the packages of {LOCKS[kind].name}, checked against their hashes")
    _call(
        [*pip, "--require-hashes", "--only-binary=:all:", "-r", str(LOCKS[kind])],
        "pip could not install them. For a proxy or your own package index, see README, Troubleshooting",
    )
    _say("  this project, editable")
    _call(
        [*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        "pip could not install the project",
    )
    write_ascii_paths(ENVIRONMENT)
    entries = {key: stamp[key] for key in ("run", "test") if keep and key in stamp}
    also_run = {"run": _recipe("run")["run"]} if kind == "test" else {}
    STAMP.write_text(json.dumps({**entries, **also_run, **recipe}, indent=1), encoding="utf-8")
    _say(f"  done in {time.monotonic() - started:.0f} s")


def write_ascii_paths(environment: Path) -> None:
    """Make the paths to this project relative if they have non-ASCII characters.

    Python decodes them in the encoding of the locale, and does not start if that fails (``LC_ALL=C``).

    Args:
        environment: the virtual environment, in which the project is installed as editable.
    """
    for folder in (*environment.glob("lib/python*/site-packages"), environment / "Lib" / "site-packages"):
        file = folder / "_app07.pth"
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        if not "".join(lines).isascii():
            relative = [os.path.relpath(line, folder) for line in lines]
            file.write_text("".join(f"{line}\n" for line in relative), encoding="utf-8")


def _call(command: list[str], what_failed: str) -> None:
    ended = process.capture(command, timeout=None)
    if not ended.ok:
        lines = ended.last_lines(8).splitlines()
        raise EnvironmentFailed(what_failed + "".join(f"\n    {line}" for line in lines))


def _say(text: str) -> None:
    # To standard error, because a program may read standard output (--json).
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
