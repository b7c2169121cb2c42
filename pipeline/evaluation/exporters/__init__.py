"""One report, many forms: a table of what each form is called and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline import files
from pipeline.evaluation.exporters.classroom import to_classroom
from pipeline.evaluation.exporters.gradescope import to_gradescope
from pipeline.evaluation.exporters.html import to_html
from pipeline.evaluation.exporters.json import to_json
from pipeline.evaluation.exporters.junit import to_junit
from pipeline.evaluation.exporters.markdown import to_markdown
from pipeline.evaluation.result import Report

EXPORTERS: Mapping[str, tuple[str, Callable[[Report], str]]] = {
    "html": ("report.html", to_html),
    "json": ("report.json", to_json),
    "markdown": ("report.md", to_markdown),
    "junit": ("junit.xml", to_junit),
    "gradescope": ("results.json", to_gradescope),
    "classroom": ("classroom.json", to_classroom),
}


def write(report: Report, folder: Path, formats: tuple[str, ...] = tuple(EXPORTERS)) -> dict[str, Path]:
    """Writes a report in several forms.

    Returns:
        The files, by form.

    Raises:
        CannotWrite: with the reason.
    """
    written = {}
    for name in formats:
        file, export = EXPORTERS[name]
        files.write_text(folder / file, export(report))
        written[name] = folder / file
    return written
