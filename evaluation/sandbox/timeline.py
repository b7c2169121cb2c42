"""The timeline of a run of the stack: the order in which containers started and ended, and what it means."""

from __future__ import annotations

from datetime import timedelta

from common.container_state import ContainerState
from evaluation.compose.roles import Roles
from evaluation.sandbox.stack_run import StackRun

# Compose starts independent containers concurrently, in arbitrary order.
CONCURRENT = timedelta(seconds=2)
# Exit statuses of a container that was stopped.
KILLED = (137, 143)


def never_started(run: StackRun, roles: Roles) -> list[str]:
    """Return the containers of the rubric that were never started.

    Args:
        run: the run.
        roles: the mapping of services to containers.
    """
    states = {role: run.container(service) for role, service in roles.services.items()}
    return [role for role, state in states.items() if state is None or state.started is None]


def wrong_first_exit(run: StackRun, roles: Roles) -> ContainerState | None:
    """Return the container other than codebase whose end stopped the stack.

    Args:
        run: the run.
        roles: the mapping of services to containers.

    Returns:
        The state of the container; None if codebase ended the stack, or no container did.
    """
    first = run.first_to_end
    if run.stopped or first is None or not run.abort:
        return None
    code = run.container(roles.code)
    if first.service != roles.code:
        # If the engine restarted codebase, codebase ended the stack, and the other containers were killed.
        return None if code is not None and code.restarts and first.status in KILLED else first
    restarted = [state for state in run.containers if state.restarts and state.service != first.service]
    # A restarted container has no end time; that codebase was killed shows that the container had ended.
    return restarted[0] if restarted and first.status in KILLED and not first.remark else None


def late_inputs(run: StackRun, roles: Roles) -> list[str]:
    """Return the input files that were missing when codebase ended with an error, or arrived later.

    Args:
        run: the run.
        roles: the mapping of services to containers.
    """
    code = run.container(roles.code)
    if run.stopped or code is None or code.ended is None or not code.status or wrong_first_exit(run, roles):
        return []
    end = int(code.ended.timestamp())  # file times are in whole seconds
    missing = []
    for name in roles.data.values():
        file = run.shared_file(name)
        if file is None or file.written > end:
            missing.append(name)
    return missing


def started_after_code(run: StackRun, roles: Roles) -> str:
    """Return the data container that was clearly started after codebase; empty if there is none.

    Args:
        run: the run.
        roles: the mapping of services to containers.
    """
    code = run.container(roles.code)
    if code is None or code.started is None:
        return ""
    for role in roles.data:
        state = run.container(roles.service(role))
        if state is None or state.started is None or state.restarts:
            continue
        if state.started > code.started + CONCURRENT:
            return role
    return ""


def in_order(run: StackRun, roles: Roles) -> bool:
    """Return whether all containers ran, codebase did not start before the data containers, and it ended the stack.

    Args:
        run: the run.
        roles: the mapping of services to containers.
    """
    return (
        not run.stopped
        and len(roles.services) == len(roles.expected)
        and not never_started(run, roles)
        and not started_after_code(run, roles)
        and run.first_to_end is not None
        and wrong_first_exit(run, roles) is None
    )


def succeeded(run: StackRun, roles: Roles) -> bool:
    """Return whether the containers ran in order, and codebase and the stack exited with status 0.

    Args:
        run: the run.
        roles: the mapping of services to containers.
    """
    code = run.container(roles.code)
    return in_order(run, roles) and run.status == 0 and code is not None and code.status == 0


def format_timeline(run: StackRun) -> str:
    """Return the starts and ends of containers in order, one per line, in seconds since the first start."""
    first_start = min((state.started for state in run.containers if state.started), default=None)
    events: list[tuple[float, str]] = []
    for state in run.containers:
        if state.started is None or first_start is None:
            events.append((float("inf"), f"{state.service} was never started {state.remark}".rstrip()))
            continue
        events.append(((state.started - first_start).total_seconds(), f"{state.service} started"))
        if state.ended is not None:
            remark = f" ({state.remark})" if state.remark else ""
            text = f"{state.service} exited with status {state.status}{remark}"
            # The engine may record an end slightly before the start.
            events.append(((max(state.ended, state.started) - first_start).total_seconds(), text))
    lines = [
        f"{'' if seconds == float('inf') else f'{seconds:6.1f} s'}  {event}".strip()
        for seconds, event in sorted(events, key=lambda entry: entry[0])
    ]
    return "\n".join(lines) or "no container was started"
