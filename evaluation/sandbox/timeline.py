"""What happened in a run of the stack: who started, who ended first, and what that means."""

from __future__ import annotations

from datetime import timedelta

from evaluation.compose.roles import Roles
from evaluation.sandbox.stack_run import Life, StackRun
from pipeline.project import ACTIVATIONBASE, CODEBASE, KNOWLEDGE_FILE, KNOWLEDGEBASE, SHARED_ACTIVATION_FILE

# Compose starts containers that wait for nothing side by side; their order is chance.
SIDE_BY_SIDE = timedelta(seconds=2)
# What a container ends with that was stopped.
KILLED = (137, 143)


def never_started(run: StackRun, roles: Roles) -> list[str]:
    """The containers of the three that were never started."""
    lives = {role: run.life(service) for role, service in roles.services.items()}
    return [role for role, life in lives.items() if life is None or life.started is None]


def first_exit(run: StackRun, roles: Roles) -> Life | None:
    """The container, not codebase, whose end ended the stack; None where codebase ended it, or nobody did."""
    first = run.first_to_end
    if run.stopped or first is None:
        return None
    code = run.life(roles.service(CODEBASE))
    if first.service != roles.service(CODEBASE):
        # Where the engine starts codebase again, the others' being killed is the end that codebase brought about.
        return None if code is not None and code.restarts and first.status in KILLED else first
    restarted = [life for life in run.lives if life.restarts and life.service != first.service]
    # A container that the engine starts again has no end of its own to be seen; that codebase was killed tells.
    return restarted[0] if restarted and first.status in KILLED and not first.remark else None


def too_soon(run: StackRun, roles: Roles) -> list[str]:
    """The files that were not there, or not yet, when codebase ended with an error."""
    code = run.life(roles.service(CODEBASE))
    if run.stopped or code is None or code.ended is None or not code.status or first_exit(run, roles):
        return []
    end = int(code.ended.timestamp())  # the engine tells the time of a file in whole seconds
    late = []
    for name in (SHARED_ACTIVATION_FILE, KNOWLEDGE_FILE):
        left = run.copied(name)
        if left is None or left.written > end:
            late.append(name)
    return late


def too_early(run: StackRun, roles: Roles) -> str:
    """The data container that was started after codebase, by more than chance; empty where none was."""
    code = run.life(roles.service(CODEBASE))
    if code is None or code.started is None:
        return ""
    for role in (ACTIVATIONBASE, KNOWLEDGEBASE):
        life = run.life(roles.service(role))
        if life is None or life.started is None or life.restarts:
            continue
        if life.started > code.started + SIDE_BY_SIDE:
            return role
    return ""


def orchestrated(run: StackRun, roles: Roles) -> bool:
    """Whether all three ran, the code not before the data, and codebase was the one that ended the stack."""
    return (
        not run.stopped
        and len(roles.services) == 3
        and not never_started(run, roles)
        and not too_early(run, roles)
        and run.first_to_end is not None
        and first_exit(run, roles) is None
    )


def went_well(run: StackRun, roles: Roles) -> bool:
    """Whether the stack did what it is for, as far as its containers tell."""
    code = run.life(roles.service(CODEBASE))
    return orchestrated(run, roles) and run.status == 0 and code is not None and code.status == 0


def tell(run: StackRun) -> str:
    """The starts and ends, in order, a line each, in seconds from the first start."""
    begin = min((life.started for life in run.lives if life.started), default=None)
    events: list[tuple[float, str]] = []
    for life in run.lives:
        if life.started is None or begin is None:
            events.append((float("inf"), f"{life.service} was never started {life.remark}".rstrip()))
            continue
        events.append(((life.started - begin).total_seconds(), f"{life.service} started"))
        if life.ended is not None:
            remark = f" ({life.remark})" if life.remark else ""
            text = f"{life.service} ended with status {life.status}{remark}"
            # The engine may note an end a moment before the start that it belongs to.
            events.append(((max(life.ended, life.started) - begin).total_seconds(), text))
    lines = [
        f"{'' if when == float('inf') else f'{when:6.1f} s'}  {what}".strip()
        for when, what in sorted(events, key=lambda event: event[0])
    ]
    return "\n".join(lines) or "no container was started"
