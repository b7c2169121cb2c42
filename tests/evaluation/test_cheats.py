"""Submissions that try to get points without the work, evaluated in real containers."""

from __future__ import annotations

import pytest

from common.project import SERVICES
from evaluation.checks import CHECKS

DOCKER = [
    "cheat-digits", "cheat-own-copy", "cheat-knows-its-files", "cheat-all-in-codebase",
    "cheat-copied-by-codebase", "cheat-computed-elsewhere", "honest-mounted-project",
    "cheat-declared-volumes", "honest-declared-volumes", "honest-comma", "honest-two-digits", "honest-scaled",
    "cheat-not-scaled",
]  # fmt: skip


def test_every_cheat_is_evaluated(cheats, samples):
    assert sorted(cheats.in_containers(samples)) == sorted(DOCKER)


@pytest.mark.parametrize("name", DOCKER)
def test_a_cheat_gets_the_expected_points(reports, cheats, samples, name, failed):
    cheat, report = cheats.in_containers(samples)[name], reports[name]
    assert [check for check, status in failed(report).items() if status == "failed"] == list(cheat.reasons)
    reasons = {result.id: result.reason for result in report.results}
    for check, reason in cheat.reasons.items():
        assert reason in reasons[check]
    assert report.points == cheat.points


def test_the_seed_of_the_replacements_is_in_the_report(reports):
    for name in ("right", "cheat-own-copy"):
        evidence = next(one for one in reports[name].results if one.id == "activation.prediction").evidence
        assert any("(seed " in one.text for one in evidence)


def test_a_prediction_with_two_digits_is_rerun_several_times(reports):
    results = {one.id: one for one in reports["honest-two-digits"].results}
    assert any("further runs)" in one.text for one in results["activation.prediction"].evidence)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_dockerfile_with_only_a_base_image_gets_no_points(evidence_of, number):
    folder = SERVICES[number - 1].folder
    made = evidence_of({f"{folder}/Dockerfile": 'FROM busybox:latest\nCMD ["true"]\n'})
    verdict = CHECKS["image_builds"](made, container=number)
    assert not verdict.passed
    assert verdict.reason == f"{folder}/Dockerfile adds nothing to its base: it has no COPY, ADD or RUN"


@pytest.mark.slow
def test_an_empty_program_does_not_count(evidence_of):
    made = evidence_of({"container3_codebase/UE_07_App5.py": "\n"})
    verdict = CHECKS["image_holds_its_file"](made, container=3)
    assert (verdict.passed, verdict.reason) == (False, "container3_codebase/UE_07_App5.py is empty")
