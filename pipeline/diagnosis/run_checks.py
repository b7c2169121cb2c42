"""Run all checks in parallel, within a time limit."""

from __future__ import annotations

import queue
import threading
import time

from pipeline.diagnosis.engine_checks import check_compose, check_docker
from pipeline.diagnosis.finding import NOTE, Check, Finding, Surroundings
from pipeline.diagnosis.folder_checks import check_disk, check_env_file, check_line_endings, check_permissions
from pipeline.diagnosis.python_checks import check_environment, check_package_index, check_python

CHECKS: dict[str, Check] = {
    "Python": check_python,
    ".venv": check_environment,
    "package index": check_package_index,
    "permissions": check_permissions,
    "disk": check_disk,
    "line endings": check_line_endings,
    ".env": check_env_file,
    "Docker": check_docker,
    "Compose": check_compose,
}
"""The checks by name, in the order of the output."""

LIMIT = 20.0
"""Time limit for all checks together, in seconds."""


def run_checks(
    place: Surroundings, checks: dict[str, Check] | None = None, *, limit: float = LIMIT
) -> list[Finding]:
    """Run the checks, each in a thread, and return their findings in the order of the checks.

    Args:
        place: the machine and the folder to check.
        checks: the checks; None for all.
        limit: seconds after which a check that has not ended is abandoned and reported.
    """
    chosen = CHECKS if checks is None else checks
    results: queue.Queue[tuple[str, list[Finding]]] = queue.Queue()
    for name, check in chosen.items():
        # A hanging file system must not keep the program from ending.
        threading.Thread(target=_run, args=(name, check, place, results), daemon=True).start()
    found: dict[str, list[Finding]] = {}
    end = time.monotonic() + limit
    while len(found) < len(chosen):
        try:
            name, findings = results.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            break
        found[name] = findings
    late = f"not checked: the check did not end within {limit:.0f} s"
    return [each for name in chosen for each in found.get(name, [Finding(name, NOTE, late)])]


def _run(
    name: str, check: Check, place: Surroundings, results: queue.Queue[tuple[str, list[Finding]]]
) -> None:
    try:
        found = check(place)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        found = [Finding(name, NOTE, f"not checked: {where}{error.strerror or error}")]
    except Exception as error:  # a bug in one check must not hide the findings of the others
        found = [Finding(name, NOTE, f"not checked: internal error: {type(error).__name__}: {error}")]
    results.put((name, found))
