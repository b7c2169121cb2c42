"""`run`: all three stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.commands.base.command import Context
from pipeline.commands.base.stage_command import StackCommand

if TYPE_CHECKING:
    from pipeline.commands.actions.run_stages import StagesResult


class RunCommand(StackCommand):
    """Prepare the files, test each container, run the stack, and show the prediction."""

    name = "run"
    position = 10
    summary = (
        "Run all three stages: prepare the files, test each container, run the stack; show the prediction."
    )

    def run(self, context: Context) -> StagesResult:
        """Run all three stages."""
        from pipeline.commands.actions import run_stages as stages

        with stages.exclusive_run(context, patience=self.timeout):
            prepared = stages.prepare_files(context, self, into_contexts=False, clear=(2, 3))
            context.console.heading("Stage 2 · test each container")
            engine = stages.build_images(context, self, prepared)
            reports = stages.test_containers(context, engine, prepared)
            context.console.heading("Stage 3 · run the stack")
            stack_run = stages.run_stack(context, engine, prepared, timeout=self.timeout)
        return stages.StagesResult(context.layout, prepared=prepared, reports=reports, run=stack_run)
