"""Rewrite the reports of finished evaluations with the tutor's current notes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from common.errors import DataError, InputMissing
from evaluation.reports.export import EXPORTERS, write
from evaluation.result import Report, from_json
from evaluation.tutor.apply import with_notes

REPORT = "report.json"


def report_folders(folder: Path) -> list[Path]:
    """Return the folders that contain a report: the folder itself, or its subfolders.

    Args:
        folder: the output folder of one submission or of several.

    Raises:
        InputMissing: there is no report in the folder.
    """
    if (folder / REPORT).is_file():
        return [folder]
    folders = sorted(path.parent for path in folder.glob(f"*/{REPORT}")) if folder.is_dir() else []
    if not folders:
        raise InputMissing(f"{folder} contains no {REPORT}", hint="Evaluate the submission first.")
    return folders


def read_report(folder: Path) -> Report:
    """Read the report of a finished evaluation.

    Args:
        folder: the folder of the report.

    Raises:
        DataError: the report is damaged, or was written by another version of this project.
    """
    try:
        return from_json(json.loads((folder / REPORT).read_text("utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"{folder / REPORT} cannot be used: {error}", hint="Evaluate the submission again."
        ) from error


def rewrite(
    folders: Sequence[Path], formats: Sequence[str] | None = None
) -> Iterator[tuple[Report, dict[str, Path]]]:
    """Rewrite reports, and yield each with its files by format.

    Args:
        folders: the folders of the reports.
        formats: the formats to write; None for all.

    Raises:
        DataError: a report or the notes on it are invalid.
        CannotWrite: a file cannot be written.
    """
    for folder in folders:
        report = with_notes(read_report(folder), folder)
        yield report, write(report, folder, tuple(formats or EXPORTERS))
