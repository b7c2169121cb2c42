"""`score`: compute the metrics of a network on a table."""

from __future__ import annotations

from pipeline.commands.command import Context, Result
from pipeline.commands.training_command import TrainingCommand


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
        from pipeline.commands.training_output import score

        return score(context, self.scenario, self.options(), self.engine)
