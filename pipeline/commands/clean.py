"""`clean`: remove what runs have left behind: results, files of the containers, and images of this checkout."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context, Result

if TYPE_CHECKING:
    from pipeline.cleaning.leftovers import Leftovers

_EPILOG = (
    "Removes the results of the three stages in output/, the files of runs in shared_data/, and the images that the\n"
    "drivers built from this checkout. Trained networks, evaluations, and the files that prepare_files.py replaced\n"
    "are kept unless --all is given. Everything else is kept: .venv, .env, networks, rows, and images of other\n"
    "checkouts.\n\n"
    "exit status: 0 done, 2 wrong usage, 66 not a checkout, 73 something could not be removed, 75 a run is in progress"
)


class CleanResult(Result):
    """The result of `clean`.

    Args:
        found: the results, files and images that were found.
        removed: the paths and images that were removed, as they are shown.
        failed: the reasons why the others could not be removed, by name.
    """

    def __init__(self, found: Leftovers, removed: list[str], failed: dict[str, str]) -> None:
        from common.errors import CannotWrite

        self.found = found
        self.removed = removed
        self.failed = failed
        if failed:
            self.error = CannotWrite(
                "not removed: " + "; ".join(f"{name} ({reason})" for name, reason in failed.items()),
                hint="If root owns files: sudo chown -R $USER output shared_data. `app07 doctor` checks permissions.",
            )

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        found = self.found
        listed = {"paths": list(found.shown), "images": list(found.images), "kept": list(found.kept)}
        return {**listed, "removed": self.removed, "failed": self.failed}


class CleanCommand(Command):
    """Remove what runs have left behind.

    Attributes:
        dry_run: whether everything is listed and nothing is removed.
        all: whether trained networks, evaluations and replaced files are removed as well.
        keep_images: whether images are kept.
    """

    name = "clean"
    position = 48
    summary = (
        "Remove what runs have left behind: results, files in shared_data/, and the images of this checkout."
    )
    epilog = _EPILOG
    requirements = ""

    dry_run: bool
    all: bool
    keep_images: bool

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument(
            "--dry-run", action="store_true", help="list what would be removed; remove nothing"
        )
        parser.add_argument(
            "--all",
            action="store_true",
            help="remove all of output/, with trained networks, evaluations and replaced files",
        )
        parser.add_argument("--keep-images", action="store_true", help="remove files only")

    def needs_checkout(self) -> bool:
        """Return true: only a checkout has results to remove."""
        return True

    def run(self, context: Context) -> CleanResult:
        """List what runs have left behind, and remove it.

        Raises:
            CheckoutBusy: a run is in progress.
        """
        from pipeline.cleaning.leftovers import find_leftovers
        from pipeline.cleaning.removal import remove

        found = find_leftovers(context.layout, everything=self.all, images=not self.keep_images)
        write = context.console.print
        for name, size in zip(found.shown, found.sizes, strict=True):
            write(f"  {name:<44} {size:>14,} bytes")
        for image in found.images:
            write(f"  image {image}")
        for name in found.kept:
            write(f"  kept: {name}")
        removed: list[str] = []
        failed: dict[str, str] = {}
        if not self.dry_run:
            removed, failed = remove(context.layout, found)
        count = len(found.shown) + len(found.images)
        if not count:
            write("  nothing to remove")
        elif self.dry_run:
            write(f"  {count} would be removed, {sum(found.sizes):,} bytes of files; nothing was changed")
        else:
            write(f"  {len(removed)} of {count} removed")
        return CleanResult(found, removed, failed)
