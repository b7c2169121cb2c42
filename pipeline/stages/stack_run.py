"""Stage 3: the stack runs, what it did is kept, and it is believed only where its files bear it out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline import atomic_files
from pipeline.engines.base import Engine, StackEnd
from pipeline.engines.container_state import ContainerState
from pipeline.errors import (
    Interrupted,
    NotWhatWasPrepared,
    PipelineError,
    StackFailed,
    TimedOut,
)
from pipeline.prepared_files import Prepared
from pipeline.project import (
    CARD_FILE,
    CODEBASE,
    KNOWLEDGE_FILE,
    PREDICTION_CSV,
    PREDICTION_JSON,
    SHARED_ACTIVATION_FILE,
    Layout,
)
from pipeline.stages.collected_files import CollectedFile, collect

LOG = "docker_compose_output.log"
SUMMARY = "execution_summary.txt"
# Seconds by which the clocks of the engine and of this process may differ.
CLOCKS_DIFFER = 2.0
# The most bytes of a prediction.json; it holds names and a few figures, not rows.
LARGEST_REPORT = 64 * 1024 * 1024
# The report before the table: it says how large the table is.
RESULT_FILES = (SHARED_ACTIVATION_FILE, KNOWLEDGE_FILE, CARD_FILE, PREDICTION_JSON, PREDICTION_CSV)


@dataclass(frozen=True)
class Run:
    """A run of the stack, as it was seen.

    Attributes:
        engine: which engine ran it.
        status: the exit status that the driver ends with; 0 only where a prediction of this run was seen.
        started: when.
        seconds: how long it took, with everything around it.
        end: how the stack ended; None where it did not end by itself.
        error: why it is no success; None for a success.
        files: what was kept, by name.
        prediction: prediction.json of this run; None without a success.
    """

    engine: str
    status: int
    started: datetime
    seconds: float
    end: StackEnd | None
    error: PipelineError | None
    files: dict[str, Path]
    prediction: dict[str, Any] | None


def run(
    layout: Layout, engine: Engine, prepared: Prepared, *, timeout: float, on_line: Callable[[str], None]
) -> Run:
    """Runs the stack and writes what happened to ``output/stage3_compose_execution``.

    Args:
        layout: the checkout.
        engine: what runs it.
        prepared: what stage 1 found right.
        timeout: seconds until it is taken down with status 75.
        on_line: gets each line as it comes.

    Returns:
        The run, failed or not: every error but one of writing here is in it.

    Raises:
        CannotWrite: the folder or a file in it cannot be written.
    """
    stage = atomic_files.folder(layout.stage3)
    for name in (LOG, SUMMARY, *RESULT_FILES):
        atomic_files.remove(stage / name)
    _make_shared_data(layout)
    started, clock = datetime.now(UTC), time.monotonic()
    log: list[str] = []

    def keep(line: str) -> None:
        log.append(line + "\n")
        on_line(line)

    end: StackEnd | None = None
    error: PipelineError | None = None
    prediction: dict[str, Any] | None = None
    kept: dict[str, CollectedFile] = {}
    try:
        end = engine.run_stack(prepared, timeout=timeout, on_line=keep)
        error = _failure(end)
        if error is None:
            kept = _take_files(layout, stage, prepared)
            prediction = _believable(layout, prepared, kept, started)
    except KeyboardInterrupt:
        error = Interrupted("interrupted; the stack has been taken down")
    except TimedOut:
        error = TimedOut(
            f"the stack did not end within {timeout:g} s and has been taken down. The last lines:\n{_tail(log)}",
            hint="--timeout SECONDS gives it longer.",
        )
    except PipelineError as failure:
        error = failure
    atomic_files.write_text(stage / LOG, "".join(log))
    if error is not None:
        kept = _what_went_in(layout, stage, prepared, started)
    status = error.status if error else 0
    paths = {name: collected.path for name, collected in kept.items()}
    done = Run(engine.describe(), status, started, time.monotonic() - clock, end, error, paths, prediction)
    atomic_files.write_text(stage / SUMMARY, summary(layout, done))
    return done


def _make_shared_data(layout: Layout) -> None:
    """The folder is made by the person who runs this, or Docker would make one that belongs to root."""
    atomic_files.folder(layout.shared_data)


def _failure(end: StackEnd) -> PipelineError | None:
    """Why a stack that has ended is no success; None where every sign is good."""
    code = end.container(CODEBASE)
    if code is not None and code.status == 0 and end.status == 0:
        return None
    failed = _to_blame(end)
    if failed is None:
        status = end.status or 70
        return StackFailed(
            f"the stack ended with status {end.status} and codebase was never seen to end well. The last lines:\n"
            + _tail(end.log.splitlines()),
            status=status,
        )
    status = failed.status or end.status or 70
    remark = f" ({failed.remark})" if failed.remark else ""
    lines = [line for line in end.log.splitlines() if line.startswith(failed.service)] or end.log.splitlines()
    return StackFailed(
        f"{failed.service} ended with status {failed.status}{remark}. Its last lines:\n{_tail(lines)}",
        status=status,
    )


def _to_blame(end: StackEnd) -> ContainerState | None:
    """The container that failed first; codebase where it failed at all, because it says what it missed."""
    code = end.container(CODEBASE)
    if code is not None and code.status:
        return code
    failed = [life for life in end.containers if life.status]
    return min(failed, key=lambda life: life.ended or datetime.max.replace(tzinfo=UTC), default=None)


def _tail(lines: list[str]) -> str:
    return "\n".join(f"    {line.rstrip()}" for line in lines[-12:])


def _take_files(layout: Layout, stage: Path, prepared: Prepared) -> dict[str, CollectedFile]:
    """Takes over what the stack left, each file once: what is then looked at is what is kept.

    Raises:
        NotWhatWasPrepared: something in the place of a file is none, or is far too large.
        CannotWrite: a file cannot be kept.
    """
    shared = layout.shared_data
    kept: dict[str, CollectedFile] = {}
    limits = _limits(prepared)
    for name in RESULT_FILES:
        limit = limits.get(name)
        if name == PREDICTION_CSV and PREDICTION_JSON in kept:
            limit = _size_of_prediction(layout, kept[PREDICTION_JSON].path)
        if collected := collect(shared / name, stage / name, limit=limit):
            kept[name] = collected
    return kept


def _limits(prepared: Prepared) -> dict[str, int]:
    return {
        SHARED_ACTIVATION_FILE: prepared.data.stat().st_size,
        KNOWLEDGE_FILE: prepared.model.stat().st_size,
        CARD_FILE: prepared.card.stat().st_size if prepared.card else LARGEST_REPORT,
        PREDICTION_JSON: LARGEST_REPORT,
    }


def _size_of_prediction(layout: Layout, report: Path) -> int:
    size = _report_of(layout, report)["prediction"].get("size")
    return size if isinstance(size, int) else LARGEST_REPORT


def _believable(
    layout: Layout, prepared: Prepared, kept: dict[str, CollectedFile], started: datetime
) -> dict[str, Any]:
    """The prediction of this run, made from the prepared files. Looks at nothing but the files that are kept.

    Raises:
        NotWhatWasPrepared: there is none, it answers other files, or it is of another time.
    """
    for name in (SHARED_ACTIVATION_FILE, KNOWLEDGE_FILE, PREDICTION_CSV, PREDICTION_JSON):
        if name not in kept:
            raise NotWhatWasPrepared(
                f"the stack ended with status 0, but left no {layout.shown(layout.shared_data / name)}"
            )
    prediction = _report_of(layout, kept[PREDICTION_JSON].path)
    about = {part: prediction[part].get("sha256") for part in _PARTS}
    expected = (
        ("knowledge", KNOWLEDGE_FILE, prepared.knowledge.sha256),
        ("activation", SHARED_ACTIVATION_FILE, prepared.rows.sha256),
    )
    for part, name, sha256 in expected:
        if kept[name].sha256 != sha256 or about[part] != sha256:
            raise NotWhatWasPrepared(
                f"the stack answered another {part} than the one prepared (sha256 {sha256[:16]}...)",
                hint="Does another run use the same shared_data?",
            )
    card = atomic_files.sha256_of(prepared.card) if prepared.card else None
    there = kept[CARD_FILE].sha256 if CARD_FILE in kept else None
    if (prediction["knowledge"].get("card_sha256") or None) != card or there != card:
        raise NotWhatWasPrepared("the stack answered with another card than the one prepared")
    rows = prediction["activation"].get("rows")
    if rows != prepared.rows.count:
        raise NotWhatWasPrepared(f"the prediction answers {rows} rows; {prepared.rows.count} were prepared")
    if kept[PREDICTION_CSV].sha256 != about["prediction"]:
        raise NotWhatWasPrepared(f"{PREDICTION_CSV} is not the one that {PREDICTION_JSON} is about")
    if not _fresh(kept[PREDICTION_JSON], started):
        raise NotWhatWasPrepared("the prediction on the volume is of an earlier run")
    if prediction.get("stale_images"):
        raise NotWhatWasPrepared("; ".join(str(sentence) for sentence in prediction["stale_images"]))
    return prediction


_PARTS = ("knowledge", "activation", "prediction")


def _report_of(layout: Layout, path: Path) -> dict[str, Any]:
    """The content of prediction.json, at least in its form what it should be."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        if all(isinstance(report[part], dict) for part in _PARTS):
            return dict(report)
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    path = layout.shared_data / path.name
    raise NotWhatWasPrepared(f"{layout.shown(path)} does not tell what was predicted from what")


