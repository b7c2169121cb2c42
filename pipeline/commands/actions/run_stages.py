"""Run the stages for a command, and print what they do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from common import atomic_files
from common.env_file.profile import selected_profile
from common.errors import CheckoutBusy, ChecksFailed
from common.project import ACTIVATION_FILE, CARD_FILE, KNOWLEDGE_FILE, PREDICTION_CSV, Layout
from common.run_lock import Busy, exclusive
from pipeline.cards.copied_network import copy_note
from pipeline.commands.base.command import Context, Result
from pipeline.commands.base.stage_command import StackCommand, StageCommand
from pipeline.engines.base import TEST_TIMEOUT, ContainerReport, Engine
from pipeline.engines.choose import choose_engine
from pipeline.prepared_files import Prepared
from pipeline.stages import container_tests, prepare, previous_results, stack_run
from pipeline.stages.run_record import Run, prediction_lines, verdict
from pipeline.stages.selection import columns, select
from pybrain_runtime.container.advice import FAST_IMAGE, scaling_advice
from pybrain_runtime.container.settings import switch
from pybrain_runtime.io.atomic_file import cannot_write
from pybrain_runtime.io.printable import plural

_MARKS = {"passed": "✓", "failed": "✗", "not checked": "–"}


@dataclass(frozen=True)
class StagesResult(Result):
    """The results of the stages that a command has run.

    Attributes:
        layout: the checkout.
        prepared: the files of stage 1; None if the command does not report them.
        reports: the reports of stage 2, one for each container; None if the stage was not run.
        run: the run of stage 3; None if the stage was not run.
    """

    layout: Layout
    prepared: Prepared | None = None
    reports: Sequence[ContainerReport] | None = None
    run: Run | None = None

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        document: dict[str, object] = {}
        if self.prepared is not None:
            document["prepared"] = json.loads((self.prepared.folder / prepare.RECORD).read_text("utf-8"))
        if self.reports is not None:
            document["containers"] = {report.name: report.status for report in self.reports}
        if self.run is not None:
            document |= {
                "engine": self.run.engine,
                "seconds": round(self.run.seconds, 3),
                "prediction": self.run.prediction,
                "files": {name: self.layout.shown(file.path) for name, file in self.run.files.items()},
            }
        return document


@contextmanager
def exclusive_run(context: Context, *, patience: float) -> Iterator[None]:
    """Allow one run at a time in a checkout.

    Args:
        context: the command's context.
        patience: seconds to wait for another run to end.

    Raises:
        CheckoutBusy: another run has not ended in time.
        CannotWrite: the lock file cannot be written.
    """
    atomic_files.make_folder(context.layout.output)
    lock = exclusive(
        context.layout.lock,
        patience=patience,
        on_wait=lambda holder: context.console.print(
            f"another run is in progress in this checkout ({holder}); waiting"
        ),
    )
    with ExitStack() as stack:
        try:
            stack.enter_context(lock)
        except Busy as error:
            raise CheckoutBusy(
                f"another run is in progress in this checkout: {error}", hint="Try again later."
            ) from error
        except OSError as error:
            raise cannot_write(context.layout.lock, error) from error
        yield


def prepare_files(
    context: Context, command: StageCommand, *, into_contexts: bool, clear: tuple[int, ...] = ()
) -> Prepared:
    """Run stage 1.

    Results of previous runs are removed: those of the stages in `clear`, those of stages 2 and 3 if the prepared
    files have changed, and all of them if stage 1 fails.

    Args:
        context: the command's context.
        command: the options that select the files.
        into_contexts: whether the files are also copied to the build contexts.
        clear: the numbers of the stages that the command will run.

    Returns:
        The prepared files.
    """
    layout = context.layout
    previous_results.clear(layout, *clear)
    before = _prepared_hashes(layout)
    try:
        prepared = _prepare(context, command, into_contexts=into_contexts)
    except BaseException:
        previous_results.clear(layout, 1, 2, 3)
        raise
    if _prepared_hashes(layout) != before:
        previous_results.clear(layout, 2, 3)
    return prepared


def _prepared_hashes(layout: Layout) -> tuple[str, ...]:
    """Return the SHA-256 of the prepared rows, network and model card; empty where a file is missing."""
    paths = [layout.stage1 / name for name in (ACTIVATION_FILE, KNOWLEDGE_FILE, CARD_FILE)]
    return tuple(atomic_files.sha256_of(path) if path.is_file() else "" for path in paths)


def _prepare(context: Context, command: StageCommand, *, into_contexts: bool) -> Prepared:
    layout, environment = context.layout, context.environment
    context.console.heading("Stage 1 · prepare the files")
    selection = select(layout, environment, model=command.model, data=command.data)
    prepared, changes = prepare.prepare(
        layout,
        selection,
        input_columns=columns(environment, "INPUT_COLUMNS"),
        target_columns=columns(environment, "TARGET_COLUMNS"),
        keep=columns(environment, "KEEP_COLUMNS") or (),
        ignore_card_names=switch(environment, "IGNORE_CARD_NAMES"),
        environment=environment,
    )
    if into_contexts:
        changes += prepare.put_into_contexts(layout, prepared)
    _print_prepared(context, prepared)
    if into_contexts and prepared.rows.needs_arrow:
        context.console.note(
            f"These rows are Parquet or Arrow. App07.py uses an image with pyarrow for them; for docker-compose alone: "
            f"{FAST_IMAGE}"
        )
    for change in changes:
        note = f"; the replaced file is kept as {layout.shown(change.kept)}" if change.kept else ""
        state = "written  " if change.written else "unchanged"
        context.console.print(f"  {state}   {layout.shown(change.path)}{note}")
    return prepared


def _print_prepared(context: Context, prepared: Prepared) -> None:
    write, shown, selection = context.console.print, context.layout.shown, prepared.selection
    knowledge, rows = prepared.knowledge, prepared.rows
    write(f"  knowledge   {shown(selection.model)} ({selection.model_from})")
    write(f"              {knowledge.summary}; read, not executed")
    unused_scaling = prepared.scaled.unused_scaling
    unused = scaling_advice(unused_scaling) if unused_scaling else ""
    write(f"              {prepared.scaled.scaling_summary}")
    if knowledge.card is None:
        note = copy_note(context.layout, selection.model, knowledge.size, knowledge.sha256)
        if note:
            context.console.note(note)
    if unused:
        write(f"              {unused}")
    write(f"  activation  {shown(selection.data)} ({selection.data_from})")
    write(f"              {plural(rows.count, 'row')}, compatible with the network")
    write(f"              {rows.columns.summary()}")


def build_images(context: Context, command: StackCommand, prepared: Prepared) -> Engine:
    """Choose the engine and build missing or outdated images.

    Args:
        context: the command's context.
        command: the options of the engine.
        prepared: the prepared files; rows in Parquet and Arrow need an image with pyarrow.

    Returns:
        The engine.
    """
    console = context.console
    engine, reason = choose_engine(
        context.layout,
        command.engine,
        context.environment,
        compose=command.compose,
        timeout=min(command.timeout, TEST_TIMEOUT),
        profile=_profile(context, command.profile),
        arrow=prepared.rows.needs_arrow,
    )
    console.print(f"  engine      {reason}")
    if prepared.rows.needs_arrow and engine.name == "docker":
        console.print("              the rows are Parquet or Arrow: codebase runs from an image with pyarrow")
    with console.status(
        "checking the images" if command.no_build else "building missing and outdated images"
    ):
        lines = engine.build(allowed=not command.no_build, on_line=lambda line: None)
    for line in lines:
        console.print(f"    {line}")
    return engine


def _profile(context: Context, option: str) -> str:
    if option == "auto":
        return selected_profile(context.environment)
    return "" if option == "none" else option


def test_containers(context: Context, engine: Engine, prepared: Prepared) -> list[ContainerReport]:
    """Run stage 2.

    Args:
        context: the command's context.
        engine: the engine, with its images built.
        prepared: the prepared files.

    Returns:
        A report for each container.

    Raises:
        ChecksFailed: a check failed.
    """
    reports = container_tests.check(context.layout, engine, prepared)
    for report in reports:
        _print_report(context, report)
    if not container_tests.all_passed(reports):
        raise ChecksFailed(
            "not every container passed its checks:\n"
            + "\n".join(f"    {line}" for line in container_tests.failures(reports)),
            status=next(
                (report.exit_status for report in reports if report.exit_status), ChecksFailed.status
            ),
            hint=f"See {context.layout.shown(context.layout.stage2)}/.",
        )
    return reports


def _print_report(context: Context, report: ContainerReport) -> None:
    context.console.print(f"  {report.name} ({report.seconds:.1f} s)")
    for check in report.checks:
        detail = f": {_short(check.detail)}" if check.detail and check.status != "passed" else ""
        left_out = " (not checked)" if check.status == "not checked" else ""
        context.console.print(f"    {_MARKS[check.status]} {check.name}{left_out}{detail}")


def _short(text: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else ""
    return first if len(first) <= 160 else first[:157] + "..."


def run_stack(context: Context, engine: Engine, prepared: Prepared, *, timeout: float) -> Run:
    """Run stage 3, and print the prediction and where the files are.

    Args:
        context: the command's context.
        engine: the engine, with its images built.
        prepared: the prepared files.
        timeout: time limit for the stack, in seconds.

    Returns:
        The successful run.

    Raises:
        PipelineError: the run failed.
    """
    console = context.console
    run = stack_run.run(
        context.layout, engine, prepared, timeout=timeout, on_line=lambda line: console.print(f"  {line}")
    )
    if run.error is not None:
        raise run.error
    console.print()
    console.print("Prediction")
    for line in prediction_lines(run.files[PREDICTION_CSV].path):
        console.print(line)
    console.print()
    console.print("Files")
    for title, path in _result_files(context.layout):
        console.print(f"  {title:<14} {context.layout.shown(path)}")
    console.print()
    console.print(verdict(run))
    return run


def _result_files(layout: Layout) -> tuple[tuple[str, Path], ...]:
    return (
        ("report", layout.stage3 / stack_run.REPORT),
        ("prediction", layout.stage3 / PREDICTION_CSV),
        ("summary", layout.stage3 / stack_run.SUMMARY),
        ("log", layout.stage3 / stack_run.LOG),
        ("stage 1", layout.stage1),
        ("stage 2", layout.stage2),
    )
