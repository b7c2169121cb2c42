"""The list of all subcommands, in the order of ``--help``. Standard library alone."""

from __future__ import annotations

from pipeline.commands.activate import ActivateCommand
from pipeline.commands.check import CheckCommand
from pipeline.commands.command import Command
from pipeline.commands.compose import ComposeCommand
from pipeline.commands.convert import ConvertCommand
from pipeline.commands.evaluate import EvaluateCommand
from pipeline.commands.inspect import InspectCommand
from pipeline.commands.prepare import PrepareCommand
from pipeline.commands.refine import RefineCommand
from pipeline.commands.run import RunCommand
from pipeline.commands.score import ScoreCommand
from pipeline.commands.submit import SubmitCommand
from pipeline.commands.test import TestCommand
from pipeline.commands.track import TrackCommand
from pipeline.commands.train import TrainCommand
from pipeline.commands.tune import TuneCommand

DEFAULT: type[Command] = RunCommand
"""The command that runs if none is named."""

COMMANDS: tuple[type[Command], ...] = (
    RunCommand,
    PrepareCommand,
    CheckCommand,
    ComposeCommand,
    ActivateCommand,
    InspectCommand,
    ConvertCommand,
    TrainCommand,
    RefineCommand,
    ScoreCommand,
    TuneCommand,
    TrackCommand,
    EvaluateCommand,
    SubmitCommand,
    TestCommand,
)
