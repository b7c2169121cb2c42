"""`test`: run the test suite."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Self

from pipeline.commands.base.command import Command, Context, Result

_PARALLEL = ["-n", "auto", "--dist", "loadgroup"]
_SERIAL = ("-n", "--numprocesses", "--pdb", "--trace", "-pno:xdist", "no:xdist")
"""Options of pytest that set the number of processes, or need a single one."""


class TestCommand(Command):
    """Run pytest in the project's folder, with the options that follow."""

    __test__ = False  # pytest would collect a class of this name

    name = "test"
    position = 150
    summary = "Run the test suite; all further options go to pytest (for example: -k iris)."
    usage = "%(prog)s [pytest options]"
    requirements = "test"
    has_reporting_options = False

    pytest: list[str]

    @classmethod
    def parse(cls, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> Self:
        """Return the command; options that the parser does not define are passed to pytest."""
        command, rest = parser.parse_known_args(arguments, namespace=cls())
        command.pytest = rest
        return command

    def needs_checkout(self) -> bool:
        """Return true: the tests are in the repository."""
        return True

    def run(self, context: Context) -> Result:
        """Replace this process with pytest; run the tests in parallel unless the options say otherwise.

        Raises:
            InputMissing: the checkout has no tests.
        """
        import os
        import sys

        from common import process
        from common.errors import InputMissing

        if not (context.layout.root / "tests").is_dir():
            raise InputMissing(
                "This checkout has no tests; the repository does.", hint="Clone it to run them."
            )
        parallel = [] if any(word.startswith(_SERIAL) for word in self.pytest) else _PARALLEL
        os.chdir(context.layout.root)
        sys.exit(process.replace([sys.executable, "-m", "pytest", *parallel, *self.pytest]))
