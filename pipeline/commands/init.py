"""`init`: lay out a checkout of the project."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.command import Command, Context, Result

if TYPE_CHECKING:
    from pipeline.checkout.lay_out import LaidOut

_EPILOG = (
    "The folder then holds the containers, the compose files, networks, rows and documentation, and all programs; it\n"
    "has no tests. Existing files are never changed: if one of another content has the name of a file of the project,\n"
    "nothing is written, nor if a link or a file is in place of one of its folders. It needs no network, no package\n"
    "and no .venv.\n\n"
    "exit status: 0 done, 2 wrong usage, 66 the installation is not complete, 73 cannot write"
)


class InitResult(Result):
    """The result of `init`.

    Args:
        laid_out: the checkout.
    """

    def __init__(self, laid_out: LaidOut) -> None:
        self.laid_out = laid_out

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        made = self.laid_out
        return {"folder": str(made.root), "written": made.written, "present": made.present}


class InitCommand(Command):
    """Lay out a checkout.

    Attributes:
        folder: where.
    """

    name = "init"
    position = 135
    summary = (
        "Lay out a new checkout of the project in a folder, to run the stages and to change the containers."
    )
    epilog = _EPILOG
    requirements = ""

    folder: Path

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument(
            "folder", metavar="FOLDER", type=_folder, help="the folder; created if it does not exist"
        )

    def run(self, context: Context) -> InitResult:
        """Lay out the checkout, and say how to go on.

        Raises:
            CannotWrite: the folder cannot be written, or has another file of the same name.
            InputMissing: the files are not in this installation.
        """
        from pipeline.checkout.lay_out import lay_out

        made = lay_out(self.folder)
        there = f"; {made.present:,} were there already" if made.present else ""
        context.console.print(f"  checkout     {made.root}: {made.written:,} files written{there}")
        context.console.print(f"  next         cd {_quoted(self.folder)} && python App07.py")
        return InitResult(made)


def _folder(text: str) -> Path:
    """Return the folder; an empty word, such as that of an unset variable, does not stand for the current one."""
    if not text.strip():
        raise argparse.ArgumentTypeError("no folder is named; give . for the current one")
    return Path(text)


def _quoted(path: Path) -> str:
    from shlex import quote

    return quote(str(path))
