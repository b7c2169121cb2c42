"""The report as JUnit XML, which continuous integration systems display.

It is valid according to the schema of pytest's own reports (``junit-10.xsd``): no ``properties`` in a ``testcase``,
no ``skipped`` in ``testsuites``, times with three decimals.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as xml

from common.check_status import FAILED, NOT_CHECKED
from evaluation.reports.wording import explain, status_of
from evaluation.result import Line, Report, Result, show

FILE = "junit.xml"

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def export(report: Report) -> str:
    """Return a test suite for each line of the rubric, with a test case for each check."""
    counts = _counts(report.results)
    del counts["skipped"]
    root = xml.Element("testsuites", counts | {"name": _clean(report.submission)})
    for line in report.lines:
        suite = xml.SubElement(root, "testsuite", _counts(line.results) | {"name": _clean(line.title)})
        if report.started:
            suite.set("timestamp", _clean(report.started.partition("+")[0]))
        _properties(suite, report, line)
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
        "time": f"{sum(result.seconds for result in results):.3f}",
    }


def _properties(suite: xml.Element, report: Report, line: Line) -> None:
    properties = xml.SubElement(suite, "properties")
    values = {
        "points": show(line.awarded),
        "of": show(line.of),
        "report.points": show(report.awarded),
        "report.of": show(report.of),
        "report.total": report.total_text,
    }
    for name, value in values.items():
        xml.SubElement(properties, "property", {"name": name, "value": _clean(value)})


def _case(suite: xml.Element, result: Result) -> None:
    group, _, name = result.id.partition(".")
    attributes = {"classname": _clean(group), "name": _clean(name or group), "time": f"{result.seconds:.3f}"}
    case = xml.SubElement(suite, "testcase", attributes)
    if result.status == FAILED:
        failure = xml.SubElement(case, "failure", {"message": _clean(result.reason), "type": "failed"})
        failure.text = _clean(explain(result))
    elif result.status == NOT_CHECKED:
        xml.SubElement(case, "skipped", {"message": _clean(result.reason), "type": status_of(result)})
    output = [f"{result.title}: {show(result.awarded)} of {show(result.of)} points"]
    output += [f"[{observation.kind}] {observation.text}" for observation in result.evidence]
    xml.SubElement(case, "system-out").text = _clean("\n".join(output))


def _clean(text: str) -> str:
    """Return a string without the characters that XML does not allow."""
    return _NO_XML.sub("\ufffd", text)
