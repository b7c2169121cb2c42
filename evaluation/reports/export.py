"""Write a report in the requested formats."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from common import atomic_files
from common.errors import PipelineError
from evaluation.reports import FORMATS
from evaluation.result import Report


@dataclass(frozen=True)
class Exporter:
    """A report format.

    Attributes:
        file: the file name of the report.
        export: returns the content of the file.
    """

    file: str
    export: Callable[[Report], str]


def _exporter(name: str) -> Exporter:
    module = importlib.import_module(f"evaluation.reports.formats.{name}")
    return Exporter(module.FILE, module.export)


EXPORTERS: Mapping[str, Exporter] = {name: _exporter(name) for name in FORMATS}


def write(
    report: Report,
    folder: Path,
    formats: tuple[str, ...] = FORMATS,
    exporters: Mapping[str, Exporter] = EXPORTERS,
) -> dict[str, Path]:
    """Write a report in several formats. A format that fails does not affect the others.

    Args:
        report: the report.
        folder: the folder for the files.
        formats: the names of the formats.
        exporters: the known formats by name.

    Returns:
        The paths of the files by format.

    Raises:
        CannotWrite: a file cannot be written.
        PipelineError: a format could not be exported.
    """
    written = {}
    failed = []
    for name in formats:
        exporter = exporters[name]
        try:
            text = exporter.export(report)
        except Exception as error:  # no content of a submission may prevent a report
            failed.append(f"{name}: {type(error).__name__}: {error}")
            continue
        atomic_files.write_text(folder / exporter.file, text)
        written[name] = folder / exporter.file
    if failed and not written:
        raise PipelineError(f"the report cannot be written as {'; '.join(failed)}")
    return written
