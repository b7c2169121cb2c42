"""`score`: compute the metrics of a network on a table."""

from __future__ import annotations

from pipeline.commands.actions.training_command import TrainingCommand
from pipeline.commands.base.command import Context, Result


class ScoreCommand(TrainingCommand):
    """Run the training scenario `evaluate`."""

    name = "score"
    position = 100
    summary = "Compute the metrics of a network on a table."
    scenario = "evaluate"

    def run(self, context: Context) -> Result:
        """Compute the metrics in a process or container of its own, and print them.

        Raises:
            PipelineError: the scenario failed.
        """
        from pipeline.commands.actions.training import score

        return score(context, self.scenario, self.options(), self.engine)
