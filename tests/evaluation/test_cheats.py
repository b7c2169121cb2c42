"""Real containers: submissions that want points without the work get what they deserve, with the reason."""

from __future__ import annotations

import pytest

CHEATS = [
    "cheat-digits", "cheat-own-copy", "cheat-knows-its-files", "cheat-all-in-codebase",
    "honest-comma", "honest-two-digits",
]  # fmt: skip


def test_every_cheat_is_evaluated(cheats, samples):
    assert sorted(cheats.in_containers(samples)) == sorted(CHEATS)


@pytest.mark.parametrize("name", CHEATS)
def test_it_gets_what_it_deserves(reports, cheats, samples, name, failed):
    cheat, report = cheats.in_containers(samples)[name], reports[name]
    assert failed(report) == dict.fromkeys(cheat.reasons, "failed")
    reasons = {result.id: result.reason for result in report.results}
    for check, reason in cheat.reasons.items():
        assert reason in reasons[check]
    assert report.points == cheat.points


def test_the_seed_of_the_exchanged_files_stands_in_the_report(reports):
    for name in ("right", "cheat-own-copy"):
        evidence = next(one for one in reports[name].results if one.id == "activation.prediction").evidence
        assert any("(seed " in one.text for one in evidence)


def test_a_prediction_of_two_digits_is_asked_for_more_than_once(reports):
    results = {one.id: one for one in reports["honest-two-digits"].results}
    assert any("further runs)" in one.text for one in results["activation.prediction"].evidence)
