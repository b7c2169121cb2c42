"""`train`: train a new network on a table, and write it with metrics, history and report."""

from __future__ import annotations

from pipeline.commands.training_command import TrainingCommand


class TrainCommand(TrainingCommand):
    """Run the training scenario `create`."""

    name = "train"
    summary = "Train a new network on a table, and write it with metrics, history and report."
    scenario = "create"
