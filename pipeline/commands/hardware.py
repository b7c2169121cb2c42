"""`hardware`: detect the hardware, and write variables that fit it to `.env`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from common.project import PROFILES
from pipeline.commands.base.command import Command, Context

if TYPE_CHECKING:
    from pipeline.commands.actions.hardware import HardwareResult

_EPILOG = (
    "Compose reads .env beside docker-compose.yml: the next `docker-compose up` has limits that fit.\n"
    "Everything else in the file is kept, and variables that the file already sets are not written. The command needs\n"
    "no package and no .venv.\n\n"
    "exit status: 0 done, 2 wrong usage or an .env that cannot be read, 70 internal error, 73 cannot write .env,\n"
    "130 interrupted"
)


class HardwareCommand(Command):
    """Detect the hardware, and write `.env`.

    Attributes:
        profile: ``auto``, ``none`` or the name of a profile.
        no_write: whether `.env` is left unchanged.
    """

    name = "hardware"
    position = 45
    summary = "Detect processors, memory and accelerators, and write the limits that fit them to .env."
    epilog = _EPILOG
    requirements = ""

    profile: str
    no_write: bool

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument(
            "--profile",
            choices=("auto", "none", *PROFILES),
            default="auto",
            help="select docker-compose.PROFILE.yml as well; auto (default): gpu-nvidia where containers can use an "
            "NVIDIA GPU, else none",
        )
        parser.add_argument(
            "--no-write", action="store_true", help="show the variables, and leave .env as it is"
        )

    def needs_checkout(self) -> bool:
        """Return whether `.env` is written."""
        return not self.no_write

    def run(self, context: Context) -> HardwareResult:
        """Detect the hardware, and write `.env`.

        Raises:
            UsageError: the profile does not match the hardware, or `.env` cannot be read.
            CannotWrite: `.env` cannot be written.
        """
        from pipeline.commands.actions.hardware import detect_and_write

        return detect_and_write(context, self.profile, write=not self.no_write)
