"""The fault of a stack whose codebase is never started: a data container that it waits for does not become healthy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluation.causes.explanation import log
from evaluation.causes.output import last_message
from evaluation.evidence.evidence import Evidence
from evaluation.fault import CONTENT, COPY, PREDICTION, STACK, STATUS, Fault
from evaluation.layout.places import Place
from evaluation.sandbox import timeline
from evaluation.sandbox.stack_run import StackRun

_UNHEALTHY = re.compile(r'container "?(\S+?)"? is unhealthy', re.IGNORECASE)
_READ_ONLY = "Read-only file system"


def never_started_faults(evidence: Evidence, run: StackRun) -> Iterator[Fault]:
    """Yield a fault for each data container that codebase waited for and that never became healthy.

    Args:
        evidence: the evidence collected for the submission.
        run: the run.
    """
    code = run.container(evidence.roles.code)
    if (
        run.stopped
        or (code is not None and code.started is not None)
        or timeline.wrong_first_exit(run, evidence.roles)
    ):
        return
    unhealthy = _UNHEALTHY.findall(run.output[-4000:])
    for role in evidence.places.data:
        service = evidence.roles.service(role.name)
        name = evidence.roles.data.get(role.name, "")
        arrived = bool(name) and run.shared_file(name) is not None
        if unhealthy and (
            not arrived or any(re.match(rf"{re.escape(service)}(?:[-_]|$)", one) for one in unhealthy)
        ):
            yield _unhealthy(evidence, run, role, service, arrived=arrived)


def _unhealthy(evidence: Evidence, run: StackRun, role: Place, service: str, *, arrived: bool) -> Fault:
    lines = run.lines_of(service) or list(run.engine_log.get(service, ()))
    message = last_message(lines)
    copied = () if arrived else (f"{COPY}{role.number}", f"{CONTENT}{role.number}")
    what = "Its file is in the shared folder, but its healthcheck does not succeed."
    do_first = (
        "The healthcheck must look for the copied file, at its path in the container, with enough `retries:`."
    )
    if not arrived:
        what = f"Its file does not arrive in the shared folder, so it stays unhealthy. It printed: {message}."
        do_first = (
            "Fix its copy command: the source must be a file of its image, and the target the shared folder as the "
            "service mounts it."
        )
    if not arrived and _READ_ONLY in message:
        do_first = f"Remove `:ro` from the shared folder of the service {service}: it writes its file there."
    return Fault(
        f"unhealthy-{role.name}", f"{role.name} does not become healthy, and codebase waits for it",
        f"{what} codebase was never started.", do_first, (*copied, STACK), (STATUS, PREDICTION),
        evidence.compose.where(service), log(run.command, lines),
    )  # fmt: skip
