"""The report as JUnit XML, which continuous integration systems show."""

from __future__ import annotations

import re
from xml.etree import ElementTree as xml

from evaluation.result import Report, Result, show
from pipeline.check_status import FAILED, NOT_CHECKED

FILE = "junit.xml"

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def export(report: Report) -> str:
    """Return a suite for each line of the rubric, a case for each check."""
    root = xml.Element("testsuites", _counts(report.results) | {"name": _clean(report.submission)})
    for line in report.lines:
        suite = xml.SubElement(root, "testsuite", _counts(line.results) | {"name": _clean(line.title)})
        for result in line.results:
            _case(suite, result)
    xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"


def _counts(results: tuple[Result, ...]) -> dict[str, str]:
    return {
        "tests": str(len(results)),
        "failures": str(sum(result.status == FAILED for result in results)),
        "skipped": str(sum(result.status == NOT_CHECKED for result in results)),
        "errors": "0",
        "time": f"{sum(result.seconds for result in results):.2f}",
    }


def _case(suite: xml.Element, result: Result) -> None:
    group, _, name = result.id.partition(".")
    attributes = {"classname": _clean(group), "name": _clean(name or group), "time": f"{result.seconds:.2f}"}
    case = xml.SubElement(suite, "testcase", attributes)
    properties = xml.SubElement(case, "properties")
    for key, value in (("title", result.title), ("points", show(result.points)), ("of", show(result.of))):
        xml.SubElement(properties, "property", {"name": key, "value": _clean(value)})
    if result.status == FAILED:
        failure = xml.SubElement(case, "failure", {"message": _clean(result.reason)})
        failure.text = _clean("\n".join(filter(None, (result.reason, result.hint))))
    elif result.status == NOT_CHECKED:
        kind = "undecided: " if result.undecided else ""
        xml.SubElement(case, "skipped", {"message": _clean(kind + result.reason)})
    if result.evidence:
        output = "\n".join(f"[{observation.kind}] {observation.text}" for observation in result.evidence)
        xml.SubElement(case, "system-out").text = _clean(output)


def _clean(text: str) -> str:
    """Return a text without the characters that XML does not allow."""
    return _NO_XML.sub("\ufffd", text)
