"""Find out which service of a compose file is which container of the rubric, and which folder they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from common.project import CODEBASE
from evaluation.compose.mounts import is_inside
from evaluation.compose.safe_stack import SafeService, SafeStack
from evaluation.layout.patterns import matches_path, matches_service
from evaluation.layout.places import TOP, Place, Places


@dataclass(frozen=True)
class Roles:
    """The containers of the rubric in a compose file.

    Attributes:
        services: the service of each container, by the container's name.
        shared: the source of the folder that they share; empty if they share none.
        sees_shared: the containers that mount it.
        expected: the containers of the rubric.
        data: the containers that deliver a file to the program, and the file of each in the shared folder.
        codebase: the container with the program.
    """

    services: Mapping[str, str]
    shared: str
    sees_shared: frozenset[str]
    expected: tuple[str, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    codebase: str = CODEBASE

    @property
    def code(self) -> str:
        """The service with the program; empty if there is none."""
        return self.service(self.codebase)

    def service(self, role: str) -> str:
        """Return the service of a container; empty if there is none."""
        return self.services.get(role, "")

    def role(self, service: str) -> str:
        """Return the container of a service; empty for any other service."""
        return next((role for role, name in self.services.items() if name == service), "")


def find_roles(stack: SafeStack, places: Places, shared_folders: Sequence[str]) -> Roles:
    """Find the containers of the rubric by image, build context, name, or Dockerfile, in this order.

    Args:
        stack: the checked services.
        places: the containers of the rubric.
        shared_folders: patterns of the folder that they share.
    """
    services = _by_image(stack, places)
    for matches in (_by_build, _by_name, _by_dockerfile):
        for role in places.containers:
            for name, service in stack.services.items():
                if (
                    role.name not in services
                    and name not in services.values()
                    and matches(role, name, service)
                ):
                    services[role.name] = name
    shared, sees = _shared(stack, services, shared_folders)
    return Roles(
        services, shared, sees,
        tuple(place.name for place in places.containers),
        {place.name: place.shared_file for place in places.data},
        places.codebase.name,
    )  # fmt: skip


def _by_image(stack: SafeStack, places: Places) -> dict[str, str]:
    """Return the services whose images match a container's patterns; a match of an earlier pattern is preferred."""
    found: dict[str, str] = {}
    fitting = [
        (rank, role.name, name)
        for role in places.containers
        for name, service in stack.services.items()
        if service.image and (rank := role.image_rank(service.image)) is not None
    ]
    for _, role_name, name in sorted(fitting, key=lambda entry: entry[0]):
        if role_name not in found and name not in found.values():
            found[role_name] = name
    return found


def _by_build(role: Place, name: str, service: SafeService) -> bool:
    if service.build is None or service.build.context != role.folder:
        return False
    return role.folder != TOP or service.build.dockerfile.casefold() == role.dockerfile.casefold()


def _by_name(role: Place, name: str, service: SafeService) -> bool:
    return matches_service(name, role.services)


def _by_dockerfile(role: Place, name: str, service: SafeService) -> bool:
    """Return whether a service with another name builds the Dockerfile of a container, in any context."""
    return service.build is not None and service.build.path.casefold() == role.dockerfile_path.casefold()


def _shared(
    stack: SafeStack, services: Mapping[str, str], names: Sequence[str]
) -> tuple[str, frozenset[str]]:
    """Return the folder or volume that most of the containers mount, and who mounts it."""
    sees: dict[str, set[str]] = {}
    for role, name in services.items():
        for mount in stack.services[name].mounts:
            if mount.kind in ("folder", "named", "missing", "elsewhere"):
                sees.setdefault(mount.source, set()).add(role)
    for source in sees:
        # A container that mounts the whole project sees the folders in it.
        sees[source] |= {role for other, roles in sees.items() if is_inside(source, other) for role in roles}
    if not sees:
        return "", frozenset()
    best = max(sees, key=lambda source: (len(sees[source]), _is_named(source, names), source))
    return (best, frozenset(sees[best])) if len(sees[best]) > 1 else ("", frozenset())


def _is_named(source: str, names: Sequence[str]) -> bool:
    return "shared" in source or any(matches_path(source.rpartition("/")[2], name) for name in names)
