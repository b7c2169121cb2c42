"""The vulnerability report states only what was looked up. The outputs are those of pip-audit 2.10."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from common.project import Layout
from pipeline.publishing.audit import _PIN, _reason, audit, report_of
from pipeline.publishing.package import Package

PINS = ["Tiny_Package==1.0", "urllib3==1.26.4"]
KNOWN = {"name": "tiny-package", "version": "1.0", "vulns": []}
FOUND = {
    "name": "urllib3", "version": "1.26.4",
    "vulns": [{"id": "PYSEC-2021-108", "fix_versions": ["1.26.5"], "aliases": ["CVE-2021-33503"],
               "description": "text of the index \x1b[31m"}],
}  # fmt: skip
SKIPPED = {
    "name": "urllib3",
    "skip_reason": "Dependency not found on PyPI and could not be audited: urllib3 (1.26.4)",
}
PACKAGE = Package("pypi", "numpy", "2.0", "opt/site-packages/numpy-2.0.dist-info/METADATA")


def printed(*entries: object) -> str:
    return "WARNING: something\n" + json.dumps({"dependencies": list(entries), "fixes": []}) + "\n"


def test_a_report_is_clean_only_if_every_package_was_looked_up() -> None:
    report = report_of(printed(KNOWN, {**FOUND, "vulns": []}), PINS)
    assert report is not None
    assert (report.status, report.reason, report.undecided) == ("clean", "", ())


def test_a_vulnerable_package_is_listed_with_the_fixed_versions() -> None:
    report = report_of(printed(KNOWN, FOUND), PINS)
    assert report is not None
    assert report.as_json() == {
        "status": "vulnerable",
        "reason": "",
        "findings": {"urllib3==1.26.4": {"ids": ["PYSEC-2021-108"], "fixed_in": ["1.26.5"]}},
        "undecided": [],
    }


@pytest.mark.parametrize(
    "entries", [(KNOWN, SKIPPED), (KNOWN,), (KNOWN, {"name": "urllib3", "vulns": "none"}), (KNOWN, 7)]
)
def test_a_package_that_the_index_does_not_know_is_undecided(entries: tuple[object, ...]) -> None:
    report = report_of(printed(*entries), PINS)
    assert report is not None
    assert (report.status, report.undecided) == ("undecided", ("urllib3==1.26.4",))
    assert report.reason == "the index does not know 1 of 2 packages"


def test_an_unreachable_index_is_reported_in_one_line() -> None:
    said = "Traceback\nrequests.exceptions.ConnectionError: HTTPSConnectionPool(host='h', port=443): Max retries\n"
    assert _reason(said) == "the package index cannot be reached (ConnectionError)"


@pytest.mark.parametrize(
    "output", ["", "Traceback\nConnectionError: x", "{}", '{"dependencies": 3}', "{" * 100_000]
)
def test_output_without_a_report_gives_none(output: str) -> None:
    assert report_of(output, PINS) is None


def test_free_text_of_the_index_is_not_copied() -> None:
    odd = {**FOUND, "vulns": [{"id": "\x1b]0;x", "fix_versions": ["1; rm"]}, {"id": 3}, None]}
    report = report_of(printed(odd), PINS)
    assert report is not None
    assert report.findings == {"urllib3==1.26.4": {"ids": ["unknown"], "fixed_in": []}}


def test_without_pip_audit_everything_is_undecided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.extras.find_spec", lambda module: None)
    report = audit([PACKAGE], Layout(tmp_path), pytest.fail)
    assert (report.status, report.undecided) == ("undecided", ("numpy==2.0",))
    assert report.reason == "Looking up known vulnerabilities needs pip-audit, which is not installed"


def test_a_pip_audit_that_fails_leaves_everything_undecided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.publishing.audit.extras.ensure", lambda *words: None)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    report = audit([PACKAGE], Layout(tmp_path), pytest.fail)
    assert (report.status, report.reason) == ("undecided", "pip-audit printed nothing")


def test_an_image_without_python_packages_is_clean(tmp_path: Path) -> None:
    report = audit([Package("deb", "libc6", "2", "x")], Layout(tmp_path), pytest.fail)
    assert report.status == "clean"


@pytest.mark.parametrize(
    ("pin", "is_looked_up"),
    [
        ("numpy==2.4.6", True),
        ("a.b_c-d==1!2.0rc1.post2.dev3+ds1.2", True),
        ("a==1:2.0", False),
        ("a==1.0-1", False),
        ("a+b==1", False),
        ("a-==1", False),
    ],
)
def test_only_versions_that_pip_accepts_are_looked_up(pin: str, is_looked_up: bool) -> None:
    assert bool(_PIN.fullmatch(pin)) == is_looked_up
