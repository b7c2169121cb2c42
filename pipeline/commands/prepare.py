"""`prepare`: stage 1, validate and copy the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.commands.base.command import Context
from pipeline.commands.base.stage_command import DEFAULT_TIMEOUT, StageCommand

if TYPE_CHECKING:
    from pipeline.commands.actions.run_stages import StagesResult


class PrepareCommand(StageCommand):
    """Validate network and rows, and copy them to the build contexts of the images."""

    name = "prepare"
    position = 20
    summary = "Stage 1: validate network and rows, and copy them to output/ and to the build contexts of the images."

    def run(self, context: Context) -> StagesResult:
        """Run stage 1; the selected files become the project's own."""
        from pipeline.commands.actions import run_stages as stages

        with stages.exclusive_run(context, patience=DEFAULT_TIMEOUT):
            prepared = stages.prepare_files(context, self, into_contexts=True)
        return stages.StagesResult(context.layout, prepared=prepared)
