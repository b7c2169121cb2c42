"""The JSON report of a run: its input and output files, the versions used, and the error metrics."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping

import numpy as np

from pybrain_runtime._version import __version__
from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.knowledge import Knowledge
from pybrain_runtime.tables.activation import Source


def run_report(
    knowledge: Knowledge,
    source: Source,
    prediction: Mapping[str, object],
    *,
    rows: int,
    errors: Mapping[str, object] | None,
    formulas: tuple[str, ...],
    formula_cells: int,
    stale_images: tuple[str, ...],
    started: float,
) -> dict[str, object]:
    """Return the content of the report.

    Args:
        knowledge: the network.
        source: the activation file.
        prediction: description of the file with the rows.
        rows: number of rows.
        errors: error metrics; None without expected outputs.
        formulas: names of columns, and classes, that a spreadsheet would evaluate as formulas.
        formula_cells: number of cells, in columns that are passed through, that it would evaluate.
        stale_images: a warning for each container image that does not match the checkout.
        started: when the run started, in seconds since 1970.
    """
    unused = knowledge.unused_scaling
    return {
        "status": "done",
        **({"stale_images": list(stale_images)} if stale_images else {}),
        "knowledge": _knowledge(knowledge),
        "scaling": knowledge.scaling,
        "legacy_nesting": knowledge.network.legacy_nesting,
        "scaling_not_used": unused.as_report() if unused else None,
        "activation": _activation(source, rows),
        "prediction": dict(prediction),
        "errors": errors,
        **({"formulas": list(formulas)} if formulas else {}),
        **({"formula_cells": formula_cells} if formula_cells else {}),
        "versions": {"app07": __version__, "python": sys.version.split()[0], "numpy": np.__version__},
        "started": _utc(started),
        "duration_s": round(max(0.0, time.time() - started), 6),
    }


def write_report(file: AtomicFile, report: Mapping[str, object]) -> None:
    """Write a report to a file and finish the file.

    Args:
        file: the file under construction.
        report: the content, as ``run_report`` returns it.

    Raises:
        CannotWrite: the file cannot be written.
    """
    text = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # File names may not be UTF-8; their undecodable bytes become JSON escapes.
    file.write(text.encode("utf-8", "backslashreplace"))
    file.finish()


def _knowledge(knowledge: Knowledge) -> dict[str, object]:
    card = knowledge.card
    return {
        "file": knowledge.name,
        "name": card.name if card else "",
        "sha256": knowledge.sha256,
        "size": knowledge.size,
        **({"picked": knowledge.picked} if knowledge.picked else {}),
        "network": knowledge.kind,
        "indim": knowledge.indim,
        "outdim": knowledge.outdim,
        "parameters": knowledge.parameter_count,
        "card_sha256": (card.sha256 or None) if card else None,
    }


def _activation(source: Source, rows: int) -> dict[str, object]:
    return {
        "file": source.file,
        "sha256": source.sha256,
        "size": source.size,
        "rows": rows,
        "columns": source.columns,
        "columns_used": source.layout.as_report() if source.layout else None,
        "rejected": source.rejected,
        "rejected_file": source.rejected_file or None,
    }


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"
