"""The checks of each container: its image builds and holds its file, and the container prints what is expected."""

from __future__ import annotations

import hashlib
import re

from evaluation.checks.base import ContainerNumber, check, head, last_message, observed, service_of, tail
from evaluation.compose.safe_stack import BuildRequest
from evaluation.evidence.evidence import Evidence
from evaluation.images.build_plan import unbuildable
from evaluation.prediction.expected import data_name, model_name
from evaluation.prediction.replacement_rows import with_other_numbers
from evaluation.prediction.rerun import fresh_seed
from evaluation.result import Observation, Verdict
from evaluation.sandbox.container_run import ContainerRun
from evaluation.submission.submission import decode_text
from pipeline.project import CODE_FILE, CODEBASE, KNOWLEDGEBASE, SERVICES, Service


@check
def image_builds(evidence: Evidence, container: ContainerNumber) -> Verdict:
    """Check that the image builds where the tutor builds it."""
    role = service_of(container)
    typed = f"cd {role.folder} && docker build -t {role.image} ."
    if wrong := unbuildable(evidence.submission, BuildRequest(role.folder, "Dockerfile")):
        return Verdict(False, wrong.reason, wrong.hint)
    if not any(one.keyword in _ADDS for one in evidence.dockerfile(role).own_layers):
        return Verdict(
            False, f"{role.folder}/Dockerfile adds nothing to its base: it has no COPY, ADD or RUN",
            f"COPY {file_of(evidence, role).rpartition('/')[2]} {role.inside or '/codeBase/'} into the image.",
            observed(command=typed),
        )  # fmt: skip
    built = evidence.built(role)
    seen = observed(
        command=typed,
        status=built.status,
        sha256=built.image_id.removeprefix("sha256:"),
        log=tail(built.output, 3 if built.ok else 15),
        note=f"rewritten for the builder: {', '.join(built.changes)}" if built.changes else "",
    )
    if not built.ok:
        return Verdict(False, built.reason, built.hint, seen)
    return Verdict(True, f"`docker build -t {role.image} .` made an image in {built.seconds:.1f} s", "", seen)


# Instructions that add something to the base of an image.
_ADDS = ("COPY", "ADD", "RUN")
# More than a container may print: rows of this size are never shown whole.
_LONGEST_SHOWN = 4 * 1024 * 1024
# Error messages about a missing file.
_NOT_THERE = re.compile(r"no such|not found|not exist|cannot|can't|missing|nicht|fehlt", re.IGNORECASE)
# System folders; a container cannot start without them.
_SYSTEM = ("bin", "sbin", "lib", "lib64", "usr", "etc", "dev", "proc", "sys")


def file_of(evidence: Evidence, role: Service) -> str:
    """Return the path of the file that a container provides."""
    if role.name == CODEBASE:
        return f"{role.folder}/{CODE_FILE}"
    name = model_name(evidence.submission) if role.name == KNOWLEDGEBASE else data_name(evidence.submission)
    return name or f"{role.folder}/{role.inside.rpartition('/')[2]}"


@check
def image_holds_its_file(evidence: Evidence, container: ContainerNumber) -> Verdict:
    """Check that the image holds the file of its container, byte for byte."""
    role = service_of(container)
    name = file_of(evidence, role)
    if not evidence.submission.has(name):
        return Verdict(
            False,
            f"there is no {name} in the submission",
            f"Put it there, and COPY it in {role.folder}/Dockerfile.",
        )
    if not evidence.submission.bytes(name).strip():
        return Verdict(False, f"{name} is empty", f"Put the file of the task into {role.folder}/.")
    digest = hashlib.sha256(evidence.submission.bytes(name)).hexdigest()
    place = evidence.path_in_image(role, name)
    if not place:
        return Verdict(
            False,
            f"no file in the image has the content of {name}",
            f"COPY {name.rpartition('/')[2]} {role.inside} in {role.folder}/Dockerfile.",
            observed(sha256=digest),
        )
    return Verdict(
        True, f"the image holds {name} as {place}, byte for byte", "", observed(file=place, sha256=digest)
    )


@check
def prints_its_rows(evidence: Evidence, container: ContainerNumber) -> Verdict:
    """Check that the container prints its rows when it is run by itself."""
    role = service_of(container)
    name = file_of(evidence, role)
    ran = evidence.alone(role)
    if wrong := _failed_run(ran):
        return wrong
    rows = [
        line.strip() for line in decode_text(evidence.submission.bytes(name))[0].splitlines() if line.strip()
    ]
    shown = iter([line.strip() for line in ran.output.splitlines()])
    missing = [row for row in rows if row not in shown]
    if not rows or missing:
        what = "there are no rows to show" if not rows else f"the row {missing[0][:80]!r} was not shown"
        return Verdict(
            False, f"`{ran.command}` does not print the rows of {name}: {what}",
            f'End the Dockerfile with CMD ["cat", "{role.inside}"].', _observations(ran),
        )  # fmt: skip
    if wrong := _other_rows(evidence, role, name, ran):
        return wrong
    return Verdict(True, f"`{ran.command}` prints the {len(rows)} lines of {name}", "", _observations(ran))


