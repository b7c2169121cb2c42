"""Reports for the tests of the export formats."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evaluation.result import Finding, Line, Observation, Report, Result

EVIL = "<script>alert(1)</script>\n::add-path::/x\n##[group]x\n]]> & \"' \x00 =cmd|x"


def make_result(name: str, points: float, of: float, **more: str) -> Result:
    """Return a result that passed if it has all its points, else failed, unless `more` sets the status."""
    values = {"status": "passed" if points == of else "failed", "reason": f"{name}: seen", **more}
    return Result(id=name, title=f"{name} holds", points=points, of=of, **values)


@pytest.fixture(scope="session")
def report() -> Report:
    """8 of 20 points: one line with a check of 5 that passed, one of 3.5 that failed and one of 1.5 that passed."""
    hint = "Write `COPY`."
    build = (
        replace(make_result("c1.builds", 5, 5), seconds=1.5, evidence=(Observation("log", EVIL),)),
        make_result("c1.holds", 0, 3.5, reason=EVIL, hint=hint),
        make_result("c1.shows", 1.5, 1.5),
    )
    documents = (
        make_result("readme", 1.5, 1.5),
        make_result("answers", 0, 8.5, status="not checked", reason="no engine"),
    )
    return Report(
        submission="anna", source="anna.zip", kind="zip", sha256="ab" * 32, files=3, size=1234,
        rubric="Task", rubric_sha256="cd" * 32,
        lines=(Line("Container 1 Build", "it builds", build), Line("Ergänzung", "", documents)),
        findings=(Finding("root-user", "Runs as root", "advice", "no `USER`", "Use `USER`.", "Dockerfile:3"),),
        engine="docker", started="2026-01-02T03:04:05+00:00", seconds=4.5,
    )  # fmt: skip
