"""What the targets have in common: names, images, limits, users and commands."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.compose.building.container import CODE_USER
from pipeline.compose.stack import Service, Stack, Warning

DEFAULT_NAME = "app07"
"""The name of a stack whose request has none."""

_IMAGE_NAME = re.compile(r"[a-z0-9]+(?:(?:__?|-+)[a-z0-9]+)*")
_LONGEST_LABEL = 63


def image_of(service: Service, stack: Stack) -> str:
    """Return the image of a service; for one that is built, the name that ``docker compose build`` gives it."""
    if service.build is None or (service.image and not service.build.files):
        return service.image
    name = f"{stack.name or DEFAULT_NAME}-{service.name}"
    # As in the compose file, where the name that Compose would derive is that of no image.
    return name if _IMAGE_NAME.fullmatch(service.name) else re.sub(r"[^a-z0-9]+", "-", name.lower())


def default_memory(service: Service) -> int:
    """Return the bytes of memory of a service whose request has no limit."""
    if _only_copies(service):
        return 64 << 20
    return 1 << 30 if service.role == "code" else 512 << 20


def default_pids(service: Service) -> int:
    """Return how many processes and threads a service may have."""
    return 32 if _only_copies(service) else 256


def _only_copies(service: Service) -> bool:
    return service.role in ("data", "model") and not service.command


def user_of(service: Service) -> str:
    """Return ``UID:GID`` of a service."""
    user, _, group = (service.user or CODE_USER).partition(":")
    return f"{user}:{group or 0}"


def group_of(stack: Stack) -> str:
    """Return the group of the final container, which must be able to write beside its files."""
    return user_of(stack.final).partition(":")[2]


def runs_image_command(service: Service) -> bool:
    """Return whether the command is in the image of a folder of the project, and thus not known here."""
    return service.build is not None and not service.build.files and not service.command


def timed(service: Service) -> tuple[str, ...]:
    """Return the words of the command of a service, stopped at its time limit by `timeout` of its image."""
    if service.command and service.limits.timeout:
        return ("timeout", "-k", "10", str(service.limits.timeout), *service.command)
    return service.command


def copied(service: Service) -> tuple[str, ...]:
    """Return the words by which the script of the copies takes the paths of a service (`scripts.copying`)."""
    paths = (path for file in service.publications for path in (file.source, file.target))
    return (*service.outdated, "--", *paths, "--")


def warning(service: Service, variable: str, message: str) -> Warning:
    """Return a warning about a variable of a container."""
    return Warning(f"{service.request_path}.{variable}" if service.request_path else service.name, message)


def labels_of(names: Iterable[str]) -> dict[str, str]:
    """Return for each name a different DNS label (RFC 1123), equal to the name where that is one.

    Args:
        names: different names.
    """
    wanted = list(names)
    labels = {name: name for name in wanted if _label(name) == name}
    for name in wanted:
        if name not in labels:
            labels[name] = unused_label(name, labels.values())
    return {name: labels[name] for name in wanted}


def unused_label(name: str, used: Iterable[str]) -> str:
    """Return a DNS label like `name` that is none of `used`."""
    taken, number, label = set(used), 1, _label(name)
    found = label
    while found in taken:
        number += 1
        suffix = f"-{number}"
        found = label[: _LONGEST_LABEL - len(suffix)].rstrip("-") + suffix
    return found


def _label(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_LABEL].strip("-") or "x"


def restarts(policy: str) -> int | None:
    """Return how often a failed container is restarted: None where the request states no number.

    Args:
        policy: ``on-failure``, ``on-failure:3``, ``always``, ``unless-stopped``, ``no``, or empty.
    """
    if policy in ("", "no"):
        return 0
    _, _, number = policy.partition(":")
    return int(number) if number else None
