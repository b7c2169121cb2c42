"""`train`: train a new network on a table, and write it with metrics, history and report."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from pipeline.commands.command import Command, Context
from pipeline.commands.training_options import EPILOG, add_training_options, given_options, parse_known

if TYPE_CHECKING:
    from pipeline.commands.training_output import TrainingResult

_SCENARIO = "create"


class TrainCommand(Command):
    """Run the training scenario `create`; its options are those of `training.options`."""

    name = "train"
    summary = "Train a new network on a table, and write it with metrics, history and report."
    epilog = EPILOG

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        add_training_options(parser, _SCENARIO)

    @classmethod
    def parse(cls, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> Self:
        """Return the command; an unknown option is an error that names similar ones."""
        return parse_known(parser, arguments, cls())

    def run(self, context: Context) -> TrainingResult:
        """Run the scenario in a process of its own, and print its result.

        Raises:
            PipelineError: it failed; nothing was written.
        """
        from pipeline.commands.training_output import train

        return train(context, _SCENARIO, given_options(self, _SCENARIO))
