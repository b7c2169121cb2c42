"""Remove the results of previous runs from ``output/``."""

from __future__ import annotations

from pathlib import Path

from common import atomic_files
from common.project import ACTIVATION_FILE, CARD_FILE, CODE_FILE, KNOWLEDGE_FILE, Layout
from pipeline.stages import container_tests, prepare, stack_run


def clear(layout: Layout, *numbers: int) -> None:
    """Remove the results of some stages.

    A command removes the results of the stages that it will run before it begins. If it then fails or is killed,
    the prediction of a previous run is not mistaken for its own.

    Args:
        layout: the checkout.
        numbers: the numbers of the stages: 1, 2, 3.

    Raises:
        CannotWrite: a file cannot be removed.
    """
    for number in numbers:
        stage, names = _results(layout)[number]
        for name in names if stage.is_dir() else ():
            atomic_files.remove(stage / name)


def _results(layout: Layout) -> dict[int, tuple[Path, tuple[str, ...]]]:
    prepared = (prepare.RECORD, ACTIVATION_FILE, KNOWLEDGE_FILE, CARD_FILE, CODE_FILE)
    return {
        1: (layout.stage1, prepared),
        2: (layout.stage2, (container_tests.RESULTS, *container_tests.OUTPUT_FILES)),
        3: (layout.stage3, (stack_run.SUMMARY, stack_run.LOG, stack_run.REPORT, *stack_run.RESULT_FILES)),
    }
