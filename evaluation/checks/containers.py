"""The checks of each container: its image builds and contains its file, and the container prints what is expected."""

from __future__ import annotations

import hashlib
import re

from evaluation.causes.output import last_message, missing_program
from evaluation.checks.base import ContainerNumber, check, head, observed, tail
from evaluation.evidence.evidence import Evidence
from evaluation.images.build_plan import missing_dockerfile_hint, unbuildable
from evaluation.images.context_folder import build_command
from evaluation.layout.places import Place
from evaluation.prediction.replacement_rows import with_other_numbers
from evaluation.prediction.rerun import fresh_seed
from evaluation.result import Observation, Verdict
from evaluation.sandbox.container_run import ContainerRun
from evaluation.submission.submission import decode_text


@check
def image_builds(evidence: Evidence, container: ContainerNumber) -> Verdict:
    """Check that the image builds where the tutor builds it.

    Args:
        evidence: the evidence collected for the submission.
        container: the number of the container in the rubric.
    """
    role = evidence.places.number(container)
    if not evidence.submission.has(role.dockerfile_path):
        return Verdict(
            False,
            _nothing_to_build(role),
            missing_dockerfile_hint(evidence.submission, role.folder, role.dockerfile),
        )
    request = evidence.build_request(role)
    command = build_command(request, role.image)
    if refusal := unbuildable(evidence.submission, request):
        return Verdict(False, refusal.reason, refusal.hint)
    if not any(instruction.keyword in _ADDS for instruction in evidence.dockerfile(role).own_layers):
        return Verdict(
            False, f"{role.dockerfile_path} adds nothing to its base: it has no COPY, ADD or RUN",
            f"COPY {role.provided_file.rpartition('/')[2]} {role.inside} into the image.",
            observed(command=command),
        )  # fmt: skip
    build = evidence.build_result(role)
    observations = observed(
        command=command,
        status=build.status,
        sha256=build.image_id.removeprefix("sha256:"),
        log=tail(build.output, 3 if build.ok else 15),
        note=f"rewritten for the builder: {', '.join(build.changes)}" if build.changes else "",
    )
    if not build.ok:
        return Verdict(False, build.reason, build.hint, observations)
    return Verdict(
        True, f"`{command.rpartition(' && ')[2]}` built an image in {build.seconds:.1f} s", "", observations
    )


def _nothing_to_build(role: Place) -> str:
    """Return what is missing for a build, named as in the rubric, and what was found instead."""
    if not role.exists:
        return f"there is no folder {role.folder}/ with a {role.dockerfile}; the submission contains: {role.instead}"
    return f"{role.dockerfile_path} was not found; {role.folder}/ contains: {role.instead}"


# Instructions that add something to the base of an image.
_ADDS = ("COPY", "ADD", "RUN")
# More than a container may print: rows of this size are never shown completely.
_LONGEST_SHOWN = 4 * 1024 * 1024
# Error messages about a missing file.
_NOT_THERE = re.compile(r"no such|not found|not exist|cannot|can't|missing|nicht|fehlt", re.IGNORECASE)
# System folders; a container cannot start without them.
_SYSTEM = ("bin", "sbin", "lib", "lib64", "usr", "etc", "dev", "proc", "sys")


@check
def image_holds_its_file(evidence: Evidence, container: ContainerNumber) -> Verdict:
    """Check that the image contains the file of its container, byte for byte.

    Args:
        evidence: the evidence collected for the submission.
        container: the number of the container in the rubric.
    """
    role = evidence.places.number(container)
    name = role.provided_file
    if not evidence.submission.has(name):
        return Verdict(
            False,
            f"there is no {name} in the submission; {role.folder}/ contains: {role.instead}",
            f"Put it there, and COPY it in {role.dockerfile_path}.",
        )
    if not evidence.submission.bytes(name).strip():
        return Verdict(False, f"{name} is empty", f"Put the file of the task into {role.folder}/.")
    digest = hashlib.sha256(evidence.submission.bytes(name)).hexdigest()
    path = evidence.path_in_image(role, name)
    if not path:
        return Verdict(
            False,
            f"no file in the image has the content of {name}",
            f"Add to {role.dockerfile_path}: COPY {name.rpartition('/')[2]} {role.inside}",
            observed(sha256=digest),
        )
    return Verdict(
        True, f"the image contains {name} as {path}, byte for byte", "", observed(file=path, sha256=digest)
    )


