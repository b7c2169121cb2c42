"""The checks for a framework whose predictions are not recomputed: its import, and the form of its output."""

from __future__ import annotations

import re

from evaluation.causes.output import last_message, missing_program
from evaluation.checks.base import (
    ContainerNumber,
    Patterns,
    check,
    head,
    observed,
    tail,
)
from evaluation.errors import MissingPrerequisite
from evaluation.evidence.evidence import Evidence
from evaluation.layout.expected_layout import Layout
from evaluation.prediction.output import Output, data_rows
from evaluation.result import Observation, Verdict
from evaluation.sandbox.stack_run import StackRun
from evaluation.submission.submission import decode_text

_FRACTION = re.compile(r"\d[.,]\d")
# Maximum number of characters of a pattern that is quoted in a report; a longer one explains nothing.
_LONGEST_PATTERN = 30


@check
def imports_framework(evidence: Evidence) -> Verdict:
    """Check that codebase imports the framework of the rubric with a real Python interpreter."""
    run, framework = evidence.framework_import, evidence.layout.framework
    observations = observed(command=run.command, status=run.status, log=tail(run.output))
    if not run.ok or run.output.split()[-1:] != ["OK"]:
        path = evidence.places.codebase.dockerfile_path
        if program := missing_program(run.output):
            return Verdict(
                False, f"codebase cannot import {framework.name}: its image has no {program}",
                f"Begin {path} with a base image that has Python, such as FROM python:3.11-slim, and install "
                f"{framework.name} there.", observations,
            )  # fmt: skip
        why = run.stopped or last_message(
            run.output.splitlines(), f"status {run.status}, and nothing was printed"
        )
        return Verdict(
            False, f"codebase cannot import {framework.name}: {why}", f"Install {framework.name} in {path}.",
            observations,
        )  # fmt: skip
    if why_not := evidence.why_no_interpreter:
        return Verdict(
            False, f"the python3 of codebase is not a Python interpreter: {why_not}",
            "Use a base image with Python, such as python:3.11-slim.", observations,
        )  # fmt: skip
    challenge, challenge_run = evidence.challenge
    if not challenge.has_language_results(challenge_run.output):
        return Verdict(
            False, "python3 in codebase prints OK, but does not run a test program of the evaluation correctly",
            "The image needs a working Python, such as that of python:3.11-slim.", observations,
        )  # fmt: skip
    return Verdict(True, f"codebase imports {framework.name}", "", observations)


@check
def output_is_there(evidence: Evidence) -> Verdict:
    """Check that a run writes or prints the output that the rubric expects."""
    run = evidence.run
    output = evidence.output(run)
    if output.where:
        return Verdict(
            True, f"{output.where} is the output: {_shown(output)}", "", _observations(run, output)
        )
    layout = evidence.layout
    printed = [line for line in run.lines_of(evidence.roles.code) if line.strip()]
    found = [name for name, entry in run.shared.items() if entry.kind == "file"]
    missing, hint = _expected_output(layout)
    return Verdict(
        False,
        f"{missing}; {layout.shared_path} contains: {', '.join(sorted(found)[:6]) or 'nothing'}; codebase "
        + (f"printed: {last_message(printed)}" if printed else "printed nothing"),
        hint, _observations(run, output),
    )  # fmt: skip


def _expected_output(layout: Layout) -> tuple[str, str]:
    """Return which output of the rubric is missing, and what to do."""
    files, lines = " or ".join(layout.output_files), layout.output_lines
    form = f"with /{lines}/" if len(lines) <= _LONGEST_PATTERN else "of the rubric's form"
    written, printed = (
        f"a run writes no {files} to {layout.shared_path}",
        f"codebase prints no line {form}",
    )
    if not lines:
        return written, f"Write the output to {layout.output_files[0]} in {layout.shared_path}."
    if not files:
        return printed, "Print the output in lines of that form."
    return f"{written}, and {printed}", "Write the prediction to a file of that name, or print it."


