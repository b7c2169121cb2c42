"""`doctor`: check what the pipeline needs, and show how to fix each problem."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.diagnosis.finding import Finding

_EPILOG = (
    "! marks a warning: the pipeline still runs. A cross marks a problem that must be fixed first.\n"
    "Nothing is changed. The command needs no package and no .venv, and ends within seconds.\n\n"
    "exit status: 0 done, the pipeline can run, 2 wrong usage, 70 there is a problem"
)
_MARKS = {"ok": "✓", "note": "!", "problem": "✗"}


class DoctorResult(Result):
    """The result of `doctor`.

    Args:
        version: the project's version.
        folder: the folder that was checked.
        findings: the findings of all checks.
    """

    def __init__(self, version: str, folder: str, findings: Sequence[Finding]) -> None:
        from common.errors import ChecksFailed

        self.version = version
        self.folder = folder
        self.findings = findings
        problems = [each.check for each in findings if each.status == "problem"]
        if problems:
            self.error = ChecksFailed(f"problems to fix: {', '.join(dict.fromkeys(problems))}")

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        findings = [each._asdict() for each in self.findings]
        return {"version": self.version, "folder": self.folder, "findings": findings}


class DoctorCommand(Command):
    """Check Python, permissions, disk, Docker, Compose, the package index and files."""

    name = "doctor"
    position = 47
    summary = "Check Python, Docker, Compose, permissions, disk, package index and files; show how to fix each problem."
    epilog = _EPILOG
    requirements = ""

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add no options: the command has none of its own."""

    def run(self, context: Context) -> DoctorResult:
        """Run the checks and print what they found."""
        from pipeline.checkout.version import project_version
        from pipeline.diagnosis.finding import Surroundings
        from pipeline.diagnosis.run_checks import run_checks

        place = Surroundings(context.layout, context.environment)
        what = "checkout" if place.is_checkout else "folder"
        version, folder = project_version(), str(context.layout.root)
        context.console.print(f"  app07 {version}, {what} {folder}")
        findings = run_checks(place)
        for each in findings:
            context.console.print(f"  {_MARKS[each.status]} {each.check:<14} {each.text}")
            if each.advice:
                context.console.print(f"    {'':<14} {each.advice}")
        return DoctorResult(version, folder, findings)
