"""Stage 2: test each container on its own, and record the results."""

from __future__ import annotations

from datetime import UTC, datetime

from common import atomic_files
from common.check_status import FAILED, NOT_CHECKED, PASSED
from common.console import strip_escapes
from common.project import Layout
from pipeline.engines.base import ContainerReport, Engine, as_json
from pipeline.prepared_files import Prepared

OUTPUT_FILES = ("container1_output.txt", "container2_output.txt", "container3_pybrain_test.txt")
RESULTS = "test_results.json"


def check(layout: Layout, engine: Engine, prepared: Prepared) -> list[ContainerReport]:
    """Test each container on its own, and write the results to ``output/stage2_container_tests``.

    Results of previous tests are removed first.

    Args:
        layout: the checkout.
        engine: the engine, with its images built.
        prepared: the prepared files.

    Returns:
        A report for each container.

    Raises:
        CannotWrite: the folder or a file cannot be written.
    """
    stage = atomic_files.make_folder(layout.stage2)
    for name in (*OUTPUT_FILES, RESULTS):
        atomic_files.remove(stage / name)
    reports = engine.test_containers(prepared)
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
    """Return whether every container passed: no check failed, and at least one passed."""
    return all(report.status == PASSED for report in reports)


def failures(reports: list[ContainerReport]) -> list[str]:
    """Return a line for each failed check."""
    return [
        f"{report.name}: {check.name} – {check.detail}"
        for report in reports
        for check in report.checks
        if check.status == FAILED
    ]
