"""`inspect`: what a knowledge file is, what is in it, and whether it is safe."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.cli import Session

SUMMARY = (
    "What a knowledge file is: its layers and connections, the names it refers to, safe or refused and why."
)

_EPILOG = (
    "The file is read, never executed. Its content decides what it is, not its name.\n\n"
    "exit status: 0 done: a network that can answer, 2 wrong usage, 65 refused or no usable network,\n"
    "66 there is no such file, 73 the drawing cannot be written"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds what `inspect` takes."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="a pickle, an XML or npz file, also gz or bz2"
    )
    parser.add_argument(
        "--card", metavar="FILE", type=Path, help="its card (default: NAME.card.json beside it)"
    )
    parser.add_argument("--sha256", metavar="HEX", help="what its hash must be, 64 digits")
    parser.add_argument(
        "--drawing", metavar="FILE.svg", type=Path, help="draw the network there (replaces a drawing)"
    )


def run(session: Session) -> dict[str, Any]:
    """Looks at the file and says what was found.

    Raises:
        NotUsable: the file or its card is refused or cannot be used; what was found is in its `report`.
        InputMissing: there is no such file.
        CannotWrite: the drawing cannot be written.
    """
    from pipeline.errors import NotUsable
    from pipeline.inspection.facts import facts_of
    from pipeline.inspection.text import lines_of
    from pybrain_runtime.inspection import inspect_file

    options = session.options
    _check_drawing(options.drawing, options.file, options.card)
    found = inspect_file(options.file, card=options.card, sha256=options.sha256)
    facts = facts_of(found)
    for line in lines_of(found):
        session.console.say(line)
    wrong = found.error or found.card_error
    if wrong is not None:
        if options.drawing is not None:
            session.console.say("  drawing      none, because the file is not usable")
        raise NotUsable(wrong, facts) from None
    if options.drawing is not None and found.network is not None:
        facts["drawing"] = str(_draw(found.network, options.drawing))
        session.console.say(f"  drawing      {options.drawing}")
    return facts


def _check_drawing(path: Path | None, *read: Path | None) -> None:
    """A drawing replaces what is there, so its name must be that of a drawing, and nothing may be read there."""
    from pipeline.errors import UsageError
    from pybrain_runtime._io.output_paths import check_target
    from pybrain_runtime._io.paths import is_same

    if path is None:
        return
    if path.suffix.lower() != ".svg":
        raise UsageError(f"--drawing {path}: the drawing is SVG; give it a name that ends in .svg")
    for other in read:
        if other is not None and is_same(str(path), str(other)):
            raise UsageError(f"--drawing {path} would be written over {other}, which is read")
    check_target(str(path))


def _draw(network: Any, path: Path) -> Path:
    from pipeline import atomic_files
    from pybrain_runtime.drawing import drawing

    atomic_files.write_text(path, drawing(network))
    return path
