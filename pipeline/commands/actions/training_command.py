"""What the subcommands `train`, `refine` and `score` have in common."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import ClassVar, Self

from pipeline.commands.base.command import Command, Context, Result
from pipeline.commands.base.training_options import EPILOG, add_training_options, given_options, parse_known


class TrainingCommand(Command):
    """Run a training scenario; the options are those of `training.options`.

    Attributes:
        scenario: create, refine or evaluate.
        engine: auto, docker or local.
    """

    epilog = EPILOG
    reads_env_file = True
    scenario: ClassVar[str]
    engine: str

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        add_training_options(parser, cls.scenario)

    @classmethod
    def parse(cls, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> Self:
        """Return the command; an unknown option is an error that names similar ones."""
        return parse_known(parser, arguments, cls())

    def options(self) -> dict[str, object]:
        """Return the options that were given, by their names in `training.options`."""
        return given_options(self, self.scenario)

    def needs_checkout(self) -> bool:
        """Return whether the image, the rows or the network of the project are used."""
        given = self.options()
        own = "data" not in given or (self.scenario in ("refine", "evaluate") and "model" not in given)
        return self.engine == "docker" or (own and "config" not in given)

    def run(self, context: Context) -> Result:
        """Run the scenario in a process or container of its own, and print its result.

        Raises:
            PipelineError: the scenario failed; nothing was written.
        """
        from pipeline.commands.actions.training import train

        return train(context, self.scenario, self.options(), self.engine)
