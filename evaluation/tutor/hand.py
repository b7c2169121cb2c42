"""Put the notes of a tutor into a report, and the template of the notes beside it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from evaluation import toml_file
from evaluation.result import Line, Report, show
from evaluation.toml_file import TomlError
from evaluation.tutor.notes import FILE, TutorNotes, read_notes
from pipeline import atomic_files

_HEAD = """\
# The tutor's notes on {name}. Every run reads this file, and none writes over it.
# What is written here replaces what the evaluation found; remove the # of a line to use it. Without a run, the reports
# are written anew by:  python App07.py evaluate --reports-only
#
# comment = "A text for the student, at the top of the report."
#
{late}# [late]                      # is deducted from the whole, down to 0
# percent = 10                # of the points that can be earned; or: points = 5
# days = 2                    # for each of so many days; without it, once
# comment = "handed in on Monday"
#
# For one check:    [check."ID"]      points = 2    comment = "..."
# For a whole line: [line."TITLE"]    points = 8    comment = "..."
"""
_LATE = (
    "# The class export marks this submission as late. It costs nothing until the next lines are in use.\n"
)


def with_notes(report: Report, folder: Path, *, late: bool = False) -> Report:
    """Return a report with the notes of the tutor, in the place of those that it has.

    Args:
        report: of an evaluation, or as it was written by an earlier run.
        folder: the folder of the reports; a template of the notes is written there where there are none.
        late: whether the class export marks it as late; the template says so, and the tutor decides what it costs.

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
    """Return the notes in a class's folder that a tutor has written and that no submission has now.

    Args:
        folder: of the class.
        in_use: the folders of its submissions.
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
    """Return a report with notes, and without those that it had.

    Args:
        report: the report.
        notes: the notes.
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
    """Return the template of the notes on a report: everything is a comment.

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
