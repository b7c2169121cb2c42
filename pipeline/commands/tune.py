"""`tune`: tune the training options, then train the network with the best ones."""

from __future__ import annotations

from pipeline.commands.actions.training_command import TrainingCommand
from pipeline.commands.base.command import Context, Result
from pipeline.commands.base.training_options import EPILOG


class TuneCommand(TrainingCommand):
    """Run the training scenario `tune`."""

    name = "tune"
    position = 110
    summary = "Tune the training options by cross-validation, then train with the best ones."
    epilog = (
        "ranges: learning_rate=0.001..0.1:log (on a logarithmic scale), momentum=0..0.9, batch_size=8..64,\n"
        "hidden=4|8|8,6 (choices), trainer=adam|lbfgs; in a TOML file they are the table [search.ranges], the other\n"
        "options of the search are in [search]; in the environment TRAIN_RANGE='hidden=4|8; momentum=0..0.9'\n\n"
        + EPILOG
    )
    scenario = "tune"

    def run(self, context: Context) -> Result:
        """Run the search in a process or container of its own, and print its result.

        Raises:
            PipelineError: the search or the training failed; no knowledge was written.
        """
        from pipeline.commands.actions.tune import tune

        return tune(context, self.options(), self.engine)
