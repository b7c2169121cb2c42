"""Makes the project's own environment, `.venv`, from the lock file, and goes on inside it.

Standard library alone, because this is what runs before anything is installed. The environment is made once;
a stamp in it records what it was made from, is written last, and so is missing after a broken attempt.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

from pipeline.environment import ownership as own_environment
from pipeline.run_lock import Busy, exclusive

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / own_environment.STAMP
LOCKS = {"run": ROOT / "requirements.lock", "test": ROOT / "requirements-test.lock"}

INPUT_MISSING, CANNOT_WRITE, UNAVAILABLE, TIMED_OUT, INTERRUPTED = 66, 73, 69, 75, 130


class CannotPrepare(Exception):
    """The environment cannot be made; `status` is what the program should end with."""

    def __init__(self, message: str, status: int = UNAVAILABLE) -> None:
        super().__init__(message)
        self.status = status


def run_inside(options: argparse.Namespace, arguments: list[str]) -> int:
    """Runs the parsed command in `.venv`: here, where this already is its Python, else in a child.

    Args:
        options: the command, from `pipeline.parser.parse`.
        arguments: the command line as typed, the script first.

    Returns:
        The exit status of the command.
    """
    try:
        python = prepare("test" if options.command == "test" else "run")
    except CannotPrepare as error:
        sys.stderr.write(f"The project's environment cannot be made: {error}\n")
        return error.status
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted while the environment was being made; the next start makes it anew.\n")
        return INTERRUPTED
    if _inside():
        from pipeline.cli import execute

        return execute(options)
    return _hand_over([str(python), *arguments])


def prepare(kind: str) -> Path:
    """The Python of an environment that fits the lock file.

    Args:
        kind: "run", or "test" for the test suite's parts as well.

    Raises:
        CannotPrepare: no lock file, no right to write, no index reached, a Python without venv.
    """
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not LOCKS[kind].is_file():
        why = (
            "the archive that is handed in has no tests; the repository has"
            if kind == "test"
            else "it is needed"
        )
        raise CannotPrepare(f"there is no {LOCKS[kind].name} here: {why}", INPUT_MISSING)
    if _fits(kind, python):
        return python
    try:
        with exclusive(ROOT / ".venv.lock", patience=600, on_wait=lambda by: _say(f"waiting for {by}")):
            if not _fits(kind, python):
                _make(kind, python)
    except Busy as error:
        raise CannotPrepare(str(error), TIMED_OUT) from error
    except own_environment.NotOurs as error:
        raise CannotPrepare(
            f"{ENVIRONMENT}: {error}. Nothing was changed; move it away, or delete it, then start again.",
            CANNOT_WRITE,
        ) from error
    except OSError as error:
        raise CannotPrepare(
            f"{error.strerror or error}: {error.filename or ENVIRONMENT}", CANNOT_WRITE
        ) from error
    return python


def _inside() -> bool:
    """Whether this Python is that of `.venv`, which may be a link to a place with more room."""
    return Path(sys.prefix).resolve() == ENVIRONMENT.resolve()


def _recipe(kind: str) -> dict[str, str]:
    """What an environment of this kind is made from; equal recipes, equal environments."""
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
    wanted = _recipe(kind)
    # The interpreter that made it may be another patch release than the one that asks.
    if not _inside():
        wanted.pop("python")
    return python.exists() and all(stamp.get(key) == value for key, value in wanted.items())


def _make(kind: str, python: Path) -> None:
    started = time.monotonic()
    stamp = _stamped()
    recipe = _recipe(kind)
    keep = python.exists() and stamp.get("root") == recipe["root"]
    folder = ENVIRONMENT
    if keep:
        own_environment.mark(ENVIRONMENT)
        STAMP.unlink(missing_ok=True)
    else:
        folder = own_environment.make_room(ENVIRONMENT, ROOT)
    _say(
        f"making .venv for the {'test suite' if kind == 'test' else 'pipeline'} (once; needs the package index)"
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
        "pip could not install them. Behind a proxy or with an index of your own: README, Troubleshooting",
    )
    _say("  this project, as it lies here")
    _call(
        [*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        "pip could not install the project",
    )
    kept = {key: stamp[key] for key in ("run", "test") if keep and key in stamp}
    also_run = {"run": _recipe("run")["run"]} if kind == "test" else {}
    STAMP.write_text(json.dumps({**kept, **also_run, **recipe}, indent=1), encoding="utf-8")
    _say(f"  done in {time.monotonic() - started:.0f} s")


def _call(command: list[str], what_failed: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).decode("utf-8", "replace").strip().splitlines()[-8:]
        raise CannotPrepare(what_failed + "".join(f"\n    {line}" for line in said))


def _say(text: str) -> None:
    # On the error stream: standard output may be meant for a machine (--json).
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _hand_over(command: list[str]) -> int:
    """Becomes the command; where a system cannot do that, waits for it and returns its status."""
    if os.name != "nt":
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(command[0], command)
    with subprocess.Popen(command) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue  # the child got it too, and ends in its own way
