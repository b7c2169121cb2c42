"""Find out which service of a compose file is which of the three containers, and which folder they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.compose.mounts import lies_inside
from evaluation.compose.safe_stack import SafeService, SafeStack
from evaluation.engine.image_names import plain_name
from pipeline.project import SERVICES, Service


@dataclass(frozen=True)
class Roles:
    """The three containers in a compose file.

    Attributes:
        services: the service of each container, by the container's name.
        shared: the source of the folder that they share; empty if they share none.
        sees_shared: the containers that mount it.
    """

    services: Mapping[str, str]
    shared: str
    sees_shared: frozenset[str]

    def service(self, role: str) -> str:
        """Return the service of a container; empty if there is none."""
        return self.services.get(role, "")

    def role(self, service: str) -> str:
        """Return the container of a service; empty for any other service."""
        return next((role for role, name in self.services.items() if name == service), "")


def find_roles(stack: SafeStack) -> Roles:
    """Find the three containers by their image, by their build context, or by their name, in this order."""
    services: dict[str, str] = {}
    for matches in (_by_image, _by_build, _by_name):
        for role in SERVICES:
            for name, service in stack.services.items():
                if (
                    role.name not in services
                    and name not in services.values()
                    and matches(role, name, service)
                ):
                    services[role.name] = name
    shared, sees = _shared(stack, services)
    return Roles(services, shared, sees)


def _by_image(role: Service, name: str, service: SafeService) -> bool:
    return plain_name(service.image).partition(":")[0] == role.image


def _by_build(role: Service, name: str, service: SafeService) -> bool:
    return service.build is not None and service.build.context == role.folder


def _by_name(role: Service, name: str, service: SafeService) -> bool:
    return role.name in name.lower().replace("_", "").replace("-", "")


def _shared(stack: SafeStack, services: Mapping[str, str]) -> tuple[str, frozenset[str]]:
    """Return the folder or volume that most of the three mount, and who mounts it."""
    sees: dict[str, set[str]] = {}
    for role, name in services.items():
        for mount in stack.services[name].mounts:
            if mount.kind in ("folder", "named", "missing", "elsewhere"):
                sees.setdefault(mount.source, set()).add(role)
    for source in sees:
        # A container that mounts the whole project sees the folders in it.
        sees[source] |= {
            role for other, roles in sees.items() if lies_inside(source, other) for role in roles
        }
    if not sees:
        return "", frozenset()
    best = max(sees, key=lambda source: (len(sees[source]), "shared" in source, source))
    return (best, frozenset(sees[best])) if len(sees[best]) > 1 else ("", frozenset())
