"""One report, many forms: a table of what each form is called and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from evaluation.reports.classroom import to_classroom
from evaluation.reports.gradescope import to_gradescope
from evaluation.reports.html import to_html
from evaluation.reports.json import to_json
from evaluation.reports.junit import to_junit
from evaluation.reports.markdown import to_markdown
from evaluation.result import Report
from pipeline import atomic_files
from pipeline.errors import PipelineError

EXPORTERS: Mapping[str, tuple[str, Callable[[Report], str]]] = {
    "html": ("report.html", to_html),
    "json": ("report.json", to_json),
    "markdown": ("report.md", to_markdown),
    "junit": ("junit.xml", to_junit),
    "gradescope": ("results.json", to_gradescope),
    "classroom": ("classroom.json", to_classroom),
}


def write(
    report: Report,
    folder: Path,
    formats: tuple[str, ...] = tuple(EXPORTERS),
    exporters: Mapping[str, tuple[str, Callable[[Report], str]]] = EXPORTERS,
) -> dict[str, Path]:
    """Writes a report in several forms. A form that fails is left out, and takes no other with it.

    Returns:
        The files, by form.

    Raises:
        CannotWrite: with the reason.
        PipelineError: no form could be made.
    """
    written = {}
    failed = []
    for name in formats:
        file, export = exporters[name]
        try:
            text = export(report)
        except Exception as error:  # a report always comes out, whatever strange text is in it
            failed.append(f"{name}: {type(error).__name__}: {error}")
            continue
        atomic_files.write_text(folder / file, text)
        written[name] = folder / file
    if failed and not written:
        raise PipelineError(f"the report cannot be written as {'; '.join(failed)}")
    return written
