"""What stands in for activationbase and knowledgebase where there is no container engine.

Each is a process of its own that does what publish.sh does in the containers:

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

from pipeline import atomic_files
from pipeline.console import use_utf8
from pipeline.errors import InputMissing, PipelineError, UsageError


def show(path: Path) -> None:
    """Prints a file byte for byte."""
    sys.stdout.buffer.write(path.read_bytes())


def list_folder(folder: Path) -> None:
    """Lists a folder: size and name."""
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:>12} {path.name}")


def publish(ready: Path, source: Path, target: Path, outdated: list[Path]) -> None:
    """Copies a file and its card to the shared folder, says so through `ready`, and waits for its end.

    That is SIGTERM, or the end of the driver.

    As in the containers, a missing source leaves the place empty: codebase then says what is missing.
    """
    driver, stop = os.getppid(), threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    card = source.with_name(f"{source.stem}.card.json")
    target_card = target.with_name(f"{target.stem}.card.json")
    for old in (target, target_card, *outdated):
        atomic_files.remove(old)
    if card.is_file():
        atomic_files.put(card, target_card)
    if source.is_file():
        atomic_files.put(source, target)
        print(
            f"{source.name} -> {target} ({target.stat().st_size} bytes, sha256 {atomic_files.sha256_of(target)[:16]})",
            flush=True,
        )
    else:
        print(f"ERROR: there is no {source}", file=sys.stderr, flush=True)
    ready.touch()
    # A driver that was killed can tell nobody to stop: then this process has another parent.
    while not stop.wait(1.0) and os.getppid() == driver:
        pass


def main(words: list[str]) -> int:
    """Runs one of the three; the exit status is that of DESIGN section 3."""
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
        return _complain(InputMissing(f"there is no {error.filename}"))
    except PipelineError as error:
        return _complain(error)
    return 0


def _complain(error: PipelineError) -> int:
    print(f"ERROR: {error}", file=sys.stderr, flush=True)
    return error.status


if __name__ == "__main__":
    use_utf8()
    sys.exit(main(sys.argv[1:]))
