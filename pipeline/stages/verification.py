"""Verify that a prediction was made by this run, from the prepared files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from common import atomic_files
from common.errors import VerificationFailed
from common.prediction_report import PredictionReport, read_report
from common.project import (
    CARD_FILE,
    KNOWLEDGE_FILE,
    PREDICTION_CSV,
    PREDICTION_JSON,
    SHARED_ACTIVATION_FILE,
    Layout,
)
from pipeline.prepared_files import Prepared
from pipeline.stages.collected_files import CollectedFile

_CLOCK_DIFFERENCE = 2.0
"""Maximum difference between the clocks of the engine and of this process, in seconds."""


def verify(
    layout: Layout, prepared: Prepared, files: Mapping[str, CollectedFile], started: datetime
) -> PredictionReport:
    """Verify the collected files of a run. No other files are read.

    Args:
        layout: the checkout.
        prepared: the prepared files.
        files: the collected files, by name.
        started: the time of the start of the run.

    Returns:
        The report of the prediction.

    Raises:
        VerificationFailed: a file is missing, belongs to other inputs, or was written before the run.
    """
    for name in (SHARED_ACTIVATION_FILE, KNOWLEDGE_FILE, PREDICTION_CSV, PREDICTION_JSON):
        if name not in files:
            raise VerificationFailed(
                f"the stack exited with status 0, but {layout.shown(layout.shared_data / name)} is missing"
            )
    report = report_in(layout, files[PREDICTION_JSON].path)
    _verify_inputs(prepared, files, report)
    rows = report.activation.get("rows")
    if rows != prepared.rows.count:
        raise VerificationFailed(f"the prediction has {rows} rows; {prepared.rows.count} were prepared")
    if files[PREDICTION_CSV].sha256 != report.prediction.get("sha256"):
        raise VerificationFailed(f"{PREDICTION_JSON} does not belong to {PREDICTION_CSV}")
    if not is_fresh(files[PREDICTION_JSON], started):
        raise VerificationFailed("the prediction on the volume was made by a previous run")
    if report.stale_images:
        raise VerificationFailed("; ".join(report.stale_images))
    return report


def _verify_inputs(prepared: Prepared, files: Mapping[str, CollectedFile], report: PredictionReport) -> None:
    expected = (
        ("knowledge", report.knowledge, KNOWLEDGE_FILE, prepared.knowledge.sha256),
        ("activation", report.activation, SHARED_ACTIVATION_FILE, prepared.rows.sha256),
    )
    for title, section, name, sha256 in expected:
        if files[name].sha256 != sha256 or section.get("sha256") != sha256:
            raise VerificationFailed(
                f"the stack did not use the prepared {title} (sha256 {sha256[:16]}...)",
                hint="Check whether another run uses the same shared_data.",
            )
    card = atomic_files.sha256_of(prepared.card) if prepared.card else None
    collected = files[CARD_FILE].sha256 if CARD_FILE in files else None
    if (report.knowledge.get("card_sha256") or None) != card or collected != card:
        raise VerificationFailed("the stack did not use the prepared model card")


def report_in(layout: Layout, path: Path) -> PredictionReport:
    """Read a collected prediction.json.

    Args:
        layout: the checkout.
        path: the collected file.

    Raises:
        VerificationFailed: the file is not a report.
    """
    report = read_report(path)
    if report is None:
        shown = layout.shown(layout.shared_data / path.name)
        raise VerificationFailed(f"{shown} does not record which files the prediction was made from")
    return report


def is_fresh(file: CollectedFile, started: datetime) -> bool:
    """Return whether a collected file was written by a run, not before it.

    Args:
        file: the collected file.
        started: the time of the start of the run.
    """
    return file.changed >= started.timestamp() - _CLOCK_DIFFERENCE
