"""Each container: it builds, it holds its file, and alone it does what a tutor looks for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from evaluation.checks.base import Check, container, head, last_words, seen, tail
from evaluation.compose.safe_stack import BuildRequest
from evaluation.evidence.evidence import Lab
from evaluation.images.build_plan import unbuildable
from evaluation.prediction.expected import data_name, model_name
from evaluation.prediction.replacement_rows import changed_text
from evaluation.prediction.rerun import fresh_seed
from evaluation.result import Verdict
from evaluation.sandbox.container_run import ContainerRun
from evaluation.submission.submission import decoded
from pipeline.project import CODE_FILE, CODEBASE, KNOWLEDGEBASE, SERVICES, Service


def builds(lab: Lab, parameters: Mapping[str, Any]) -> Verdict:
    """The image builds where a tutor builds it, and gets the name that a tutor gives it."""
    role = container(parameters)
    typed = f"cd {role.folder} && docker build -t {role.image} ."
    if wrong := unbuildable(lab.submission, BuildRequest(role.folder, "Dockerfile")):
        return Verdict(False, wrong.reason, wrong.hint)
    if not any(one.keyword in _ADDS for one in lab.dockerfile(role).own_layers):
        return Verdict(
            False, f"{role.folder}/Dockerfile adds nothing to its base: it has no COPY, ADD or RUN",
            f"COPY {file_of(lab, role).rpartition('/')[2]} {role.inside or '/codeBase/'} into the image.",
            seen(command=typed),
        )  # fmt: skip
    built = lab.built(role)
    evidence = seen(
        command=typed,
        status=built.status,
        sha256=built.image_id.removeprefix("sha256:"),
        log=tail(built.output, 3 if built.ok else 15),
        note=f"rewritten for the builder: {', '.join(built.changes)}" if built.changes else "",
    )
    if not built.ok:
        return Verdict(False, built.reason, built.hint, evidence)
    return Verdict(
        True, f"`docker build -t {role.image} .` made an image in {built.seconds:.1f} s", "", evidence
    )


# Instructions that add something to the base of an image.
_ADDS = ("COPY", "ADD", "RUN")
# More than a container may print: rows of this size are never shown whole.
_LONGEST_SHOWN = 4 * 1024 * 1024
# How programs say that there is no such file.
_NOT_THERE = re.compile(r"no such|not found|not exist|cannot|can't|missing|nicht|fehlt", re.IGNORECASE)
# Folders without which nothing starts.
_SYSTEM = ("bin", "sbin", "lib", "lib64", "usr", "etc", "dev", "proc", "sys")


def file_of(lab: Lab, role: Service) -> str:
    """The file of the submission that a container is there for."""
    if role.name == CODEBASE:
        return f"{role.folder}/{CODE_FILE}"
    name = model_name(lab.submission) if role.name == KNOWLEDGEBASE else data_name(lab.submission)
    return name or f"{role.folder}/{role.inside.rpartition('/')[2]}"


def holds_its_file(lab: Lab, parameters: Mapping[str, Any]) -> Verdict:
    """The image holds the file that the container is there for, byte for byte."""
    role = container(parameters)
    name = file_of(lab, role)
    if not lab.submission.has(name):
        return Verdict(
            False,
            f"there is no {name} in the submission",
            f"Put it there, and COPY it in {role.folder}/Dockerfile.",
        )
    if not lab.submission.bytes(name).strip():
        return Verdict(False, f"{name} is empty", f"Put the file of the task into {role.folder}/.")
    digest = hashlib.sha256(lab.submission.bytes(name)).hexdigest()
    place = lab.holds(role, name)
    if not place:
        return Verdict(
            False,
            f"no file in the image has the content of {name}",
            f"COPY {name.rpartition('/')[2]} {role.inside} in {role.folder}/Dockerfile.",
            seen(sha256=digest),
        )
    return Verdict(
        True, f"the image holds {name} as {place}, byte for byte", "", seen(file=place, sha256=digest)
    )


def prints_rows(lab: Lab, parameters: Mapping[str, Any]) -> Verdict:
    """Alone, the container shows its rows."""
    role = container(parameters)
    name = file_of(lab, role)
    ran = lab.alone(role)
    if wrong := _did_not_end_well(ran):
        return wrong
    rows = [line.strip() for line in decoded(lab.submission.bytes(name))[0].splitlines() if line.strip()]
    shown = iter([line.strip() for line in ran.output.splitlines()])
    missing = [row for row in rows if row not in shown]
    if not rows or missing:
        what = "there are no rows to show" if not rows else f"the row {missing[0][:80]!r} was not shown"
        return Verdict(
            False, f"`{ran.command}` does not print the rows of {name}: {what}",
            f'End the Dockerfile with CMD ["cat", "{role.inside}"].', _evidence(ran),
        )  # fmt: skip
    if wrong := _other_rows(lab, role, name, ran):
        return wrong
    return Verdict(True, f"`{ran.command}` prints the {len(rows)} lines of {name}", "", _evidence(ran))


def lists_model(lab: Lab, parameters: Mapping[str, Any]) -> Verdict:
    """Alone, the container lists its model file."""
    role = container(parameters)
    name = file_of(lab, role).rpartition("/")[2]
    ran = lab.alone(role)
    if wrong := _did_not_end_well(ran):
        return wrong
    if name not in ran.output:
        return Verdict(
            False, f"`{ran.command}` does not list {name}",
            f'End the Dockerfile with CMD ["ls", "-l", "{role.inside.rpartition("/")[0]}/"].', _evidence(ran),
        )  # fmt: skip
    if wrong := _listed_from_nowhere(lab, role, ran):
        return wrong
    return Verdict(True, f"`{ran.command}` lists {name}", "", _evidence(ran))


def imports_pybrain(lab: Lab, parameters: Mapping[str, Any]) -> Verdict:
    """Alone, codebase imports PyBrain, as the tutor types it; and its Python and its PyBrain compute."""
    ran = lab.pybrain()
    if ran.ok and ran.output.split()[-1:] == ["OK"]:
        return _computes(lab, ran)
    said = [line for line in ran.output.splitlines() if line.strip()]
    why = ran.stopped or (said[-1].strip() if said else f"status {ran.status}, and nothing was printed")
    hint = "COPY pybrain /opt/pybrain/pybrain in the Dockerfile, with everything that it imports installed."
    folder = f"{SERVICES[2].folder}/pybrain"
    if not any(name.startswith(folder + "/") and name.endswith(".py") for name in lab.submission.files):
        hint = f"{folder}/ holds no Python file: the library itself must be part of the submission."
    return Verdict(False, f"codebase cannot import PyBrain: {why[:200]}", hint, _evidence(ran))


def _computes(lab: Lab, ran: ContainerRun) -> Verdict:
    """The word OK can be printed by anything: a program of ours has to be answered as well."""
    if what := lab.interpreter():
        return Verdict(
            False, f"the python3 of codebase is no Python interpreter: {what}",
            "Build the image from one that holds Python, such as python:3.11-slim.", _evidence(ran),
        )  # fmt: skip
    asked, answer = lab.challenged()
    evidence = (*_evidence(ran), *seen(note=f"our program: {asked.program}", log=tail(answer.output)))
    if not asked.language_answered(answer.output):
        return Verdict(
            False, "python3 in codebase prints OK, but does not compute what a program of ours asks for",
            "The image needs a Python that works, such as that of python:3.11-slim.", evidence,
        )  # fmt: skip
    if not asked.network_answered(answer.output):
        return Verdict(
            False,
            f"PyBrain is imported, but a small network of it does not answer: {last_words(answer.output.splitlines())}",
            "The whole library belongs into the image, with what it imports: FeedForwardNetwork, LinearLayer, "
            "SigmoidLayer and FullConnection of pybrain.structure are used.", evidence,
        )  # fmt: skip
    reason = "codebase imports FeedForwardNetwork from /opt/pybrain, and a network of it computes"
    return Verdict(True, reason, "", evidence)


def _other_rows(lab: Lab, role: Service, name: str, ran: ContainerRun) -> Verdict | None:
    """With other rows in the place of its own, the container shows the others."""
    text = decoded(lab.submission.bytes(name))[0]
    other = changed_text(text, fresh_seed())
    if other == text or len(text) > _LONGEST_SHOWN or not lab.places(role, name):
        return None
    again = lab.with_rows(role, name, other.encode("utf-8"))
    shown = {line.strip() for line in again.output.splitlines()}
    if all(line.strip() in shown for line in other.splitlines() if line.strip()):
        return None
    return Verdict(
        False, f"`{ran.command}` does not show other rows when they are put in the place of {name}: it shows what is "
        "written down elsewhere", f'End the Dockerfile with CMD ["cat", "{role.inside}"].',
        (*_evidence(ran), *seen(log=head(again.output))),
    )  # fmt: skip


def _listed_from_nowhere(lab: Lab, role: Service, ran: ContainerRun) -> Verdict | None:
    """Where the folders that hold the file are empty, the container shows something else."""
    name = file_of(lab, role)
    places = lab.places(role, name) if lab.submission.has(name) else ()
    folders = tuple(dict.fromkeys(place.rpartition("/")[0] for place in places))
    if not folders or any(not folder or folder.split("/")[1] in _SYSTEM for folder in folders):
        return None
    without = lab.without_files(role, folders)
    if without.ok and len(_naming(without, name)) >= len(_naming(ran, name)):
        return Verdict(
            False, f"`{ran.command}` shows the same where {folders[0]}/ is empty: it is written down, not read",
            f'End the Dockerfile with CMD ["ls", "-l", "{role.inside.rpartition("/")[0]}/"].', _evidence(ran),
        )  # fmt: skip
    return None


def _naming(ran: ContainerRun, name: str) -> list[str]:
    """The lines that name a file, without those that say it is not there. Other lines may tell the time."""
    name = name.rpartition("/")[2]
    return [line for line in ran.output.splitlines() if name in line and not _NOT_THERE.search(line)]


def _did_not_end_well(ran: ContainerRun) -> Verdict | None:
    if ran.ok:
        return None
    why = ran.stopped or f"it ended with status {ran.status}"
    hint = "Alone, the container is to show what it holds and end: CMD is one short command."
    return Verdict(False, f"`{ran.command}`: {why}", hint, _evidence(ran))


def _evidence(ran: ContainerRun) -> tuple[Any, ...]:
    return seen(command=ran.command, status=ran.status, log=head(ran.output))


CHECKS = (
    Check("image_builds", builds, {"container": int}),
    Check("image_holds_its_file", holds_its_file, {"container": int}),
    Check("prints_its_rows", prints_rows, {"container": int}),
    Check("lists_its_model", lists_model, {"container": int}),
    Check("imports_pybrain", imports_pybrain),
)
