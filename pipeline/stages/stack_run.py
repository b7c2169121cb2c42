"""Stage 3: run the stack, collect its files, and verify the prediction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from common import atomic_files
from common.container_state import ContainerState
from common.errors import ExitStatus, Interrupted, PipelineError, StackFailed, TimedOut, VerificationFailed
from common.prediction_report import LARGEST_REPORT
from common.project import (
    CARD_FILE,
    CODEBASE,
    KNOWLEDGE_FILE,
    PREDICTION_CSV,
    PREDICTION_JSON,
    SHARED_ACTIVATION_FILE,
    Layout,
)
from pipeline.engines.base import Engine, StackEnd
from pipeline.prepared_files import Prepared
from pipeline.stages.collected_files import CollectedFile, collect
from pipeline.stages.run_record import Run, summary
from pipeline.stages.run_report.page import report_page
from pipeline.stages.verification import is_fresh, report_in, verify

LOG = "docker_compose_output.log"
SUMMARY = "execution_summary.txt"
REPORT = "report.html"
# The report comes before the prediction, because it records the size of the prediction.
RESULT_FILES = (SHARED_ACTIVATION_FILE, KNOWLEDGE_FILE, CARD_FILE, PREDICTION_JSON, PREDICTION_CSV)


def run(
    layout: Layout, engine: Engine, prepared: Prepared, *, timeout: float, on_line: Callable[[str], None]
) -> Run:
    """Run the stack, and write its results to ``output/stage3_compose_execution``.

    Args:
        layout: the checkout.
        engine: the engine, with its images built.
        prepared: the prepared files.
        timeout: time limit in seconds, after which the stack is taken down and the run fails with status 75.
        on_line: called with each line of output.

    Returns:
        The run, with the error if it failed.

    Raises:
        CannotWrite: the folder or a file in it cannot be written.
    """
    stage = _empty_folders(layout)
    started, clock = datetime.now(UTC), time.monotonic()
    log: list[str] = []

    def keep(line: str) -> None:
        log.append(line + "\n")
        on_line(line)

    end: StackEnd | None = None
    error: PipelineError | None = None
    prediction: Mapping[str, object] | None = None
    files: dict[str, CollectedFile] = {}
    try:
        end = engine.run_stack(prepared, timeout=timeout, on_line=keep)
        error = _failure(end)
        if error is None:
            files = _collect_files(layout, stage, prepared)
            prediction = verify(layout, prepared, files, started).content
    except KeyboardInterrupt:
        error = Interrupted("interrupted; the stack has been taken down")
    except TimedOut:
        error = _timed_out(timeout, log)
    except PipelineError as failure:
        error = failure
    atomic_files.write_text(stage / LOG, "".join(log))
    if error is not None:
        files = _collect_inputs(layout, stage, prepared, started)
    run_result = _record(engine, started, time.monotonic() - clock, end, error, files, prediction)
    atomic_files.write_text(stage / SUMMARY, summary(layout, run_result))
    atomic_files.write_text(stage / REPORT, report_page(run_result, prepared.scaled, "".join(log)))
    return run_result


def _empty_folders(layout: Layout) -> Path:
    """Remove the results of an earlier run, and return the folder of the stage."""
    stage = atomic_files.make_folder(layout.stage3)
    for name in (LOG, SUMMARY, REPORT, *RESULT_FILES):
        atomic_files.remove(stage / name)
    atomic_files.make_folder(layout.shared_data)  # otherwise Docker creates it, owned by root
    return stage


def _record(
    engine: Engine,
    started: datetime,
    seconds: float,
    end: StackEnd | None,
    error: PipelineError | None,
    files: Mapping[str, CollectedFile],
    prediction: Mapping[str, object] | None,
) -> Run:
    status = error.status if error else 0
    return Run(
        engine.describe(),
        engine.name,
        engine.fallback,
        status,
        started,
        seconds,
        end,
        error,
        files,
        prediction,
    )


def _timed_out(timeout: float, log: list[str]) -> TimedOut:
    return TimedOut(
        f"the stack did not end within {timeout:g} s and has been taken down. The last lines:\n{_tail(log)}",
        hint="Allow more time with --timeout SECONDS.",
    )


def _failure(end: StackEnd) -> PipelineError | None:
    """Return the error of a stack that has ended; None if it succeeded."""
    codebase = end.container(CODEBASE)
    if codebase is not None and codebase.status == 0 and end.status == 0:
        return None
    failed = _failed_container(end)
    if failed is None:
        status = end.status or ExitStatus.INTERNAL_ERROR
        return StackFailed(
            f"the stack exited with status {end.status} and codebase did not exit with status 0. The last lines:\n"
            + _tail(end.log.splitlines()),
            status=status,
        )
    status = failed.status or end.status or ExitStatus.INTERNAL_ERROR
    remark = f" ({failed.remark})" if failed.remark else ""
    lines = [line for line in end.log.splitlines() if line.startswith(failed.service)] or end.log.splitlines()
    return StackFailed(
        f"{failed.service} exited with status {failed.status}{remark}. Its last lines:\n{_tail(lines)}",
        status=status,
    )


def _failed_container(end: StackEnd) -> ContainerState | None:
    """Return codebase if it failed, because it reports what is missing; otherwise the first container that failed."""
    codebase = end.container(CODEBASE)
    if codebase is not None and codebase.status:
        return codebase
    failed = [state for state in end.containers if state.status]
    return min(failed, key=lambda state: state.ended or datetime.max.replace(tzinfo=UTC), default=None)


def _tail(lines: list[str]) -> str:
    return "\n".join(f"    {line.rstrip()}" for line in lines[-12:])


def _collect_files(layout: Layout, stage: Path, prepared: Prepared) -> dict[str, CollectedFile]:
    """Copy the files that the stack has written; only the copies are verified.

    Raises:
        VerificationFailed: a file is not a regular file, or is too large.
        CannotWrite: a copy cannot be written.
    """
    shared = layout.shared_data
    files: dict[str, CollectedFile] = {}
    limits = _limits(prepared)
    for name in RESULT_FILES:
        limit = limits.get(name)
        if name == PREDICTION_CSV and PREDICTION_JSON in files:
            limit = _size_of_prediction(layout, files[PREDICTION_JSON].path)
        if collected := collect(shared / name, stage / name, limit=limit):
            files[name] = collected
    return files


def _limits(prepared: Prepared) -> dict[str, int]:
    return {
        SHARED_ACTIVATION_FILE: prepared.data.stat().st_size,
        KNOWLEDGE_FILE: prepared.model.stat().st_size,
        CARD_FILE: prepared.card.stat().st_size if prepared.card else LARGEST_REPORT,
        PREDICTION_JSON: LARGEST_REPORT,
    }


def _size_of_prediction(layout: Layout, report: Path) -> int:
    size = report_in(layout, report).prediction.get("size")
    return size if isinstance(size, int) else LARGEST_REPORT


def _collect_inputs(
    layout: Layout, stage: Path, prepared: Prepared, started: datetime
) -> dict[str, CollectedFile]:
    """Copy the inputs of a failed run. Its prediction is not kept, because it is not verified."""
    files = {}
    limits = _limits(prepared)
    for name in RESULT_FILES:
        atomic_files.remove(stage / name)
    for name in (SHARED_ACTIVATION_FILE, KNOWLEDGE_FILE, CARD_FILE):
        try:
            collected = collect(layout.shared_data / name, stage / name, limit=limits[name])
        except VerificationFailed:
            collected = None
        if collected and is_fresh(collected, started):
            files[name] = collected
        else:
            atomic_files.remove(stage / name)
    return files
