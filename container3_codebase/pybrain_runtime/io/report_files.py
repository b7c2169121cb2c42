"""Reports of runs: where they are, how they are recognized, and checks that they overwrite nothing else."""

from __future__ import annotations

import json
import os

from pybrain_runtime.errors import InputMissing, PipelineError
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.io.output_paths import check_target, foreign_file
from pybrain_runtime.io.paths import split_ending, without_gz

# Attempts to read a report that another run is replacing.
_ATTEMPTS = 20
_REPORT_LIMIT = 1 << 20
_REPORT_BEGINNING = b'{\n  "status": "done",\n  "knowledge": {\n    "file": '
_REPORT_KEYS = frozenset(("status", "knowledge", "activation", "prediction", "versions"))


def report_path(output: str) -> str:
    """Return the path of a prediction's report: the same path with the extension ``.json``."""
    return split_ending(without_gz(output))[0] + ".json"


def is_report(value: object) -> bool:
    """Return whether the content of a JSON file is the report of a run."""
    if not isinstance(value, dict) or not value.keys() >= _REPORT_KEYS:
        return False
    versions = value["versions"]
    return isinstance(versions, dict) and "app07" in versions


def check_report_target(path: str) -> None:
    """Check that a report overwrites nothing but an earlier report.

    The report's path is derived from the prediction's, so any file may already be there.

    Raises:
        CannotWrite: the path is taken by another file.
    """
    check_target(path)
    if os.path.lexists(path) and not _holds_report(path):
        raise foreign_file(path, "and is not the report of a run; the report of this one would overwrite it.")


def check_default_output(path: str) -> None:
    """Check that a prediction with the default path overwrites nothing but an earlier one with a report beside it.

    Raises:
        CannotWrite: the path is taken by another file.
    """
    check_target(path)
    try:
        if not os.stat(path).st_size:  # noqa: PTH116 - see paths
            return
    except FileNotFoundError:
        return
    report = report_path(path)
    if not os.path.lexists(report) or not _holds_report(report):
        raise foreign_file(path, "without the report of a run beside it; this run would overwrite it.")


def _holds_report(path: str) -> bool:
    """Return whether a file is a report, or no longer exists: another run may be replacing it."""
    for _ in range(_ATTEMPTS):
        try:
            with InputFile(path, "report") as file:
                if file.size > _REPORT_LIMIT:  # of thousands of outputs
                    return next(file.blocks(len(_REPORT_BEGINNING))) == _REPORT_BEGINNING
                content = file.read(_REPORT_LIMIT)
            return not content or is_report(json.loads(content))
        except InputMissing:
            if not os.path.lexists(path):
                return True
        except (PipelineError, ValueError, RecursionError):
            return False
    return False
