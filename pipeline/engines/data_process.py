"""The programs of activationbase and knowledgebase for the local engine.

Each is a process that does what publish.sh does in the containers:

    python -m pipeline.engines.data_process show FILE
    python -m pipeline.engines.data_process list FOLDER
    python -m pipeline.engines.data_process publish READY SOURCE TARGET [OUTDATED...]
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from common import atomic_files
from common.console import use_utf8
from common.errors import InputMissing, PipelineError, UsageError


def show(path: Path) -> None:
    """Print a file, byte for byte."""
    sys.stdout.buffer.write(path.read_bytes())


def list_folder(folder: Path) -> None:
    """List the files of a folder: size and name."""
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:>12} {path.name}")


def publish(ready: Path, source: Path, target: Path, outdated: list[Path]) -> None:
    """Copy a file and its model card to the shared folder, then wait for SIGTERM or the end of the parent process.

    As in the containers, a missing source is not an error of this process: codebase reports it.

    Args:
        ready: a file that is created when the copy is complete.
        source: the file to copy.
        target: the copy.
        outdated: files of previous runs to remove.
    """
    parent, stop = os.getppid(), threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    card = source.with_name(f"{source.stem}.card.json")
    target_card = target.with_name(f"{target.stem}.card.json")
    for old in (target, target_card, *outdated):
        atomic_files.remove(old)
    if card.is_file():
        atomic_files.copy_if_changed(card, target_card)
    if source.is_file():
        atomic_files.copy_if_changed(source, target)
        print(
            f"{source.name} -> {target} ({target.stat().st_size} bytes, sha256 {atomic_files.sha256_of(target)[:16]})",
            flush=True,
        )
    else:
        print(f"ERROR: {source} not found", file=sys.stderr, flush=True)
    ready.touch()
    # If the parent is killed, it cannot send SIGTERM; this process then has another parent.
    while not stop.wait(1.0) and os.getppid() == parent:
        pass


def main(words: list[str]) -> int:
    """Run one of the three programs, and return its exit status."""
    try:
        match words:
            case ["show", path]:
                show(Path(path))
            case ["list", path]:
                list_folder(Path(path))
            case ["publish", ready, source, target, *outdated]:
                publish(Path(ready), Path(source), Path(target), [Path(name) for name in outdated])
            case _:
                raise UsageError("show FILE, list FOLDER, or publish READY SOURCE TARGET [OUTDATED...]")
    except FileNotFoundError as error:
        return _report(InputMissing(f"{error.filename} not found"))
    except PipelineError as error:
        return _report(error)
    return 0


def _report(error: PipelineError) -> int:
    print(f"ERROR: {error}", file=sys.stderr, flush=True)
    return error.status


if __name__ == "__main__":
    use_utf8()
    sys.exit(main(sys.argv[1:]))