@check
def prints_its_rows(evidence: Evidence, container: ContainerNumber) -> Verdict:
    """Check that the container prints its rows when it is run by itself.

    Args:
        evidence: the evidence collected for the submission.
        container: the number of the container in the rubric.
    """
    role = evidence.places.number(container)
    name = role.provided_file
    run = evidence.container_run(role)
    if failure := _failed_run(run):
        return failure
    rows = [
        line.strip() for line in decode_text(evidence.submission.bytes(name))[0].splitlines() if line.strip()
    ]
    # A table saved by Excel begins with a byte order mark, which the container prints.
    output_lines = iter([line.strip().lstrip("\ufeff") for line in run.output.splitlines()])
    missing = [row for row in rows if row not in output_lines]
    if not rows or missing:
        difference = "there are no rows to show" if not rows else f"the row {missing[0][:80]!r} was not shown"
        return Verdict(
            False, f"`{run.command}` does not print the rows of {name}: {difference}",
            f'End the Dockerfile with CMD ["cat", "{role.inside}"].', _observations(run),
        )  # fmt: skip
    if failure := _other_rows(evidence, role, name, run):
        return failure
    return Verdict(True, f"`{run.command}` prints the {len(rows)} lines of {name}", "", _observations(run))


@check
def lists_its_model(evidence: Evidence, container: ContainerNumber) -> Verdict:
    """Check that the container lists its model file when it is run by itself.

    Args:
        evidence: the evidence collected for the submission.
        container: the number of the container in the rubric.
    """
    role = evidence.places.number(container)
    name = role.provided_file.rpartition("/")[2]
    run = evidence.container_run(role)
    if failure := _failed_run(run):
        return failure
    if name not in run.output:
        return Verdict(
            False, f"`{run.command}` does not list {name}",
            f'End the Dockerfile with CMD ["ls", "-l", "{role.inside.rpartition("/")[0]}/"].', _observations(run),
        )  # fmt: skip
    if failure := _fixed_listing(evidence, role, run):
        return failure
    return Verdict(True, f"`{run.command}` lists {name}", "", _observations(run))


@check
def imports_pybrain(evidence: Evidence) -> Verdict:
    """Check that codebase imports PyBrain as the tutor types it, and that its Python and its PyBrain work."""
    run = evidence.framework_import
    if run.ok and run.output.split()[-1:] == ["OK"]:
        return _computes(evidence, run)
    lines = [line for line in run.output.splitlines() if line.strip()]
    why = run.stopped or (lines[-1].strip() if lines else f"status {run.status}, and nothing was printed")
    if program := missing_program(run.output):
        why = f"its image has no {program}"
    hint = _import_hint(evidence, run.output)
    return Verdict(False, f"codebase cannot import PyBrain: {why[:200]}", hint, _observations(run))


def _import_hint(evidence: Evidence, output: str) -> str:
    """Return advice for a failed import of PyBrain, based on the message of Python or the engine."""
    code = evidence.places.codebase
    folder = f"{code.folder}/pybrain"
    if not any(name.startswith(folder + "/") and name.endswith(".py") for name in evidence.submission.files):
        return f"{folder}/ contains no Python file: the library itself must be part of the submission."
    if missing_program(output):
        return f"The image has no python3: begin {code.dockerfile_path} with FROM python:3.11-slim."
    missing = re.findall(r"No module named '([\w]+)", output)
    if missing and missing[-1] != "pybrain":
        return (
            f"The library imports {missing[-1]}: install it in {code.dockerfile_path} (RUN pip install), "
            "with its version."
        )
    if "No module named" in output:
        return (
            f"COPY pybrain /opt/pybrain/pybrain in {code.dockerfile_path}: the command looks for it in "
            "/opt/pybrain."
        )
    return (
        f"The library is not compatible with the installed NumPy, SciPy or Python: pin older versions in "
        f"{code.dockerfile_path} "
        "(numpy==1.24.3 and scipy==1.10.1 for Python 3.11)."
    )


