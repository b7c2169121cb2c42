"""`check`: stage 2, test each container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.commands.base.command import Context
from pipeline.commands.base.stage_command import StackCommand

if TYPE_CHECKING:
    from pipeline.commands.actions.run_stages import StagesResult


class CheckCommand(StackCommand):
    """Build the images and test each container on its own."""

    name = "check"
    position = 30
    summary = (
        "Stage 2: build missing or outdated images and test each container on its own, as a tutor would."
    )

    def run(self, context: Context) -> StagesResult:
        """Run stage 2."""
        from pipeline.commands.actions import run_stages as stages

        with stages.exclusive_run(context, patience=self.timeout):
            prepared = stages.prepare_files(context, self, into_contexts=False, clear=(2, 3))
            context.console.heading("Stage 2 · test each container")
            engine = stages.build_images(context, self, prepared)
            reports = stages.test_containers(context, engine, prepared)
        return stages.StagesResult(context.layout, reports=reports)
