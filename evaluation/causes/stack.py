"""The faults of a run of the stack: a wrong first exit, no waiting, a container that fails, a crash of codebase."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from common.container_state import OUT_OF_MEMORY
from evaluation.causes.explanation import log
from evaluation.causes.never_started import never_started_faults
from evaluation.causes.output import last_message
from evaluation.causes.program import FailedProgram, failed_program, shared_target
from evaluation.causes.program_errors import explain
from evaluation.evidence.evidence import Evidence
from evaluation.fault import CONTENT, COPY, LIBRARY, PREDICTION, SERVICES, STACK, STATUS, Fault
from evaluation.result import Observation
from evaluation.sandbox import timeline
from evaluation.sandbox.stack_run import StackRun
from evaluation.traps.file_traps import empty_pybrain
from evaluation.traps.runs import FIRST_EXIT, NO_WAITING
from evaluation.traps.texts import LINE_ENDS

# What a program prints that fails because of Windows line endings.
_WINDOWS = re.compile(r"\\r|\r|not found|no such file or directory|exec format error", re.IGNORECASE)


def run_faults(evidence: Evidence) -> Iterator[Fault]:
    """Yield the faults that the runs of the stack show, those that prevent the prediction first.

    Args:
        evidence: the evidence collected for the submission.
    """
    run = evidence.known(Evidence.run)
    if run is None:
        return
    late = evidence.known(Evidence.late_files) or ()
    if late:
        yield _no_waiting(evidence, run, " and ".join(late))
    data = list(_data_faults(evidence, run))
    program = failed_program(evidence)
    if (
        program is not None
        and not late
        and (fault := _program_fault(evidence, program)).id not in _explained_by(data, evidence)
    ):
        yield fault
    yield from data
    if program is None:
        yield from _unshared_faults(evidence)
    yield from never_started_faults(evidence, run)
    first = timeline.wrong_first_exit(run, evidence.roles)
    if first is not None and not first.status:
        yield _first_exit(evidence, run, first.service, first.status)


def _explained_by(data: list[Fault], evidence: Evidence) -> tuple[str, ...]:
    """Return the ids of the faults of the program that only follow from others."""
    empty = ("pybrain-import",) if list(empty_pybrain.function(evidence)) else ()
    return (*empty, *(("path-differs", "no-waiting") if data else ()))


def _no_waiting(evidence: Evidence, run: StackRun, names: str) -> Fault:
    code = evidence.roles.code
    return Fault(
        "no-waiting", NO_WAITING.title, f"codebase was started, and failed, before {names} had arrived in the "
        f"shared folder.",
        NO_WAITING.hint, (STACK,), (STATUS, PREDICTION), evidence.compose.where(code),
        log(run.command, run.lines_of(code)),
    )  # fmt: skip


def _program_fault(evidence: Evidence, program: FailedProgram) -> Fault:
    explained = explain(program)
    if explained.id == "no-waiting":
        return _no_waiting(evidence, program.run, "its files")
    what, do_first = explained.what, explained.do_first
    if scripts := _windows_scripts(evidence, program):
        what = f"{what} {scripts[0]} has Windows line endings."
        do_first = LINE_ENDS.hint
    state = program.run.container(evidence.roles.code)
    if state is not None and state.remark == OUT_OF_MEMORY:
        what = "codebase exceeded its memory limit, and was killed."
    also = {"pybrain-import": (LIBRARY,), "no-shared-folder": (SERVICES,)}.get(explained.id, ())
    stops = (STATUS, STACK) if state is None or state.started is None else (STATUS,)
    lines = list(program.crash.lines) if program.crash else program.lines
    return Fault(
        explained.id, explained.title, what, do_first, (PREDICTION, *also), stops, program.where,
        log(program.run.command, lines),
    )  # fmt: skip


def _windows_scripts(evidence: Evidence, program: FailedProgram) -> list[str]:
    """Return the scripts with Windows line endings, if the program failed because of one."""
    if program.crash is not None or not _WINDOWS.search("\n".join(program.lines)):
        return []
    folder = evidence.places.codebase.folder
    names = [
        name for name in evidence.submission.files if name.startswith(f"{folder}/") and name.endswith(".sh")
    ]
    return [name for name in names if b"\r\n" in evidence.submission.bytes(name)[:100_000]]


def _first_exit(evidence: Evidence, run: StackRun, service: str, status: int | None) -> Fault:
    role = evidence.roles.role(service)
    name, do_first = role or service, FIRST_EXIT.hint
    if not role:
        do_first = (
            f"Remove the service {service}, which the task does not have, or let it run until codebase ends."
        )
    what = (
        f"{name} was the first container to end (status {status}), and `{run.command}` then stopped all the others, "
        "codebase among them."
    )
    full_run = evidence.known(Evidence.full_run)
    if full_run is not None and evidence.is_right(full_run):
        what += (
            " Without that flag, the same stack makes the right prediction: only the orchestration is wrong."
        )
    return Fault(
        FIRST_EXIT.key, FIRST_EXIT.title, what, do_first, (STACK,), (STATUS, PREDICTION),
        evidence.compose.where(service), (Observation("note", timeline.format_timeline(run)),),
    )  # fmt: skip


def _unshared_faults(evidence: Evidence) -> Iterator[Fault]:
    """Yield a fault for each data container that does not mount the folder that the others share."""
    roles, stack = evidence.roles, evidence.safe_stack
    for role in evidence.places.data:
        number, service = role.number, roles.service(role.name)
        if not service or not roles.shared or role.name in roles.sees_shared:
            continue
        mounted = ", ".join(mount.source for mount in stack.services[service].mounts) or "nothing"
        yield Fault(
            f"unshared-{number}", f"{role.name} does not see the folder that the others share",
            f"The service {service} mounts {mounted}, but the others share {roles.shared}: {role.shared_file} does not "
            f"arrive there, and a program that waits for it waits forever.",
            f"Give it the same volume as the others: {evidence.layout.shared_volume}",
            (SERVICES, f"{COPY}{number}", f"{CONTENT}{number}"), (STACK, STATUS, PREDICTION),
            evidence.compose.where(service),
        )  # fmt: skip


def _data_faults(evidence: Evidence, run: StackRun) -> Iterator[Fault]:
    """Yield a fault for each data container that failed, or that copies to a folder that is not shared."""
    for role in evidence.places.data:
        number, service = role.number, evidence.roles.service(role.name)
        state = run.container(service)
        if state is None or timeline.started_after_code(run, evidence.roles) == role.name:
            continue
        lines = run.lines_of(service) or list(run.engine_log.get(service, ()))
        parts = (f"{COPY}{number}", f"{CONTENT}{number}", STACK)
        failed = state.status not in (None, 0, 137, 143)
        target, wanted = shared_target(evidence, role.name), _writes_to(evidence, service)
        source = evidence.layout.shared_volume.partition(":")[0]
        if (
            target
            and wanted
            and not wanted.startswith(target.rstrip("/") + "/")
            and wanted.rstrip("/") != target.rstrip("/")
        ):
            yield Fault(
                f"mount-{number}", f"{role.name} copies to {posixpath.dirname(wanted) or wanted}, but the "
                f"shared folder is mounted at {target}",
                f"Its command writes {wanted}; the volume of the service {service} appears at {target} in the "
                f"container"
                + (f". It printed: {last_message(lines)}" if failed else "."),
                f"Use one path for both: {source}:{posixpath.dirname(wanted) or evidence.layout.shared_path} in "
                f"`volumes:`, or cp ... {target}/.",
                parts, (STATUS, PREDICTION), evidence.compose.where(service), log(run.command, lines),
            )  # fmt: skip
        elif failed:
            yield Fault(
                f"failed-{role.name}", f"{role.name} fails with status {state.status}",
                f"It printed: {last_message(lines)}.",
                "Fix its command: the source of the copy must be a file of its image, and the target the "
                "shared folder as "
                "this service mounts it. `docker run --rm -it " + role.image + " sh` shows what the image contains.",
                parts, (STATUS, PREDICTION), evidence.compose.where(service), log(run.command, lines),
            )  # fmt: skip


def _writes_to(evidence: Evidence, service: str) -> str:
    """Return the target of the `cp` in the command of a service; empty if it has none."""
    settings = evidence.safe_stack.services.get(service)
    command = settings.settings.get("command", "") if settings else ""
    text = command if isinstance(command, str) else " ".join(map(str, command or ()))
    match = re.search(r"\bcp\s+(?:-\S+\s+)*\S+\s+(/[^\s;&|\"']+)", text)
    return match.group(1) if match else ""
