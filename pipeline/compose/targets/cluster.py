"""Functions that the targets share: names, images, limits, users and commands."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.compose.building.container import CODE_USER
from pipeline.compose.stack import Service, Stack, StackWarning

DEFAULT_NAME = "app07"
"""The name of a stack whose request has none."""

_IMAGE_NAME = re.compile(r"[a-z0-9]+(?:(?:__?|-+)[a-z0-9]+)*")
_LONGEST_LABEL = 63


def image_of(service: Service, stack: Stack) -> str:
    """Return the image of a service; for one that is built, the name that ``docker compose build`` gives it.

    Args:
        service: the service.
        stack: its stack, whose name is part of the names of built images.
    """
    if service.build is None or (service.image and not service.build.files):
        return service.image
    name = f"{stack.name or DEFAULT_NAME}-{service.name}"
    # As in the compose file, if the name that Compose would derive is not a valid image name.
    return name if _IMAGE_NAME.fullmatch(service.name) else re.sub(r"[^a-z0-9]+", "-", name.lower())


def default_memory(service: Service) -> int:
    """Return the memory limit in bytes of a service for which the request sets none."""
    if _only_copies(service):
        return 64 << 20
    return 1 << 30 if service.role == "code" else 512 << 20


def default_pids(service: Service) -> int:
    """Return the maximum number of processes and threads of a service."""
    return 32 if _only_copies(service) else 256


def _only_copies(service: Service) -> bool:
    return service.role in ("data", "model") and not service.command


def user_of(service: Service) -> str:
    """Return ``UID:GID`` of a service."""
    user, _, group = (service.user or CODE_USER).partition(":")
    return f"{user}:{group or 0}"


def group_of(stack: Stack) -> str:
    """Return the group ID of the final container, which must be able to write to the shared folders."""
    return user_of(stack.final).partition(":")[2]


def runs_image_command(service: Service) -> bool:
    """Return whether the command is that of an image built from a folder of the project, and thus unknown."""
    return service.build is not None and not service.build.files and not service.command


def timed(service: Service) -> tuple[str, ...]:
    """Return the command of a service, run by the program `timeout` if it has a time limit."""
    if service.command and service.limits.timeout:
        return ("timeout", "-k", "10", str(service.limits.timeout), *service.command)
    return service.command


def copied(service: Service) -> tuple[str, ...]:
    """Return the arguments of the script that copies the files of a service (`scripts.copying`)."""
    paths = (path for file in service.publications for path in (file.source, file.target))
    return (*service.outdated, "--", *paths, "--")


def warning(service: Service, variable: str, message: str) -> StackWarning:
    """Return a warning about a variable of a container.

    Args:
        service: the service of the container.
        variable: the name of the variable, such as ``image``.
        message: what happens instead.
    """
    return StackWarning(
        f"{service.request_path}.{variable}" if service.request_path else service.name, message
    )


def labels_of(names: Iterable[str]) -> dict[str, str]:
    """Return a unique DNS label (RFC 1123) for each name, equal to the name if that is a valid label.

    Args:
        names: the names, all different.
    """
    wanted = list(names)
    labels = {name: name for name in wanted if _label(name) == name}
    for name in wanted:
        if name not in labels:
            labels[name] = unused_label(name, labels.values())
    return {name: labels[name] for name in wanted}


def unused_label(name: str, used: Iterable[str]) -> str:
    """Return an unused DNS label similar to a name.

    Args:
        name: the name.
        used: the labels already in use.
    """
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
    """Return how often a failed container is restarted; None if the policy sets no maximum.

    Args:
        policy: the restart policy: ``on-failure``, ``on-failure:3``, ``always``, ``unless-stopped``, ``no``, or empty.
    """
    if policy in ("", "no"):
        return 0
    _, _, number = policy.partition(":")
    return int(number) if number else None
