"""The checks of the shared folder: after a run it contains both files, unchanged."""

from __future__ import annotations

import hashlib

from evaluation.checks.base import ContainerNumber, check, observed
from evaluation.errors import CannotCheck
from evaluation.evidence.evidence import Evidence
from evaluation.layout.places import Place
from evaluation.result import Observation, Verdict
from evaluation.sandbox.stack_run import StackRun


@check
def shared_file_is_there(evidence: Evidence, container: ContainerNumber) -> Verdict:
    """Check that the shared folder contains the file of a data container after a run.

    Args:
        evidence: the evidence collected for the submission.
        container: the number of the data container in the rubric.
    """
    role = evidence.places.number(container)
    name, layout = role.shared_file, evidence.layout
    shared = layout.shared_folders[0]
    run = evidence.run_for_files
    entry = run.shared_file(name, shared)
    observations = _observations(run, shared)
    if entry is not None and entry.kind == "file":
        if why := _why_not_delivered(evidence, role):
            hint = f"{role.name} copies {role.inside} to {layout.shared_path}/{name} when it runs."
            return Verdict(False, why, hint, (*observations, *observed(note=evidence.rerun.text)))
        return Verdict(True, f"{shared}/{name} exists, {len(entry.content):,} bytes", "", observations)
    if entry is not None:
        return Verdict(
            False, f"{shared}/{name} is a {entry.kind}, not a file", "Copy the file itself.", observations
        )
    content = evidence.submission.bytes(role.provided_file)
    same_content = [
        other.name
        for other in run.shared.values()
        if other.kind == "file" and content and other.content == content
    ]
    hint = f"{role.name} copies {role.inside} to {layout.shared_path}/{name}."
    if same_content:
        hint = f"It was copied under another name, {same_content[0]}; the task calls it {name}."
    existing = ", ".join(sorted(run.shared)) or "nothing"
    return Verdict(
        False,
        f"there is no {shared}/{name} after a run; {shared}/ contains: {existing[:200]}",
        hint,
        observations,
    )


@check
def shared_file_is_the_same(evidence: Evidence, container: ContainerNumber) -> Verdict:
    """Check that the file in the shared folder has the content of the submission's file.

    Args:
        evidence: the evidence collected for the submission.
        container: the number of the data container in the rubric.
    """
    role = evidence.places.number(container)
    name, layout = role.shared_file, evidence.layout
    shared = layout.shared_folders[0]
    submitted = role.provided_file
    if not evidence.submission.has(submitted):
        return Verdict(False, f"there is no {submitted} to compare with", f"Put it into {role.folder}/.")
    entry = evidence.run_for_files.shared_file(name, shared)
    if entry is None or entry.kind != "file":
        return Verdict(False, f"there is no file {shared}/{name} after a run", "")
    expected = hashlib.sha256(evidence.submission.bytes(submitted)).hexdigest()
    digest = hashlib.sha256(entry.content).hexdigest()
    observations = observed(sha256=f"{digest}  {shared}/{name}\n{expected}  {submitted}")
    if digest == expected:
        return Verdict(True, f"{shared}/{name} equals {submitted}, byte for byte", "", observations)
    size = len(evidence.submission.bytes(submitted))
    return Verdict(
        False,
        f"{shared}/{name} ({len(entry.content):,} bytes) differs from {submitted} ({size:,} bytes)",
        f"Copy the file unchanged: cp {role.inside} {layout.shared_path}/{name}. Text tools damage a model.",
        observations,
    )


def _why_not_delivered(evidence: Evidence, role: Place) -> str:
    """Return why a file in the shared folder does not come from its container; empty if it does.

    Without a rerun, the container passes.
    """
    if evidence.run.stopped:
        return ""
    try:
        rerun = evidence.rerun
    except CannotCheck:
        return ""
    if not rerun.delivered.get(role.name, True):
        return (
            f"after the file in {role.name} was replaced, the shared folder still contains the original file: it is "
            "copied from somewhere else"
        )
    if role.name in rerun.idle:
        return (
            f"{role.name} does not deliver its file: it does not arrive in the shared folder while the other "
            "services that see it do nothing"
        )
    return ""


def _observations(run: StackRun, shared: str) -> tuple[Observation, ...]:
    listing = "\n".join(
        f"{len(entry.content):>10} {entry.name}" for entry in run.shared.values() if entry.kind == "file"
    )
    return observed(command=f"{run.command}; ls -l {shared}", log=listing or "(empty)")
