"""Stage 2: each container alone, and the record of what was seen."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline import atomic_files
from pipeline.console import strip_escapes
from pipeline.engines.base import FAILED, NOT_CHECKED, PASSED, ContainerReport, Engine, as_json
from pipeline.prepared_files import Prepared
from pipeline.project import Layout

OUTPUT_FILES = ("container1_output.txt", "container2_output.txt", "container3_pybrain_test.txt")
RESULTS = "test_results.json"


def check(layout: Layout, engine: Engine, prepared: Prepared) -> list[ContainerReport]:
    """Looks at each container alone and writes what it saw to ``output/stage2_container_tests``.

    What an earlier look left there goes first, so that nothing old can be taken for new.

    Raises:
        CannotWrite: the folder or a file cannot be written.
    """
    stage = atomic_files.folder(layout.stage2)
    for name in (*OUTPUT_FILES, RESULTS):
        atomic_files.remove(stage / name)
    reports = engine.look_at(prepared)
    for name, report in zip(OUTPUT_FILES, reports, strict=True):
        atomic_files.write_text(stage / name, strip_escapes(report.output))
    atomic_files.write_json(
        stage / RESULTS,
        {
            "passed": all_passed(reports),
            "engine": engine.describe(),
            "checked_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "not_checked": sum(c.status == NOT_CHECKED for report in reports for c in report.checks),
            "containers": [as_json(report) for report in reports],
        },
    )
    return reports


def all_passed(reports: list[ContainerReport]) -> bool:
    """Whether nothing failed and something was seen of every container."""
    return all(report.status == PASSED for report in reports)


def failures(reports: list[ContainerReport]) -> list[str]:
    """The checks that failed, a line each."""
    return [
        f"{report.name}: {check.name} – {check.detail}"
        for report in reports
        for check in report.checks
        if check.status == FAILED
    ]
