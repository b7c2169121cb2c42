"""`init`: create a checkout of the project."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context, Result

if TYPE_CHECKING:
    from pipeline.checkout.lay_out import LaidOut

_EPILOG = (
    "The folder then holds the containers, the compose files, networks, rows and documentation, and all programs; it\n"
    "has no tests. Existing files are never changed: if a project file already exists with other content, or a link\n"
    "or file occupies the path of a project folder, nothing is written. The command needs no network, no package and\n"
    "no .venv.\n\n"
    "exit status: 0 done, 2 wrong usage, 66 the installation is incomplete, 73 cannot write"
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
    """Create a checkout.

    Attributes:
        folder: the folder of the new checkout.
    """

    name = "init"
    position = 135
    summary = (
        "Create a new checkout of the project in a folder, to run the stages and to change the containers."
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
        """Create the checkout, and print the next step.

        Raises:
            CannotWrite: the folder cannot be written, or has a file of the same name with other content.
            InputMissing: the files are not in this installation.
        """
        from pipeline.checkout.lay_out import lay_out

        made = lay_out(self.folder)
        existing = f"; {made.present:,} already existed" if made.present else ""
        context.console.print(f"  checkout     {made.root}: {made.written:,} files written{existing}")
        context.console.print(f"  next         cd {_quoted(self.folder)} && python App07.py")
        return InitResult(made)


def _folder(text: str) -> Path:
    """Return the folder; an empty string, such as the value of an unset variable, is an error."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the folder is empty; specify . for the current one")
    return Path(text)


def _quoted(path: Path) -> str:
    from shlex import quote

    return quote(str(path))
