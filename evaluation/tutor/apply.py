"""Apply the tutor's notes to a report, and write the template of the notes beside it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from common import atomic_files
from evaluation import toml_file
from evaluation.result import Line, Report, show
from evaluation.toml_file import TomlError
from evaluation.tutor.notes import FILE, TutorNotes, read_notes

_HEAD = """\
# The tutor's notes on {name}. Every run reads this file, and no run overwrites it.
# The notes override what the evaluation found; remove the # of a line to use it. To rewrite the reports without
# another run:  python App07.py evaluate --reports-only
#
# comment = "A comment for the student, at the top of the report."
#
{late}# [late]                      # deducted from the total, down to 0
# percent = 10                # of the points that can be earned; or: points = 5
# days = 2                    # for each of this many days; without it, once
# comment = "handed in on Monday"
#
# For one check:    [check."ID"]      points = 2    comment = "..."
# For a whole line: [line."TITLE"]    points = 8    comment = "..."
"""
_LATE = "# The class export marks this submission as late. No points are deducted until the next lines are used.\n"


def with_notes(report: Report, folder: Path, *, late: bool = False) -> Report:
    """Return a report with the tutor's notes, which replace those that it already has.

    Args:
        report: the report of an evaluation, or a report that was written by an earlier run.
        folder: the folder of the reports; if it has no notes, a template is written to it.
        late: whether the class export marks the submission as late; the template mentions it, and the tutor decides
            on the deduction.

    Raises:
        TutorError: the notes cannot be used.
        CannotWrite: the template cannot be written.
    """
    path = folder / FILE
    notes = read_notes(path, report)
    if not path.exists():
        atomic_files.write_text(path, template(report, late=late))
    return apply_notes(report, notes)


def left_notes(folder: Path, in_use: Collection[Path]) -> list[Path]:
    """Return the notes in a class folder that a tutor has edited and that no longer belong to a submission.

    Args:
        folder: the folder of the class.
        in_use: the folders of the current submissions.
    """
    files = sorted(folder.glob(f"*/{FILE}")) if folder.is_dir() else []
    return [path for path in files if path.parent not in in_use and _is_written(path)]


def _is_written(path: Path) -> bool:
    try:
        lines = toml_file.read_bytes(path).splitlines()
    except (OSError, TomlError):
        return True
    return any(line.strip() and not line.strip().startswith(b"#") for line in lines)


def apply_notes(report: Report, notes: TutorNotes) -> Report:
    """Return a report with new notes instead of those that it already has.

    Args:
        report: the report.
        notes: the new notes.
    """
    lines = tuple(
        replace(
            line,
            mark=notes.lines.get(line.title),
            results=tuple(replace(result, mark=notes.checks.get(result.id)) for result in line.results),
        )
        for line in report.lines
    )
    return replace(report, lines=lines, late=notes.late, comment=notes.comment)


def template(report: Report, *, late: bool = False) -> str:
    """Return the template of the notes on a report, in which every line is a comment.

    Args:
        report: the report.
        late: whether the class export marks the submission as late.
    """
    parts = [_HEAD.format(name=json.dumps(report.submission, ensure_ascii=False), late=_LATE if late else "")]
    parts += [_of_line(line) for line in report.lines]
    return "\n".join(parts)


def _of_line(line: Line) -> str:
    title = json.dumps(line.title, ensure_ascii=False)
    rows = [f"# --- {line.title}: {show(line.points)} of {show(line.of)}", f"# [line.{title}]"]
    rows += ["# points =", '# comment = ""']
    for result in line.results:
        if result.for_tutor:
            rows.append(f"# please decide: {result.reason}")
        rows.append(
            f"# [check.{json.dumps(result.id)}]    # {result.title}: {show(result.points)} of "
            f"{show(result.of)}"
        )
    return "\n".join(" ".join(row.split()) for row in rows) + "\n"
