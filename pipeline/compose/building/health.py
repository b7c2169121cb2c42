"""The health check of a container."""

from __future__ import annotations

from pipeline.compose.building.aliases import one_of
from pipeline.compose.checks import quantities
from pipeline.compose.checks.addresses import check_text
from pipeline.compose.checks.commands import checked_words
from pipeline.compose.findings import Findings
from pipeline.compose.request import Container
from pipeline.compose.request.sections import Health
from pipeline.compose.stack import Healthcheck


def healthcheck_of(container: Container, path: str, findings: Findings) -> Healthcheck | None:
    """Return the health check of a container; None if it has none.

    Args:
        container: the container.
        path: its path in the request.
        findings: collects problems.
    """
    given, place = container.health_check, f"{path}.health_check"
    details = given if isinstance(given, Health) else Health()
    test: str | list[str] | None
    if isinstance(given, Health):
        place, test = one_of({f"{place}.test": given.test, f"{place}.command": given.command}, findings)
        if test is None:
            findings.refuse(f"{path}.health_check", "has no test", 'Write {"test": "COMMAND"}.')
    else:
        test = given
    if test is None:
        return None
    is_shell, words = _health_words(test, place, findings)
    if not words:
        return None
    return Healthcheck(
        words,
        is_shell,
        interval=_seconds(details.interval, 10, f"{path}.health_check.interval", findings),
        timeout=_seconds(details.timeout, 5, f"{path}.health_check.timeout", findings),
        retries=details.retries or 3,
        start_period=_seconds(details.start_period, 0, f"{path}.health_check.start_period", findings),
    )


def _health_words(test: str | list[str], path: str, findings: Findings) -> tuple[bool, tuple[str, ...]]:
    if isinstance(test, str):
        check_text(test, path, findings)
        return True, (test,)
    words = checked_words(test, path, findings)
    if words[:1] == ("NONE",) or not words:
        return False, ()
    if words[0] == "CMD-SHELL":
        if len(words) != 2:
            findings.refuse(path, "CMD-SHELL takes exactly one line", 'Write ["CMD-SHELL", "LINE"].')
        return True, words[1:2]
    if words == ("CMD",):
        findings.refuse(path, "has no command", 'Write ["CMD", "COMMAND"].')
    return False, words[1:] if words[0] == "CMD" else words


def _seconds(value: str | int | float | None, default: float, path: str, findings: Findings) -> float:
    if value is None or value == 0:
        return default
    return quantities.checked_seconds(value, path, findings, least=0.1) or default
