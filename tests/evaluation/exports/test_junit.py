"""JUnit XML, checked against the elements and attributes of ``junit-10.xsd``, the schema of pytest's reports."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from evaluation.reports.formats.junit import export

# The schema: the attributes of each element (required ones with a star), then its children.
_COUNTS = {"tests*", "failures*", "errors*"}
SCHEMA = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name*", *_COUNTS, "group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url", "version"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), {"property"}),
    "property": ({"name*", "value*"}, set()),
    "testcase": ({"name*", "time", "classname", "group"}, {"skipped", "errors", "failure", "system-out", "system-err"}),
    "failure": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}  # fmt: skip
_TIME = re.compile(r"[0-9,]*(\.[0-9]{0,3})?")


@pytest.fixture(scope="module")
def root(report):
    return ElementTree.fromstring(export(report).partition("\n")[2])


def errors_in(element):
    """Yield the violations of the schema in an element and its descendants."""
    attributes, children = SCHEMA[element.tag]
    if unknown := set(element.keys()) - {name.rstrip("*") for name in attributes}:
        yield f"{element.tag} has {unknown}"
    if missing := {name.rstrip("*") for name in attributes if name.endswith("*")} - set(element.keys()):
        yield f"{element.tag} has no {missing}"
    if element.tag != "testcase" and not _TIME.fullmatch(element.get("time", "0")):
        yield f"{element.tag} takes {element.get('time')}"
    for child in element:
        if child.tag not in children:
            yield f"{element.tag} contains {child.tag}"
        else:
            yield from errors_in(child)


def test_the_report_is_valid_according_to_the_schema(root, report):
    assert list(errors_in(root)) == []
    slow = replace(report.lines[0].results[0], seconds=1234.5678)
    slow_report = replace(report, lines=(replace(report.lines[0], results=(slow,)),))
    assert list(errors_in(ElementTree.fromstring(export(slow_report).partition("\n")[2]))) == []


def test_failures_and_skips_are_counted_with_reason_hint_and_points(root):
    assert (root.get("tests"), root.get("failures")) == ("5", "1")
    suite = root.find("testsuite[@name='Container 1 Build']")
    assert suite.get("timestamp") == "2026-01-02T03:04:05"
    points = {entry.get("name"): entry.get("value") for entry in suite.findall("properties/property")}
    assert points == {
        "points": "6.5",
        "of": "10",
        "report.points": "8",
        "report.of": "20",
        "report.total": "8 of 20",
    }
    failure = suite.find("testcase[@name='holds']/failure")
    assert failure.text.endswith("Write `COPY`.") and "<script>" in failure.get("message")
    assert root.find("testsuite/testcase/skipped").get("message") == "no engine"


def test_the_characters_of_a_submission_do_not_break_the_file(root):
    assert "\\x00" in root.find("testsuite/testcase[@name='builds']/system-out").text


def test_junitparser_reads_the_report(report, tmp_path):
    """If the package is installed, it reads the file; the expected values also hold without it."""
    (tmp_path / "junit.xml").write_text(export(report), "utf-8")
    expected = [("Container 1 Build", 3, 1), ("Ergänzung", 2, 0)]
    if importlib.util.find_spec("junitparser"):
        suites = importlib.import_module("junitparser").JUnitXml.fromfile(str(tmp_path / "junit.xml"))
        read = [(suite.name, suite.tests, suite.failures) for suite in suites]
    else:
        tree = ElementTree.parse(tmp_path / "junit.xml").getroot()
        read = [(suite.get("name"), int(suite.get("tests")), int(suite.get("failures"))) for suite in tree]
    assert read == expected
