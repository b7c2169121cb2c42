"""`train`: train a new network on a table, and write it with metrics, history and report."""

from __future__ import annotations

from pipeline.commands.actions.training_command import TrainingCommand


class TrainCommand(TrainingCommand):
    """Run the training scenario `create`."""

    name = "train"
    position = 80
    summary = "Train a new network on a table, and write it with metrics, history and report."
    scenario = "create"