@check
def output_has_rows(evidence: Evidence, rows: int = 0, labels: Patterns = ()) -> Verdict:
    """Check that the output has a prediction for each row, or as many as the rubric requires, with known labels.

    Args:
        evidence: the evidence collected for the submission.
        rows: the expected number of predictions; 0 for the number of rows in the file of activationbase.
        labels: patterns of the labels that a prediction may have; empty to accept any.
    """
    run = evidence.run
    output = evidence.output(run)
    observations = _observations(run, output)
    if not output.where or not output.is_text:
        what = "there is no output" if not output.where else f"{output.where} is not text"
        return Verdict(False, f"{what}, so that no predictions can be counted", "", observations)
    expected = rows or _rows_of(evidence)
    if len(output.rows) != expected:
        return Verdict(
            False, f"{output.where} has {len(output.rows)} predictions, expected {expected}",
            "Predict every row once, in the order of the rows.", observations,
        )  # fmt: skip
    unknown = [line for line in output.rows if labels and not any(re.search(label, line) for label in labels)]
    if unknown:
        return Verdict(
            False,
            f"the prediction {unknown[0][:80]!r} has none of the labels {', '.join(labels)}",
            "Print one of the expected class labels for each row.",
            observations,
        )
    return Verdict(
        True, f"{output.where} has {expected} prediction{'s' if expected > 1 else ''}", "", observations
    )


@check
def output_follows_file(evidence: Evidence, container: ContainerNumber) -> Verdict:
    """Check that the output changes if the file of a container is replaced with other numbers or other bytes.

    Args:
        evidence: the evidence collected for the submission.
        container: the number of the data container in the rubric.
    """
    role = evidence.places.number(container)
    if not role.file:
        raise MissingPrerequisite(f"there is no {role.expected_file} to replace")
    before = evidence.output(evidence.run)
    if not before.where:
        raise MissingPrerequisite("there is no output to compare")
    after = evidence.output(evidence.run_with_other_content(role))
    for attempt in (2, 3) if _is_coarse(before) else ():
        if after.lines == before.lines:
            after = evidence.output(evidence.run_with_other_content(role, attempt))
    observations = (*_observations(evidence.run, before), *observed(log=head("\n".join(after.lines))))
    if before.lines == after.lines:
        return Verdict(
            False, f"with a different {role.file}, the output is the same: it does not depend on that file",
            f"Read the file that {role.name} delivers in codebase, on every run.", observations,
        )  # fmt: skip
    again = evidence.output(evidence.second_run)
    if again.lines != before.lines and after.where:
        return Verdict(
            False, f"the output changes from run to run, so that nothing can be said about {role.file}: "
            f"{_shown(before)}, then {_shown(again)}",
            "Fix the seed of the program, so that the same files give the same output.", observations, for_tutor=True,
        )  # fmt: skip
    if not after.where:
        reason = f"without the content of {role.file} there is no output: that file is read"
        return Verdict(True, reason, "", observations)
    return Verdict(True, f"the output changes with {role.file}", "", observations)


@check
def output_is_right(evidence: Evidence) -> Verdict:
    """Show the output to the tutor, who decides whether it is correct."""
    output = evidence.output(evidence.run)
    if not output.where:
        return Verdict(False, "there is no output", "", _observations(evidence.run, output))
    name = evidence.layout.framework.name
    return Verdict(
        False, f"please check whether it is correct (predictions of {name} are not recomputed): {_shown(output)}",
        "", _observations(evidence.run, output), for_tutor=True,
    )  # fmt: skip


def _rows_of(evidence: Evidence) -> int:
    """Return the number of rows that are predicted: those of a table, else one."""
    name = evidence.places.rows
    return data_rows(name, decode_text(evidence.submission.bytes(name))[0]) if name else 1


def _is_coarse(output: Output) -> bool:
    """Return whether other numbers may give the same output by chance: only labels and counts, no decimal fractions."""
    return not any(_FRACTION.search(line) for line in output.lines)


def _shown(output: Output) -> str:
    return " | ".join(output.lines[:3])[:200] or "nothing"


def _observations(run: StackRun, output: Output) -> tuple[Observation, ...]:
    return observed(command=run.command, file=output.where, log=head("\n".join(output.lines)))
