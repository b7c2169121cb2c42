"""The checks of the compose file: its syntax, its services, their dependencies, and the run of the stack."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from common.project import CARD_FILE
from evaluation.causes.output import last_message
from evaluation.causes.program import failed_program
from evaluation.causes.program_errors import explain
from evaluation.checks.base import check, in_words, observed, tail
from evaluation.compose.roles import Roles
from evaluation.compose.safe_stack import BuildRequest, SafeService, dependencies_of
from evaluation.errors import CannotCheck
from evaluation.evidence.evidence import Evidence
from evaluation.layout.places import Place, Places
from evaluation.result import Observation, Verdict
from evaluation.sandbox import timeline
from evaluation.sandbox.stack_run import StackRun
from evaluation.traps.runs import FIRST_EXIT, NO_WAITING, OVER_THE_LIMITS


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
            "The containers need a shared folder and nothing else of the host. Remove the key.",
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
            "Correct what the message names. `docker-compose config` shows how Compose reads the file.",
            observed(log=output),
        )
    return Verdict(True, f"Compose accepts {name}", "", observed(command="docker-compose config"))


@check
def compose_services(evidence: Evidence) -> Verdict:
    """Check that there is a service for each of the images, and that they share a folder."""
    roles, places = evidence.roles, evidence.places
    count = in_words(len(places.containers))
    lines = [
        f"{role.title} is the service {roles.service(role.name)}"
        for role in places.containers
        if roles.service(role.name)
    ]
    observations = observed(note="\n".join([*lines, f"they share {roles.shared or 'nothing'}"]))
    mistake = (
        _image_not_run(evidence)
        or _image_run_twice(evidence)
        or _shared_folder_not_seen(evidence)
        or _shared_folder_elsewhere(evidence)
    )
    if mistake:
        reason, hint = mistake
        return Verdict(False, reason, hint, observations)
    return Verdict(
        True, f"{count} services run the {count} images and share {roles.shared}", "", observations
    )


def _image_not_run(evidence: Evidence) -> tuple[str, str] | None:
    """Return why no service runs the image of some container, and a hint; None if all are run."""
    mistakes = (_why_not_run(evidence, role) for role in evidence.places.containers)
    return next(filter(None, mistakes), None)


def _why_not_run(evidence: Evidence, role: Place) -> tuple[str, str] | None:
    """Return why no service runs the image of a container, and a hint; None if one does."""
    service = evidence.roles.service(role.name)
    if not service:
        return f"no service runs the image {role.image}", f"Add a service with `image: {role.image}`."
    settings = evidence.safe_stack.services[service]
    if role.is_build(settings.image):
        return None
    if folder := _built_elsewhere(role, evidence.places, settings):
        return (
            f"the service {service} runs an image that is built in {folder}, not the one of {role.folder}",
            f"Each container has an image of its own: write `image: {role.image}`.",
        )
    if settings.build is None and not evidence.allowed_by_name(settings.image):
        return (
            f"the service {service} uses the image {settings.image}, which nothing in the submission builds",
            f"The tutor builds {role.image}: write `image: {role.image}`.",
        )
    return None


def _image_run_twice(evidence: Evidence) -> tuple[str, str] | None:
    """Return that two services run one image, and a hint; None if each has its own."""
    places = evidence.places
    duplicate = _built_twice(evidence.safe_stack.services, evidence.roles, places)
    if duplicate is None:
        return None
    return (
        f"the services {duplicate[0]} and {duplicate[1]} run the same image, built in {duplicate[2]}",
        f"Each of the {in_words(len(places.containers))} containers has an image of its own.",
    )


def _shared_folder_not_seen(evidence: Evidence) -> tuple[str, str] | None:
    """Return which containers do not see the shared folder, and a hint; None if all do."""
    roles, containers = evidence.roles, evidence.places.containers
    count = in_words(len(containers))
    without_folder = [role.name for role in containers if role.name not in roles.sees_shared]
    if not without_folder:
        return None
    return (
        f"the {count} share no folder: {', '.join(without_folder)} does not see {roles.shared or 'one'}",
        f"Give all {count} the same volume: {evidence.layout.shared_volume}",
    )


def _shared_folder_elsewhere(evidence: Evidence) -> tuple[str, str] | None:
    """Return that the shared folder is not of the submission, and a hint; None if it is."""
    shared = evidence.roles.shared
    kinds = {
        mount.kind
        for service in evidence.safe_stack.services.values()
        for mount in service.mounts
        if mount.source == shared
    }
    if kinds != {"elsewhere"}:
        return None
    count = in_words(len(evidence.places.containers))
    return (
        f"the {count} share {shared}, a folder that exists on one machine only",
        f"Share a folder of the submission: {evidence.layout.shared_volume}",
    )


def _built_elsewhere(role: Place, places: Places, settings: SafeService) -> str:
    """Return the folder of another container in which a service builds its image; empty if there is none."""
    if settings.build is None:
        return ""
    dockerfile = posixpath.normpath(posixpath.join(settings.build.context, settings.build.dockerfile))
    return next(
        (
            other.folder
            for other in places.containers
            if other != role and dockerfile.startswith(f"{other.folder}/")
        ),
        "",
    )


def _built_twice(
    all_services: Mapping[str, SafeService], roles: Roles, places: Places
) -> tuple[str, str, str] | None:
    """Return two services that run the same build, and its folder; None if there are none."""
    known: dict[BuildRequest, str] = {}
    for role in places.containers:
        name = roles.service(role.name)
        build = all_services[name].build
        if build is None or role.is_build(all_services[name].image):
            continue
        if build in known:
            return known[build], name, build.context
        known[build] = name
    return None


@check
def compose_dependencies(evidence: Evidence) -> Verdict:
    """Check that codebase depends on the data containers, directly or through other services."""
    safe, roles = evidence.safe_stack, evidence.roles
    code = roles.code
    if not code:
        image = evidence.places.codebase.image
        return Verdict(False, "there is no service for codebase", f"Add one with `image: {image}`.")
    dependencies = dependencies_of(safe.services, code)
    missing = [role for role in roles.data if roles.service(role) not in dependencies]
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
            f"Under the service of codebase: depends_on: [{', '.join(roles.data)}].", observations,
        )  # fmt: skip
    return Verdict(True, f"codebase depends on {_data_containers(roles)}", "", observations)


@check
def compose_orchestration(evidence: Evidence) -> Verdict:
    """Check that all containers started, codebase not before its data, and that codebase ended the stack.

    The check examines what happened, not what is guaranteed: a missing ``depends_on`` only fails
    :func:`compose_dependencies`, and a file that never arrives only fails the checks of the shared folder.
    """
    if missing_folders := evidence.missing_folders:
        return Verdict(
            False, f"Compose does not start the stack: the folder of a volume does not exist ({missing_folders[0]})",
            "Include the folder in the submission, with an empty file (.gitkeep) in it.",
        )  # fmt: skip
    run, roles = evidence.run, evidence.roles
    observations = _observations(run)
    if late_files := evidence.late_files:
        arrived = f"before {' and '.join(late_files)} had arrived in the shared folder"
        return Verdict(False, f"codebase was started, and failed, {arrived}", NO_WAITING.hint, observations)
    if timeline.in_order(run, roles):
        return Verdict(
            True,
            f"all {in_words(len(roles.expected))} containers ran, and codebase ended the stack",
            "",
            observations,
        )
    if run.stopped:
        hint = OVER_THE_LIMITS.hint
        if "did not end" in run.stopped:
            hint = "codebase must exit once it has made its prediction: that ends the stack."
        return Verdict(False, f"`{run.command}`: {run.stopped}", hint, observations)
    if first := timeline.wrong_first_exit(run, roles):
        trap = FIRST_EXIT
        name = roles.role(first.service) or first.service
        if first.status:
            return Verdict(
                False,
                f"{name} failed with status {first.status}, and that ended the stack before codebase had finished; "
                f"it printed: {_last_message(run, first.service)}",
                "Fix its command: what it copies must be in its image, and the target in the folder that "
                "it shares.",
                observations,
            )  # fmt: skip
        reason = (
            f"{trap.title}: {name} exited with status 0 before codebase, and that stopped the whole stack"
        )
        return Verdict(False, reason, trap.hint, observations)
    if missing := timeline.never_started(run, roles):
        message = last_message(run.output.splitlines())
        return Verdict(
            False, f"{', '.join(missing)} was never started: {message}",
            _why_not_started(run, roles, evidence.safe_stack.services), observations,
        )  # fmt: skip
    started_early = timeline.started_after_code(run, roles)
    if started_early:
        hint = f"Make codebase depend on {_data_containers(roles)}, with depends_on."
        return Verdict(False, f"codebase was started before {started_early}", hint, observations)
    hint = "codebase must exit once it has made its prediction: that ends the stack."
    return Verdict(False, "the stack did not end by itself", hint, observations)


@check
def compose_status(evidence: Evidence) -> Verdict:
    """Check that the command exits with status 0 because codebase did."""
    run, roles = evidence.run, evidence.roles
    code = run.container(roles.code)
    if run.status == 0 and code is not None and code.status == 0 and not _shows_anything(run, roles):
        return Verdict(
            False, "codebase exited with status 0, but printed and wrote nothing",
            "Print the prediction, or write it to the shared folder; exit with a nonzero status if "
            "there is none.",
            _observations(run),
        )  # fmt: skip
    if run.status == 0 and code is not None and code.status == 0:
        return Verdict(True, f"`{run.command}` exited with status 0, as codebase did", "", _observations(run))
    end = (
        "did not end while it was observed"
        if code is None or code.status is None
        else f"exited with status {code.status}"
    )
    if code is not None and code.remark:
        end += f" ({code.remark})"
    reason = f"`{run.command}` exited with status {run.status}; codebase {end}"
    if code is not None and code.status == 0:
        failed = [f"{state.service} (status {state.status})" for state in run.containers if state.status]
        others = f": {', '.join(failed)}" if failed else ""
        return Verdict(False, reason, f"The other containers must succeed, too{others}.", _observations(run))
    program = failed_program(evidence)
    printed = program.error if program else _last_message(run, roles.code)
    hint = explain(program).do_first if program else "Exit with status 0 once the prediction is made."
    return Verdict(False, f"{reason}; it printed: {printed}", hint, _observations(run))


def _data_containers(roles: Roles) -> str:
    count = len(roles.data)
    return "both data containers" if count == 2 else f"the {in_words(count)} data containers"


def _shows_anything(run: StackRun, roles: Roles) -> bool:
    """Return whether codebase printed something, or the shared folder contains more than the rows and the network."""
    known = (*roles.data.values(), CARD_FILE)
    written = [
        entry
        for entry in run.shared.values()
        if entry.kind == "file" and entry.name not in known and entry.content
    ]
    return bool(written) or any(line.strip() for line in run.lines_of(roles.code))


def _why_not_started(run: StackRun, roles: Roles, services: Mapping[str, SafeService]) -> str:
    """Return advice about a container that was never started: what it waits for, and what that printed."""
    waits = services[roles.code].depends_on if roles.code in services else {}
    awaited = [name for name, condition in waits.items() if condition == "service_healthy"]
    advice = "Start the stack manually to see why: docker-compose up."
    if awaited:
        advice = (
            f"codebase starts when {' and '.join(awaited)} {'are' if len(awaited) > 1 else 'is'} healthy: the "
            f"healthcheck "
            "must look for the copied file, at the path of that container, and the container must stay alive."
        )
    names = [roles.service(role) for role in roles.data]
    messages = [
        f"{name}: {_last_message(run, name)}"
        for name in names
        if run.lines_of(name) or run.engine_log.get(name)
    ]
    return f"{advice} What the other containers printed: {'; '.join(messages)}" if messages else advice


def _last_message(run: StackRun, service: str) -> str:
    """Return the last message of a container, even if Compose does not show its output."""
    return last_message(run.lines_of(service) or run.engine_log.get(service, ()))


def _observations(run: StackRun) -> tuple[Observation, ...]:
    return observed(
        command=run.command, status=run.status, note=timeline.format_timeline(run), log=tail(run.output, 25)
    )
