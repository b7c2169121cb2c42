"""Advice on errors of the inference library, in the terms of the command that shows them."""

from __future__ import annotations

from common.errors import PipelineError
from pipeline.checkout.optional_packages import install_command
from pybrain_runtime.container.advice import ENVIRONMENT, Wording
from pybrain_runtime.container.advice import advice_for as advice_about_settings
from pybrain_runtime.errors import (
    AlreadyScaled,
    CannotResume,
    CannotWrite,
    MissingPackage,
    OutputExists,
    OverwritesInput,
)

OPTIONS = Wording(
    inputs="--input-columns",
    targets="--target-columns",
    keep="--keep",
    ignore_card="--ignore-card-names",
    scale_inputs="--scale-inputs",
    scale_outputs="--scale-outputs",
    output="--output",
    sign=" ",
    give="give",
    leave_out="leave out",
    pick="--pick",
    other_rows="Use matching rows as DATA",
    other_network="another network as KNOWLEDGE",
)
"""What `activate` calls its settings."""

DRIVERS = ENVIRONMENT.replace(
    output="",
    other_rows="Use matching rows with --data",
    other_network="another network with --model",
)
"""What the drivers call the settings that they pass on to the containers."""


def advice_for(error: PipelineError, wording: Wording = DRIVERS) -> str:
    """Return what a user of a command can do about an error; empty if its options do not matter.

    Args:
        error: the error that is shown.
        wording: what the command calls its settings.
    """
    if isinstance(error, MissingPackage):
        return installation_advice(error.extra)
    return advice_about_settings(error, wording)


def installation_advice(extra: str) -> str:
    """Return a sentence with the command that installs an optional part here; empty if the part is unknown.

    Args:
        extra: the name of the part in `pyproject.toml`.
    """
    command = install_command(extra) if extra else ""
    return f"Install with: {command}" if command else ""


def advice_for_activate(error: PipelineError) -> str:
    """Return what a user of `activate` can do about an error; empty if nothing.

    Args:
        error: the error that is shown.
    """
    if isinstance(error, CannotResume):
        return "Run without --resume to start over; the output of the interrupted run is then discarded."
    if isinstance(error, AlreadyScaled):
        return (
            "Ignore the scaling of the card with --no-scale, or leave out --scale-inputs and --scale-outputs "
            "(SCALE_INPUTS and SCALE_OUTPUTS in the environment)."
        )
    return advice_for(error, OPTIONS)


def advice_for_convert(error: PipelineError) -> str:
    """Return what a user of `convert` can do about an error; empty if nothing.

    Args:
        error: the error that is shown.
    """
    if isinstance(error, OutputExists) and error.can_force:
        return "Choose another file with --output, or allow it with --force."
    if isinstance(error, OutputExists):
        return "Or choose another file with --output."
    if isinstance(error, CannotWrite):
        return (
            "Choose another file with --output."
            if not error.hint
            else "Or choose another file with --output."
        )
    if isinstance(error, OverwritesInput):
        return "Choose another file with --output."
    return advice_for(error, OPTIONS)