@check
def lists_its_model(evidence: Evidence, container: ContainerNumber) -> Verdict:
    """Check that the container lists its model file when it is run by itself."""
    role = service_of(container)
    name = file_of(evidence, role).rpartition("/")[2]
    ran = evidence.alone(role)
    if wrong := _failed_run(ran):
        return wrong
    if name not in ran.output:
        return Verdict(
            False, f"`{ran.command}` does not list {name}",
            f'End the Dockerfile with CMD ["ls", "-l", "{role.inside.rpartition("/")[0]}/"].', _observations(ran),
        )  # fmt: skip
    if wrong := _fixed_listing(evidence, role, ran):
        return wrong
    return Verdict(True, f"`{ran.command}` lists {name}", "", _observations(ran))


@check
def imports_pybrain(evidence: Evidence) -> Verdict:
    """Check that codebase imports PyBrain as the tutor types it, and that its Python and its PyBrain compute."""
    ran = evidence.pybrain_import
    if ran.ok and ran.output.split()[-1:] == ["OK"]:
        return _computes(evidence, ran)
    said = [line for line in ran.output.splitlines() if line.strip()]
    why = ran.stopped or (said[-1].strip() if said else f"status {ran.status}, and nothing was printed")
    hint = "COPY pybrain /opt/pybrain/pybrain in the Dockerfile, with everything that it imports installed."
    folder = f"{SERVICES[2].folder}/pybrain"
    if not any(name.startswith(folder + "/") and name.endswith(".py") for name in evidence.submission.files):
        hint = f"{folder}/ holds no Python file: the library itself must be part of the submission."
    return Verdict(False, f"codebase cannot import PyBrain: {why[:200]}", hint, _observations(ran))


def _computes(evidence: Evidence, ran: ContainerRun) -> Verdict:
    """Check that a test program prints the expected results; any program could print OK."""
    if what := evidence.why_no_interpreter:
        return Verdict(
            False, f"the python3 of codebase is not a Python interpreter: {what}",
            "Build the image from one that holds Python, such as python:3.11-slim.", _observations(ran),
        )  # fmt: skip
    asked, answer = evidence.challenge
    seen = (*_observations(ran), *observed(note=f"test program: {asked.program}", log=tail(answer.output)))
    if not asked.language_answered(answer.output):
        return Verdict(
            False, "python3 in codebase prints OK, but does not run a test program of the evaluation correctly",
            "The image needs a working Python, such as that of python:3.11-slim.", seen,
        )  # fmt: skip
    if not asked.network_answered(answer.output):
        why = last_message(answer.output.splitlines())
        return Verdict(
            False,
            f"PyBrain is imported, but a small network does not compute: {why}",
            "The whole library belongs in the image, with what it imports: FeedForwardNetwork, LinearLayer, "
            "SigmoidLayer and FullConnection of pybrain.structure are used.", seen,
        )  # fmt: skip
    reason = "codebase imports FeedForwardNetwork from /opt/pybrain, and a small network computes"
    return Verdict(True, reason, "", seen)


def _other_rows(evidence: Evidence, role: Service, name: str, ran: ContainerRun) -> Verdict | None:
    """Return a failed verdict if the container does not print rows that replace its own."""
    text = decode_text(evidence.submission.bytes(name))[0]
    other = with_other_numbers(text, fresh_seed())
    if other == text or len(text) > _LONGEST_SHOWN or not evidence.copies_in_image(role, name):
        return None
    again = evidence.alone_with_rows(role, name, other.encode("utf-8"))
    shown = {line.strip() for line in again.output.splitlines()}
    if all(line.strip() in shown for line in other.splitlines() if line.strip()):
        return None
    return Verdict(
        False, f"`{ran.command}` does not show other rows when they are put in the place of {name}: its output is "
        "fixed", f'End the Dockerfile with CMD ["cat", "{role.inside}"].',
        (*_observations(ran), *observed(log=head(again.output))),
    )  # fmt: skip


def _fixed_listing(evidence: Evidence, role: Service, ran: ContainerRun) -> Verdict | None:
    """Return a failed verdict if the listing does not change when the folders of the file are empty."""
    name = file_of(evidence, role)
    places = evidence.copies_in_image(role, name) if evidence.submission.has(name) else ()
    folders = tuple(dict.fromkeys(place.rpartition("/")[0] for place in places))
    if not folders or any(not folder or folder.split("/")[1] in _SYSTEM for folder in folders):
        return None
    without = evidence.alone_with_empty(role, folders)
    if without.ok and len(_lines_naming(without, name)) >= len(_lines_naming(ran, name)):
        return Verdict(
            False, f"`{ran.command}` shows the same where {folders[0]}/ is empty: its output is fixed, not read there",
            f'End the Dockerfile with CMD ["ls", "-l", "{role.inside.rpartition("/")[0]}/"].', _observations(ran),
        )  # fmt: skip
    return None


def _lines_naming(ran: ContainerRun, name: str) -> list[str]:
    """Return the output lines that name a file, without messages that it is missing."""
    name = name.rpartition("/")[2]
    return [line for line in ran.output.splitlines() if name in line and not _NOT_THERE.search(line)]


def _failed_run(ran: ContainerRun) -> Verdict | None:
    if ran.ok:
        return None
    why = ran.stopped or f"it ended with status {ran.status}"
    hint = "Run by itself, the container must print its content and exit: use a short command as CMD."
    return Verdict(False, f"`{ran.command}`: {why}", hint, _observations(ran))


def _observations(ran: ContainerRun) -> tuple[Observation, ...]:
    return observed(command=ran.command, status=ran.status, log=head(ran.output))
