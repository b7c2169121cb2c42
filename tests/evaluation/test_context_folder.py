"""A Dockerfile that is written for the top folder of a repository is built there."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.checks import CHECKS
from evaluation.evidence.evidence import Evidence
from evaluation.images.context_folder import build_command
from evaluation.quotas import DEFAULT_LIMITS
from evaluation.rubric import load_rubric
from evaluation.submission.choose_root import Expected
from evaluation.submission.intake import copy_submission
from tests.evaluation import other_courses as courses

ROWS, CODE = "images/activationBase_fruit", "images/codeBase_fruit"


@pytest.fixture
def evidence_of(tmp_path):
    """Return a function for the evidence of a submission of the other course with changed files."""
    layout = load_rubric(Path("ai-cps")).layout

    def make(changes):
        folder = courses.write_files(tmp_path / "fruit", {**courses.AI_CPS, **changes})
        submission = copy_submission(str(folder), tmp_path / "in", DEFAULT_LIMITS, Expected(layout))
        return Evidence(
            submission, DEFAULT_LIMITS, None, tmp_path, why_no_engine="a test without one", layout=layout
        )

    return make


@pytest.mark.parametrize(
    ("copy", "context"),
    [
        ("COPY tmp/activationBase /a", ROWS),
        (f"COPY {ROWS}/tmp/activationBase {ROWS}/README.md /a/", "."),
        (f"ADD ../../{ROWS}/README.md /a/", "."),
        ("COPY activationBase_fruit/README.md /a/", "images"),
        (f"COPY {ROWS}/*.md /a/", "."),
        ("COPY . /a", ROWS),
        ("COPY nowhere.csv /a", ROWS),
        # One of two is found from the top, and none in the folder: that is where the other one is missing.
        (f"COPY {ROWS}/README.md {ROWS}/readme.MD /a/", "."),
        ("COPY --from=busybox /etc/passwd /a", ROWS),
        ("COPY ${ROWS} README.md /a/", ROWS),
    ],
)
def test_the_context_is_the_folder_in_which_the_copied_files_are(copy, context, evidence_of):
    evidence = evidence_of({f"{ROWS}/Dockerfile": f"FROM busybox\n{copy}\n"})
    request = evidence.build_request(evidence.places.number(1))
    assert request.context == context
    assert f"{context}/{request.dockerfile}".removeprefix("./") == f"{ROWS}/Dockerfile"


def test_the_command_of_the_report_is_the_one_that_builds_the_image(evidence_of):
    evidence = evidence_of({f"{CODE}/Dockerfile": f"FROM python:3.11-slim\nCOPY {CODE} /codeBase/\n"})
    command = build_command(evidence.build_request(evidence.places.codebase), "codebase_fruit")
    assert command == f"docker build -t codebase_fruit -f {CODE}/Dockerfile ."


def test_a_service_that_builds_in_the_top_folder_is_that_container(evidence_of):
    scenario = courses.AI_CPS["scenarios/apply_annSolution/x86_64/docker-compose.yml"]
    build = f"build: {{context: ../../.., dockerfile: {CODE}/Dockerfile}}"
    text = scenario.replace("image: someone/codebase_fruit:latest", build).replace(
        "code_base_fruit", "program"
    )
    evidence = evidence_of({"scenarios/apply_annSolution/x86_64/docker-compose.yml": text})
    assert evidence.roles.code == "program"
    assert CHECKS["compose_services"](evidence).passed
