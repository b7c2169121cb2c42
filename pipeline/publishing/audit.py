"""Known vulnerabilities of the Python packages of images, reported by pip-audit.

pip-audit queries the package index. A package that the index does not know, which is common for mirrors, stays
undecided: a report without findings does not prove that there are no vulnerabilities.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from common import extras, process
from common.errors import TimedOut
from common.project import Layout
from pipeline.publishing.failures import last_line
from pipeline.publishing.package import PYPI, Package
from pybrain_runtime.errors import MissingPackage

CLEAN, VULNERABLE, UNDECIDED = "clean", "vulnerable", "undecided"

_TIMEOUT = 180.0
_OPTIONS = ("--format=json", "--progress-spinner=off", "--disable-pip", "--no-deps", "--timeout=15")
# Exact requirements that pip accepts: a single line that it refuses would abort the whole look-up.
_PIN = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?=="
    r"(?:\d+!)?\d+(?:\.\d+)*(?:(?:a|b|rc)\d+)?(?:\.post\d+)?(?:\.dev\d+)?(?:\+[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*)?"
)
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,63}")


@dataclass(frozen=True)
class AuditReport:
    """The report of pip-audit.

    Attributes:
        status: ``clean`` if every package was looked up and none has a known vulnerability, ``vulnerable`` if one has,
            otherwise ``undecided``.
        reason: why some or all packages are undecided; empty if none is.
        findings: the vulnerability IDs and the fixed versions of each vulnerable package, by ``NAME==VERSION``.
        undecided: the packages that were not looked up.
    """

    status: str
    reason: str
    findings: Mapping[str, Mapping[str, list[str]]]
    undecided: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return the report as a JSON object."""
        return {
            "status": self.status,
            "reason": self.reason,
            "findings": {name: dict(found) for name, found in self.findings.items()},
            "undecided": list(self.undecided),
        }


def audit(packages: Iterable[Package], layout: Layout, say: Callable[[str], None]) -> AuditReport:
    """Look up the known vulnerabilities of the Python packages of images.

    Args:
        packages: the packages of all images.
        layout: the checkout.
        say: a function that shows a line before pip-audit is installed.

    Returns:
        The report; without a network or without pip-audit, all packages are undecided.
    """
    pins = sorted({f"{package.name}=={package.version}" for package in packages if package.kind == PYPI})
    if not pins:
        return AuditReport(CLEAN, "", {}, ())
    try:
        extras.ensure("audit", layout, say)
        ended = _run(pins)
    except (MissingPackage, TimedOut) as error:
        return _undecided(error.message.splitlines()[0].rstrip("."), pins)
    return report_of(ended.output, pins) or _undecided(_reason(ended.output), pins)


def _reason(output: str) -> str:
    """Return why pip-audit wrote no report."""
    line = last_line(output)
    if found := re.search(r"\b(ConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError)\b", line):
        return f"the package index cannot be reached ({found[1]})"
    return line or "pip-audit printed nothing"


def _run(pins: list[str]) -> process.CompletedProgram:
    with tempfile.TemporaryDirectory(prefix="app07-") as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text("".join(f"{pin}\n" for pin in pins if _PIN.fullmatch(pin)), encoding="utf-8")
        return process.capture(
            [sys.executable, "-m", "pip_audit", *_OPTIONS, "-r", str(listed)], timeout=_TIMEOUT
        )


def report_of(output: str, pins: list[str]) -> AuditReport | None:
    """Parse the report in the output of pip-audit; None if the output contains no report.

    Args:
        output: the output of pip-audit.
        pins: the packages to look up, as ``NAME==VERSION``.
    """
    entries = _entries(output)
    if entries is None:
        return None
    findings = {}
    decided = set()
    for entry in entries:
        name = f"{entry.get('name')}=={entry.get('version')}"
        if isinstance(entry.get("vulns"), list):
            decided.add(_key(name))
            if entry["vulns"]:
                findings[name] = _finding(entry["vulns"])
    undecided = tuple(pin for pin in pins if _key(pin) not in decided)
    reason = f"the index does not know {len(undecided)} of {len(pins)} packages" if undecided else ""
    status = VULNERABLE if findings else UNDECIDED if undecided else CLEAN
    return AuditReport(status, reason, findings, undecided)


def _entries(output: str) -> list[dict[str, object]] | None:
    for line in output.splitlines():  # warnings may precede or follow it
        if line.startswith("{"):
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            entries = value.get("dependencies")
            if isinstance(entries, list):
                return [entry for entry in entries if isinstance(entry, dict)]
    return None


def _finding(vulnerabilities: object) -> dict[str, list[str]]:
    """Return the vulnerability IDs and the fixed versions, without free text of the index."""
    found: dict[str, set[str]] = {"ids": set(), "fixed_in": set()}
    for entry in vulnerabilities if isinstance(vulnerabilities, list) else []:
        if isinstance(entry, dict):
            found["ids"].update(_identifiers([entry.get("id")]) or ["unknown"])
            found["fixed_in"].update(_identifiers(entry.get("fix_versions")))
    return {key: sorted(values) for key, values in found.items()}


def _identifiers(values: object) -> list[str]:
    listed = values if isinstance(values, list) else []
    return [value for value in listed if isinstance(value, str) and _IDENTIFIER.fullmatch(value)]


def _key(pin: str) -> str:
    name, _, version = pin.partition("==")
    return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"


def _undecided(reason: str, pins: list[str]) -> AuditReport:
    return AuditReport(UNDECIDED, reason, {}, tuple(pins))
