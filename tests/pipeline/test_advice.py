"""The advice of each command for an error of the library mentions only its own options."""

from __future__ import annotations

import errno
import sys

import pytest

from common.project import PROJECT
from pipeline.commands.registry import COMMANDS
from pybrain_runtime.errors import (
    AlreadyScaled,
    CannotResume,
    CannotWrite,
    MissingPackage,
    OutputExists,
    OverwritesInput,
    PipelineError,
)
from pybrain_runtime.tables.column_errors import ColumnCountError, MissingHeader, OtherColumnNames

_PIP = f"{sys.executable} -m pip install -r"
WIDTH = ColumnCountError("m", line=1, counts=(2, 3), width=4)
NARROW = ColumnCountError("m", line=1, counts=(4, 7), width=2)
NAMES = OtherColumnNames("m", expected=("a", "b"), found=("x", "y z"))
NO_FOLDER = CannotWrite("m", hint="Create the folder.", errno=errno.ENOENT)

ADVICE: list[tuple[str, PipelineError, str]] = [
    ("activate", WIDTH, "Use matching rows as DATA, or choose columns by name with --input-columns."),
    ("run", WIDTH, "Use matching rows with --data, or choose columns by name with INPUT_COLUMNS."),
    ("activate", NARROW, "Use matching rows as DATA, or another network as KNOWLEDGE."),
    ("prepare", NARROW, "Use matching rows with --data, or another network with --model."),
    (
        "activate",
        NAMES,
        "Or give --input-columns 'x,y z' to use them as they are. "
        "To ignore the names of the card, give --ignore-card-names.",
    ),
    (
        "prepare",
        NAMES,
        "Or set INPUT_COLUMNS='x,y z' to use them as they are. "
        "To ignore the names of the card, set IGNORE_CARD_NAMES=1.",
    ),
    ("activate", MissingHeader("m"), "Or leave out --input-columns and --target-columns."),
    ("activate", MissingHeader("m", chosen=("keep",)), "Or leave out --keep."),
    (
        "run",
        MissingHeader("m", chosen=("inputs", "targets", "keep")),
        "Or unset INPUT_COLUMNS, TARGET_COLUMNS and KEEP_COLUMNS.",
    ),
    ("activate", NO_FOLDER, "Or choose another path with --output."),
    ("convert", NO_FOLDER, "Or choose another file with --output."),
    ("run", NO_FOLDER, ""),
    (
        "activate",
        CannotResume("m"),
        "Run without --resume to start over; the output of the interrupted run is then discarded.",
    ),
    (
        "activate",
        AlreadyScaled("m"),
        "Ignore the scaling of the card with --no-scale, or leave out --scale-inputs and --scale-outputs "
        "(SCALE_INPUTS and SCALE_OUTPUTS in the environment).",
    ),
    ("run", AlreadyScaled("m"), "Unset SCALE_INPUTS and SCALE_OUTPUTS."),
    ("convert", OverwritesInput("m"), "Choose another file with --output."),
    (
        "convert",
        OutputExists("m", can_force=True),
        "Choose another file with --output, or allow it with --force.",
    ),
    ("convert", OutputExists("m", hint="Remove that card."), "Or choose another file with --output."),
    (
        "convert",
        MissingPackage("m", extra="onnx"),
        f"Install with: {_PIP} {PROJECT.root}/requirements/onnx.lock",
    ),
    (
        "activate",
        MissingPackage("m", extra="fast"),
        f"Install with: {_PIP} {PROJECT.root}/requirements/fast.lock",
    ),
    ("inspect", PipelineError("m"), ""),
]


@pytest.mark.parametrize(("command", "error", "advice"), ADVICE)
def test_a_command_names_its_own_options(command: str, error: PipelineError, advice: str) -> None:
    (selected,) = (each for each in COMMANDS if each.name == command)
    assert selected().advice(error) == advice
