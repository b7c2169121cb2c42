"""The checks of docker-compose.yml: its syntax, its services, their dependencies, and the run of the stack."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from evaluation.checks.base import check, last_message, observed, tail
from evaluation.compose.roles import Roles
from evaluation.compose.safe_stack import BuildRequest, SafeService, dependencies_of
from evaluation.engine.image_names import plain_name
from evaluation.errors import CannotCheck
from evaluation.evidence.evidence import Evidence
from evaluation.result import Observation, Verdict
from evaluation.sandbox import timeline
from evaluation.sandbox.stack_run import StackRun
from evaluation.traps.runs import FIRST_EXIT, NO_WAITING, OVER_THE_LIMITS
from pipeline.project import CARD_FILE, CODEBASE, KNOWLEDGE_FILE, SERVICES, SHARED_ACTIVATION_FILE, Service


@check
def compose_syntax(evidence: Evidence) -> Verdict:
    """Check that Compose accepts the file, and that it requests nothing that an evaluation does not allow."""
    safe = evidence.safe_stack
    name = evidence.compose.name
    if safe.mistakes:
        more = f" (and {len(safe.mistakes) - 1} more)" if len(safe.mistakes) > 1 else ""
        return Verdict(
            False, f"{safe.mistakes[0]}{more}", "Run `docker-compose config`: it shows how Compose reads the file.",
            observed(log="\n".join(safe.mistakes)),
        )  # fmt: skip
    if safe.refusals:
        return Verdict(
            False,
            f"{name} requests more than a submission is allowed: {safe.refusals[0]}",
            "The three containers need a shared folder and nothing else of the host. Remove the key.",
            observed(log="\n".join(map(str, safe.refusals))),
        )
    try:
        output = evidence.compose_error
    except CannotCheck:
        return Verdict(True, f"{name} has no mistake that can be seen without its images", "")
    if output:
        return Verdict(
            False,
            f"Compose does not accept {name}: {output.splitlines()[-1][:200]}",
            "",
            observed(log=output),
        )
    return Verdict(True, f"Compose accepts {name}", "", observed(command="docker-compose config"))


@check
def compose_services(evidence: Evidence) -> Verdict:
    """Check that there is a service for each of the three images, and that they share a folder."""
    safe, roles = evidence.safe_stack, evidence.roles
    lines = [f"{role} is the service {service}" for role, service in roles.services.items()]
    observations = observed(note="\n".join([*lines, f"they share {roles.shared or 'nothing'}"]))
    for role in SERVICES:
        service = roles.service(role.name)
        if not service:
            return Verdict(
                False, f"no service runs the image {role.image}",
                f"Add a service with `image: {role.image}`.", observations,
            )  # fmt: skip
        settings = safe.services[service]
        if _runs_image_of(role, settings):
            continue
        if folder := _built_elsewhere(role, settings):
            reason = (
                f"the service {service} runs an image that is built in {folder}, not the one of {role.folder}"
            )
            hint = f"Each container has an image of its own: write `image: {role.image}`."
            return Verdict(False, reason, hint, observations)
        if settings.build is None and not evidence.allowed_by_name(settings.image):
            reason = f"the service {service} uses the image {settings.image}, which nothing in the submission builds"
            hint = f"The tutor builds {role.image}: write `image: {role.image}`."
            return Verdict(False, reason, hint, observations)
    if duplicate := _built_twice(safe.services, roles):
        reason = f"the services {duplicate[0]} and {duplicate[1]} run one and the same image, built in {duplicate[2]}"
        return Verdict(False, reason, "Each of the three containers has an image of its own.", observations)
    without_folder = [role.name for role in SERVICES if role.name not in roles.sees_shared]
    if without_folder:
        return Verdict(
            False, f"the three share no folder: {', '.join(without_folder)} does not see {roles.shared or 'one'}",
            "Give all three the same volume: ./shared_data:/shared_data", observations,
        )  # fmt: skip
    kinds = {
        mount.kind
        for other_service in safe.services.values()
        for mount in other_service.mounts
        if mount.source == roles.shared
    }
    if kinds == {"elsewhere"}:
        return Verdict(
            False, f"the three share {roles.shared}, a folder of one machine, which no other machine has",
            "Share a folder of the submission: ./shared_data:/shared_data", observations,
        )  # fmt: skip
    return Verdict(True, f"three services run the three images and share {roles.shared}", "", observations)


def _runs_image_of(role: Service, settings: SafeService) -> bool:
    """Return whether a service asks for the image of a container by its name."""
    name, _, tag = plain_name(settings.image).partition(":")
    return name == role.image and tag in ("", "latest")


def _built_elsewhere(role: Service, settings: SafeService) -> str:
    """Return the folder of another container in which a service builds its image; empty where it does not."""
    if settings.build is None:
        return ""
    dockerfile = posixpath.normpath(posixpath.join(settings.build.context, settings.build.dockerfile))
    return next(
        (other.folder for other in SERVICES if other != role and dockerfile.startswith(f"{other.folder}/")),
        "",
    )


def _built_twice(all_services: Mapping[str, SafeService], roles: Roles) -> tuple[str, str, str] | None:
    """Return two of the three services that run one build, and its folder; None where there are none."""
    known: dict[BuildRequest, str] = {}
    for role in SERVICES:
        name = roles.service(role.name)
        build = all_services[name].build
        if build is None or _runs_image_of(role, all_services[name]):
            continue
        if build in known:
            return known[build], name, build.context
        known[build] = name
    return None


@check
def compose_dependencies(evidence: Evidence) -> Verdict:
    """Check that codebase depends on both data containers, directly or through other services."""
    safe, roles = evidence.safe_stack, evidence.roles
    code = roles.service(CODEBASE)
    if not code:
        return Verdict(False, "there is no service for codebase", "Add one with `image: codebase_app07`.")
    dependencies = dependencies_of(safe.services, code)
    missing = [role.name for role in SERVICES[:2] if roles.service(role.name) not in dependencies]
    declared = {name: sorted(service.depends_on) for name, service in safe.services.items()}
    observations = observed(
        note="\n".join(
            f"{name} depends on {', '.join(dependency_names) or 'nothing'}"
            for name, dependency_names in declared.items()
        )
    )
    if missing:
        return Verdict(
            False, f"codebase does not depend on {' and '.join(missing)}",
            "Under the service of codebase: depends_on: [activationbase, knowledgebase].", observations,
        )  # fmt: skip
    return Verdict(True, "codebase depends on both data containers", "", observations)


@check
def compose_orchestration(evidence: Evidence) -> Verdict:
    """Check that all three containers run, the data before the code, and that codebase ends the stack."""
    if missing_folders := evidence.missing_folders:
        return Verdict(
            False, f"Compose does not start the stack: the folder of a volume is not there ({missing_folders[0]})",
            "Keep the folder in the submission, with an empty file (.gitkeep) in it.",
        )  # fmt: skip
    run, roles = evidence.run, evidence.roles
    observations = _observations(run)
    if late_files := evidence.late_files:
        reason = f"codebase was started, and failed, before {' and '.join(late_files)} had arrived in the shared folder"
        return Verdict(False, reason, NO_WAITING.hint, observations)
    if timeline.in_order(run, roles):
        return Verdict(
            True, "all three containers ran, and codebase was the one that ended the stack", "", observations
        )
    if run.stopped:
        hint = OVER_THE_LIMITS.hint
        if "did not end" in run.stopped:
            hint = "codebase must end when its prediction is made: that ends the stack."
        return Verdict(False, f"`{run.command}`: {run.stopped}", hint, observations)
    if first := timeline.wrong_first_exit(run, roles):
        trap = FIRST_EXIT
        name = roles.role(first.service) or first.service
        if first.status:
            return Verdict(
                False,
                f"{name} failed with status {first.status}, and that ended the stack before codebase had finished",
                f"It printed: {_last_message(run, first.service)}", observations,
            )  # fmt: skip
        reason = f"{trap.title}: {name} ended with status 0 before codebase, and that stopped the whole stack"
        return Verdict(False, reason, trap.hint, observations)
    if missing := timeline.never_started(run, roles):
        message = last_message(run.output.splitlines())
        return Verdict(
            False, f"{', '.join(missing)} was never started: {message}", _why_not(run, roles), observations
        )
    started_early = timeline.started_after_code(run, roles)
    reason = (
        f"codebase was started before {started_early}" if started_early else "the stack did not end by itself"
    )
    return Verdict(False, reason, "codebase depends on both data containers: depends_on.", observations)


@check
def compose_status(evidence: Evidence) -> Verdict:
    """Check that the command ends with status 0 because codebase did."""
    run, roles = evidence.run, evidence.roles
    code = run.container(roles.service(CODEBASE))
    if run.status == 0 and code is not None and code.status == 0 and not _shows_anything(run, roles):
        return Verdict(
            False, "codebase ended with status 0, but printed and wrote nothing",
            "Status 0 says that a prediction was made: end with another one where there is none.", _observations(run),
        )  # fmt: skip
    if run.status == 0 and code is not None and code.status == 0:
        return Verdict(True, f"`{run.command}` ended with status 0, as codebase did", "", _observations(run))
    end = (
        "did not end while it was observed"
        if code is None or code.status is None
        else f"ended with status {code.status}"
    )
    if code is not None and code.remark:
        end += f" ({code.remark})"
    return Verdict(
        False, f"`{run.command}` ended with status {run.status}; codebase {end}",
        f"What codebase printed: {_last_message(run, roles.service(CODEBASE))}", _observations(run),
    )  # fmt: skip


def _shows_anything(run: StackRun, roles: Roles) -> bool:
    """Return whether codebase printed something, or the shared folder contains more than the rows and the network."""
    known = (SHARED_ACTIVATION_FILE, KNOWLEDGE_FILE, CARD_FILE)
    written = [
        entry
        for entry in run.shared.values()
        if entry.kind == "file" and entry.name not in known and entry.content
    ]
    return bool(written) or any(line.strip() for line in run.lines_of(roles.service(CODEBASE)))


def _why_not(run: StackRun, roles: Roles) -> str:
    """Return what the data containers printed that codebase waits for."""
    names = [roles.service(role.name) for role in SERVICES[:2]]
    messages = [
        f"{name}: {_last_message(run, name)}"
        for name in names
        if run.lines_of(name) or run.engine_log.get(name)
    ]
    return (
        "What the other containers printed: " + "; ".join(messages)
        if messages
        else "Start it by hand to see why."
    )


def _last_message(run: StackRun, service: str) -> str:
    """Return the last message of a container, also if Compose does not show its output."""
    return last_message(run.lines_of(service) or run.engine_log.get(service, ()))


def _observations(run: StackRun) -> tuple[Observation, ...]:
    return observed(
        command=run.command, status=run.status, note=timeline.format_timeline(run), log=tail(run.output, 25)
    )
