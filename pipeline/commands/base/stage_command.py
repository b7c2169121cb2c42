"""The options of the commands that run the stages. Uses only the standard library."""

from __future__ import annotations

import argparse

from common.project import PROFILES
from pipeline.commands.base.command import Command
from pipeline.commands.base.options import add_compose_option

DEFAULT_TIMEOUT = 300.0
"""Default time limit for a run of the stack, in seconds."""


class StageCommand(Command):
    """A command that begins with stage 1.

    Attributes:
        model: the network's file or its name in models/; None for the environment's or the project's own.
        data: the file with the rows; None for the environment's or the project's own.
    """

    reads_env_file = True
    model: str | None
    data: str | None

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options that select network and rows."""
        parser.add_argument(
            "--model", metavar="FILE|NAME", help="the network: a file, or the name of one in models/"
        )
        parser.add_argument(
            "--data", metavar="FILE", help="the input rows: CSV, JSON lines, Excel, Parquet or Arrow stream"
        )

    def needs_checkout(self) -> bool:
        """Return true: the stages use the build contexts of the images."""
        return True


class StackCommand(StageCommand):
    """A command that builds images or runs the stack.

    Attributes:
        engine: auto, docker or local.
        compose: the version of Compose: auto, v1 or v2.
        profile: the hardware profile of the containers, one of `PROFILES`, auto or none.
        no_build: whether missing or outdated images are an error.
        timeout: time limit for a run of the stack, in seconds.
    """

    engine: str
    compose: str
    profile: str
    no_build: bool
    timeout: float

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options that select network and rows, and those of the engine."""
        super().add_options(parser)
        parser.add_argument(
            "--engine",
            choices=("auto", "docker", "local"),
            default="auto",
            help="docker: containers; local: the same stages as processes, without a container engine; "
            "auto (default): docker if a daemon responds, otherwise local",
        )
        add_compose_option(parser)
        parser.add_argument(
            "--profile",
            choices=("auto", "none", *PROFILES),
            default="auto",
            help="add docker-compose.PROFILE.yml, which fits the containers to the hardware "
            "(docs/hardware-profiles.md); auto (default): the one that COMPOSE_FILE names, otherwise none",
        )
        parser.add_argument(
            "--no-build",
            action="store_true",
            help="use the existing images; fail if one is missing or outdated",
        )
        parser.add_argument(
            "--timeout",
            type=_seconds,
            default=DEFAULT_TIMEOUT,
            metavar="SECONDS",
            help="time limit for the run of the stack; then it is taken down and the exit status is 75 "
            f"(default: {DEFAULT_TIMEOUT:.0f})",
        )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds between 0 and 86400")
    return value
