"""The earlier reports of a submission that was submitted again under the same name."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import suppress
from pathlib import Path

from common import atomic_files
from evaluation import result
from evaluation.result import Report

FOLDER = "earlier"
# Maximum number of attempts to keep; the oldest are removed first.
_MOST = 20


def keep_report(folder: Path) -> None:
    """Keep the report in a folder, before the submission is evaluated again.

    Args:
        folder: the reports of the submission.
    """
    report = read_report(folder / "report.json")
    if report is None or report.interrupted or report.error:
        return
    stamp = re.sub(r"[^0-9T]", "", report.started)[:15] or "unknown"
    target = folder / FOLDER / stamp
    with suppress(OSError):
        atomic_files.make_folder(target)
        for name in ("report.json", "report.html"):
            if (folder / name).is_file():
                shutil.copyfile(folder / name, target / name)
    for old in sorted((folder / FOLDER).glob("*"))[:-_MOST]:
        shutil.rmtree(old, ignore_errors=True)


def earlier_reports(folder: Path, current: Report | None) -> tuple[tuple[Report, str], ...]:
    """Return the reports of earlier attempts, the first one first, each with its page relative to the folder's parent.

    Another evaluation of the same files is not an attempt, nor is a report by another rubric, whose points differ.

    Args:
        folder: the reports of the submission.
        current: its latest report.
    """
    if current is None:
        return ()
    known = {current.sha256}
    found = []
    for path in sorted((folder / FOLDER).glob("*/report.json"), reverse=True):
        report = read_report(path)
        if report is None or report.sha256 in known or report.rubric_sha256 != current.rubric_sha256:
            continue
        known.add(report.sha256)
        page = path.with_suffix(".html")
        found.append((report, page.relative_to(folder.parent).as_posix() if page.is_file() else ""))
    return tuple(reversed(found))


def read_report(path: Path) -> Report | None:
    """Return a report that was written as JSON; None if there is none, or it has another format."""
    try:
        return result.from_json(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, RecursionError, AttributeError):
        return None