def _computes(evidence: Evidence, run: ContainerRun) -> Verdict:
    """Check that a test program prints the expected results; any program could print OK."""
    if why_not := evidence.why_no_interpreter:
        return Verdict(
            False, f"the python3 of codebase is not a Python interpreter: {why_not}",
            "Use a base image with Python, such as python:3.11-slim.", _observations(run),
        )  # fmt: skip
    challenge, challenge_run = evidence.challenge
    observations = (
        *_observations(run),
        *observed(note=f"test program: {challenge.program}", log=tail(challenge_run.output)),
    )
    if not challenge.has_language_results(challenge_run.output):
        return Verdict(
            False, "python3 in codebase prints OK, but does not run a test program of the evaluation correctly",
            "The image needs a working Python, such as that of python:3.11-slim.", observations,
        )  # fmt: skip
    if not challenge.has_network_output(challenge_run.output):
        why = last_message(challenge_run.output.splitlines())
        return Verdict(
            False,
            f"PyBrain is imported, but a small network does not compute: {why}",
            "The image must contain the whole library and its dependencies: FeedForwardNetwork, LinearLayer, "
            "SigmoidLayer and FullConnection of pybrain.structure are used.", observations,
        )  # fmt: skip
    reason = "codebase imports FeedForwardNetwork from /opt/pybrain, and a small network computes"
    return Verdict(True, reason, "", observations)


def _other_rows(evidence: Evidence, role: Place, name: str, run: ContainerRun) -> Verdict | None:
    """Return a failed verdict if the container does not print the rows that replace its own."""
    text = decode_text(evidence.submission.bytes(name))[0]
    new_rows = with_other_numbers(text, fresh_seed())
    if new_rows == text or len(text) > _LONGEST_SHOWN or not evidence.copies_in_image(role, name):
        return None
    second_run = evidence.run_with_rows(role, name, new_rows.encode("utf-8"))
    output_lines = {line.strip() for line in second_run.output.splitlines()}
    if all(line.strip() in output_lines for line in new_rows.splitlines() if line.strip()):
        return None
    return Verdict(
        False, f"`{run.command}` does not show the other rows that replace {name}: its output is "
        "fixed", f'End the Dockerfile with CMD ["cat", "{role.inside}"].',
        (*_observations(run), *observed(log=head(second_run.output))),
    )  # fmt: skip


def _fixed_listing(evidence: Evidence, role: Place, run: ContainerRun) -> Verdict | None:
    """Return a failed verdict if the listing does not change when the folders of the file are empty."""
    name = role.provided_file
    paths = evidence.copies_in_image(role, name) if evidence.submission.has(name) else ()
    folders = tuple(dict.fromkeys(path.rpartition("/")[0] for path in paths))
    if not folders or any(not folder or folder.split("/")[1] in _SYSTEM for folder in folders):
        return None
    second_run = evidence.run_with_empty_folders(role, folders)
    if second_run.ok and len(_lines_naming(second_run, name)) >= len(_lines_naming(run, name)):
        return Verdict(
            False, f"`{run.command}` shows the same when {folders[0]}/ is empty: its output is fixed, not "
            f"read there",
            f'End the Dockerfile with CMD ["ls", "-l", "{role.inside.rpartition("/")[0]}/"].', _observations(run),
        )  # fmt: skip
    return None


def _lines_naming(run: ContainerRun, name: str) -> list[str]:
    """Return the output lines that mention a file, except messages that it is missing."""
    name = name.rpartition("/")[2]
    return [line for line in run.output.splitlines() if name in line and not _NOT_THERE.search(line)]


def _failed_run(run: ContainerRun) -> Verdict | None:
    if run.ok:
        return None
    printed = last_message(run.output.splitlines(), "")
    why = (
        run.stopped
        or f"it exited with status {run.status}{f': {printed}' if printed else ', and printed nothing'}"
    )
    hint = "Run by itself, the container must print its content and exit with status 0: use a short command as CMD."
    return Verdict(False, f"`{run.command}`: {why}", hint, _observations(run))


def _observations(run: ContainerRun) -> tuple[Observation, ...]:
    return observed(command=run.command, status=run.status, log=head(run.output))
