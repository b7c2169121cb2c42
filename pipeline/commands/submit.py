"""`submit`: write the submission archive and evaluate it, or verify one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context
from pipeline.commands.base.options import add_compose_option, add_minimum_option

if TYPE_CHECKING:
    from pipeline.commands.actions.submission_archive import SubmitResult

_EPILOG = (
    "The same files give the same archive, byte for byte. docs/evaluation.md has the checklist.\n\n"
    "exit status: 0 done, whatever the points, 2 wrong usage, 65 a file holds a secret or its name is not\n"
    "portable, or ZIP is not a submission, 66 a required file is missing, 69 no container engine,\n"
    "70 fewer points than --minimum, 73 cannot write, 130 interrupted"
)


class SubmitCommand(Command):
    """Write and evaluate an archive, or verify one.

    Attributes:
        output: the archive to write; None for Task06_Submission.zip.
        no_run: whether the archive is not evaluated.
        verify: an existing archive that is verified instead; None to write one.
        compose: the version of Compose: auto, v1 or v2.
        minimum: the points below which the command fails.
    """

    name = "submit"
    position = 140
    summary = "Write Task06_Submission.zip with exactly the files of the checklist, and evaluate it."
    epilog = _EPILOG

    output: Path | None
    no_run: bool
    verify: Path | None
    compose: str
    minimum: float | None

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument(
            "--output", metavar="FILE", type=Path, help="the archive (default: Task06_Submission.zip)"
        )
        parser.add_argument("--no-run", action="store_true", help="write the archive without evaluating it")
        parser.add_argument(
            "--verify",
            metavar="ZIP",
            type=Path,
            help="write nothing; unpack this archive to a temporary folder and evaluate it there",
        )
        add_compose_option(parser)
        add_minimum_option(parser)

    def needs_checkout(self) -> bool:
        """Return whether the checkout is archived."""
        return self.verify is None

    def run(self, context: Context) -> SubmitResult:
        """Write the archive, or verify one."""
        from pipeline.commands.actions.submission_archive import (
            create,
            evaluate_archive,
            print_reminder,
            verify,
        )

        result = verify(context, self.verify) if self.verify else create(context, self.output)
        if not self.no_run:
            result = evaluate_archive(context, result, compose=self.compose, minimum=self.minimum)
        if not self.verify:
            print_reminder(context, result)
        return result
