"""`compose`: stage 3, run the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.commands.base.command import Context
from pipeline.commands.base.stage_command import StackCommand

if TYPE_CHECKING:
    from pipeline.commands.actions.run_stages import StagesResult


class ComposeCommand(StackCommand):
    """Run the stack, show and keep its output, then take it down."""

    name = "compose"
    position = 40
    summary = "Stage 3: run the stack, show and keep its output, then take it down."

    def run(self, context: Context) -> StagesResult:
        """Run stage 3."""
        from pipeline.commands.actions import run_stages as stages

        with stages.exclusive_run(context, patience=self.timeout):
            prepared = stages.prepare_files(context, self, into_contexts=False, clear=(3,))
            context.console.heading("Stage 3 · run the stack")
            engine = stages.build_images(context, self, prepared)
            stack_run = stages.run_stack(context, engine, prepared, timeout=self.timeout)
        return stages.StagesResult(context.layout, run=stack_run)
