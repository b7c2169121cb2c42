"""`refine`: train an existing network further; its file is not changed."""

from __future__ import annotations

from pipeline.commands.actions.training_command import TrainingCommand


class RefineCommand(TrainingCommand):
    """Run the training scenario `refine`."""

    name = "refine"
    position = 90
    summary = "Train an existing network further; its file is not changed."
    scenario = "refine"
