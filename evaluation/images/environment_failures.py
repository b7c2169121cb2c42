"""Distinguish build failures caused by the environment from those caused by the Dockerfile.

The proxy of the builds reports which hosts it could not reach and which it refused, independently of what a step
prints. The output must also end like that of a program without such a host; otherwise the step failed for another
reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.engine.engine_failures import is_of_engine
from evaluation.images.build_failures import is_failed_step, is_missing_layer, last_error
from evaluation.processes import bounded_process

_LAST_LINES = 12
# How pip, apt, git and Python report a host that the proxy cannot reach or refuses, or that there is no proxy at all.
_NO_CONNECTION = re.compile(
    r"Tunnel connection failed: 50\d|502 +the host cannot be reached|Cannot connect to proxy|Failed to establish a new "
    r"connection|(?:Could not|Unable to) connect to|Temporary failure (?:in name resolution|resolving)|"
    r"tunnel failed, response 50\d|HTTP code 50\d from proxy|Network is unreachable|Could not resolve (?:host|proxy)|"
    r"Connection aborted\.|Remote end closed connection without response"
)
_REFUSED = re.compile(
    r"403 +not a package index|tunnel failed, response 403|HTTP code 403 from proxy|Tunnel connection failed: 403"
)
# The consequences: pip and apt report what they did not find, but not why.
_NO_VERSIONS = "(from versions: none)"
_INDEXES = re.compile(r"^Looking in (?:indexes|links): .*", re.MULTILINE)
_FOLLOWS = re.compile(
    r"No matching distribution found|Unable to locate package|Failed to fetch|Could not find a version"
)
# A package index that responds with an error, or stops responding.
_SERVER = re.compile(
    r"HTTP error 5\d\d while getting|5\d\d Server Error|too many 50\d error responses|ReadTimeoutError|Read timed out|"
    r"IncompleteRead|429 (?:Client Error: )?Too Many Requests"
)


@dataclass(frozen=True)
class BuildEnvironment:
    """What is known about the network of a build, besides its output.

    Attributes:
        unreachable: allowed hosts that the proxy could not reach.
        refused: hosts that the proxy refused.
        why_missing: why the build had no network although a step needed one; empty if it had one, or needed none.
    """

    unreachable: Sequence[str] = ()
    refused: Sequence[str] = ()
    why_missing: str = ""


def environment_reason(
    result: bounded_process.BoundedResult, environment: BuildEnvironment
) -> tuple[str, str]:
    """Return how the environment caused a failed build, and what can be done; two empty strings if it did not.

    Args:
        result: the result of `docker build`.
        environment: what is known about the network of the build.
    """
    output = result.output
    if result.end_reason == bounded_process.TIME and environment.unreachable:
        return _unreachable(environment)
    if result.end_reason != bounded_process.BY_ITSELF:
        return "", ""
    if not is_failed_step(output):
        last = last_error(output)
        if result.status > 128 or is_missing_layer(output) or is_of_engine(last):
            return (
                f"the engine failed: {last}",
                "Evaluate again when the engine is less busy, or has more disk space.",
            )
        return "", ""
    step, end = _last_step(output)
    if environment.why_missing and _is_cause(_NO_CONNECTION, step, end):
        return f"builds have no network: {environment.why_missing}", ""
    # pip does not say why it found nothing if it was told not to retry.
    if environment.unreachable and (_is_cause(_NO_CONNECTION, step, end) or _NO_VERSIONS in end):
        return _unreachable(environment)
    if environment.refused and (_is_cause(_REFUSED, step, end) or _is_index(environment.refused, step, end)):
        names = " ".join(f"--allow-host {host.partition(':')[0]}" for host in environment.refused[:4])
        return (
            f"it requests {', '.join(environment.refused[:4])}, which is not on the allow-list of package indexes",
            f"The person who evaluates can allow it: {names}. Or put what the image needs into the submission.",
        )
    if match := _SERVER.search(end):
        return f"a package index failed: {match.group()}", "Evaluate again later."
    return "", ""


def _unreachable(environment: BuildEnvironment) -> tuple[str, str]:
    hosts = ", ".join(environment.unreachable[:4])
    return f"{hosts} cannot be reached from this machine", "Evaluate again when its network works again."


def _is_cause(pattern: re.Pattern[str], step: str, end: str) -> bool:
    """Return whether the output of the failed step ends with a message of a kind, or with a consequence of one."""
    return bool(pattern.search(end) or (_FOLLOWS.search(end) and pattern.search(step)))


def _is_index(hosts: Sequence[str], step: str, end: str) -> bool:
    """Return whether pip found nothing, and one of the hosts is an index that it was told to use."""
    indexes = "\n".join(_INDEXES.findall(step)).lower()
    return bool(_FOLLOWS.search(end)) and any(
        re.search(rf"[/@]{re.escape(host.partition(':')[0])}[:/\s,]", f"{indexes} ") for host in hosts
    )


def _last_step(output: str) -> tuple[str, str]:
    """Return what the failed step printed, and its last lines."""
    starts = [match.end() for match in re.finditer(r"^ ---> Running in [0-9a-f]{12}$", output, re.MULTILINE)]
    step = output[starts[-1] if starts else 0 :].rpartition("\nThe command '")[0]
    lines = [line for line in step.splitlines() if line.strip()]
    return step, "\n".join(lines[-_LAST_LINES:])