def _fresh(collected: CollectedFile, started: datetime) -> bool:
    return collected.changed >= started.timestamp() - CLOCKS_DIFFER


def _what_went_in(
    layout: Layout, stage: Path, prepared: Prepared, started: datetime
) -> dict[str, CollectedFile]:
    """Keeps of a run that failed what went in, never a prediction: nobody vouches for one."""
    kept = {}
    limits = _limits(prepared)
    for name in RESULT_FILES:
        atomic_files.remove(stage / name)
    for name in (SHARED_ACTIVATION_FILE, KNOWLEDGE_FILE, CARD_FILE):
        try:
            collected = collect(layout.shared_data / name, stage / name, limit=limits[name])
        except NotWhatWasPrepared:
            collected = None
        if collected and _fresh(collected, started):
            kept[name] = collected
        else:
            atomic_files.remove(stage / name)
    return kept


def summary(layout: Layout, done: Run) -> str:
    """The text of execution_summary.txt: what was seen, nothing else."""
    lines = [
        "Result:       " + ("prediction made" if done.status == 0 else f"FAILED, exit status {done.status}"),
        f"Exit status:  {done.status}",
        f"Engine:       {done.engine}",
        f"Started:      {done.started.isoformat(timespec='seconds')}",
        f"Seconds:      {done.seconds:.2f}",
    ]
    if done.end is not None:
        lines += [f"Command:      {done.end.command}", f"It ended with: {done.end.status}"]
        lines += ["", "Starts and ends, in order:", *_story(done.end)]
    lines += ["", "Files:"]
    lines += [
        f"  {name:<26} {path.stat().st_size:>12} bytes  sha256 {atomic_files.sha256_of(path)}"
        for name, path in done.files.items()
    ]
    if not done.files:
        lines.append("  none")
    if done.prediction is not None:
        lines += ["", "Prediction:", *prediction_lines(done.files[PREDICTION_CSV])]
    if done.error is not None:
        lines += ["", "What failed:", *(f"  {line}" for line in str(done.error).splitlines())]
    return "\n".join(lines) + "\n"


def _story(end: StackEnd) -> list[str]:
    events = []
    for life in end.containers:
        if life.started is None:
            events.append(
                (datetime.max.replace(tzinfo=UTC), f"{life.service} was never started: {life.remark}")
            )
            continue
        events.append((life.started, f"{life.service} started"))
        if life.ended is not None:
            remark = f" ({life.remark})" if life.remark else ""
            events.append((life.ended, f"{life.service} ended with status {life.status}{remark}"))
    return [
        f"  {'' if when.year == 9999 else when.isoformat(timespec='milliseconds'):<29}  {what}"
        for when, what in sorted(events, key=lambda event: event[0])
    ] or ["  none was seen"]


def prediction_lines(csv: Path, most: int = 5) -> list[str]:
    """The head of prediction.csv, for people."""
    with csv.open(encoding="utf-8") as file:
        head = [line.rstrip("\n") for _, line in zip(range(most + 1), file, strict=False)]
        more = sum(1 for _ in file)
    lines = [f"  {line}" for line in head]
    return [*lines, f"  and {more} more rows"] if more else lines
