"""The settings of a container that do not depend on other containers: environment, resources, network, security."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.compose.checks import names, quantities
from pipeline.compose.checks.addresses import address_of, check_text, is_public
from pipeline.compose.checks.mounts import check_driver, checked_mount, mount_of
from pipeline.compose.checks.ports import checked_port
from pipeline.compose.findings import Findings, shown
from pipeline.compose.request import Container
from pipeline.compose.stack import Limits, Mount, Port

RESTART_POLICIES = ("no", "on-failure", "always", "unless-stopped")


def environment_of(container: Container, path: str, findings: Findings) -> tuple[tuple[str, str], ...]:
    """Return the environment variables of a container, as pairs of name and value.

    Args:
        container: the container.
        path: its path in the request.
        findings: collects problems.
    """
    place, given = f"{path}.environment", container.environment
    pairs: list[tuple[str, str, object]] = []
    if isinstance(given, list):
        for index, text in enumerate(given):
            name, sign, value = text.partition("=")
            pairs.append((f"{place}[{index}]", name, value if sign else None))
    elif isinstance(given, Mapping):
        pairs = [(f"{place}.{name}", name, value) for name, value in given.items()]
    found: dict[str, str] = {}
    for where, name, content in pairs:
        if names.checked_variable(name, where if isinstance(given, list) else place, findings) is None:
            continue
        if content is None:
            findings.refuse(
                where, "has no value, so Compose would take the value of the host", 'Write a value, or "".'
            )
            continue
        if name in found:
            findings.refuse(where, f"{shown(name)} appears twice", "Set it only once.")
        text = str(content).lower() if isinstance(content, bool) else str(content)
        check_text(text, where, findings)
        found[name] = text
    return tuple(found.items())


def limits_of(container: Container, path: str, findings: Findings) -> Limits:
    """Return the resource limits of a container.

    Args:
        container: the container.
        path: its path in the request.
        findings: collects problems.
    """
    cpus = memory = seconds = None
    if container.cpu_limit is not None:
        cpus = quantities.checked_cpus(container.cpu_limit, f"{path}.cpu_limit", findings)
    if container.memory_limit is not None:
        memory = quantities.checked_memory(container.memory_limit, f"{path}.memory_limit", findings)
    if container.timeout is not None:
        seconds = quantities.checked_seconds(container.timeout, f"{path}.timeout", findings)
    reserved_cpus = reserved_memory = None
    if container.cpu_reservation is not None:
        place = f"{path}.cpu_reservation"
        reserved_cpus = quantities.checked_cpus(container.cpu_reservation, place, findings)
        if cpus and reserved_cpus and reserved_cpus > cpus:
            findings.refuse(place, "is larger than cpu_limit", "Reserve at most the limit.")
    if container.memory_reservation is not None:
        place = f"{path}.memory_reservation"
        reserved_memory = quantities.checked_memory(container.memory_reservation, place, findings)
        if memory and reserved_memory and reserved_memory > memory:
            findings.refuse(place, "is larger than memory_limit", "Reserve at most the limit.")
    return Limits(
        cpus, memory, timeout=None if seconds is None else max(1, round(seconds)),
        reserved_cpus=reserved_cpus, reserved_memory=reserved_memory,
    )  # fmt: skip


def ports_of(container: Container, path: str, findings: Findings) -> tuple[Port, ...]:
    """Return the ports of a container, each once.

    Args:
        container: the container.
        path: its path in the request.
        findings: collects problems.
    """
    given, place = container.exposed_ports, f"{path}.exposed_ports"
    if given is None:
        return ()
    if not isinstance(given, list):
        port = checked_port(given, place, findings)
        return (port,) if port else ()
    found = [checked_port(value, f"{place}[{index}]", findings) for index, value in enumerate(given)]
    return tuple(dict.fromkeys(port for port in found if port))


def mounts_of(container: Container, path: str, findings: Findings) -> list[Mount]:
    """Return the mounts of a container, one for each target path.

    Args:
        container: the container.
        path: its path in the request.
        findings: collects problems and warnings.
    """
    found = [
        checked_mount(value, f"{path}.volumes[{index}]", findings)
        for index, value in enumerate(container.volumes or ())
    ]
    check_driver(container.volume_driver, f"{path}.volume_driver", findings)
    if container.host_path is not None and container.container_path is not None:
        found.append(
            mount_of(
                container.host_path, container.container_path, f"{path}.host_path", findings,
                read_only=bool(container.read_only),
            )
        )  # fmt: skip
    elif container.host_path is not None or container.container_path is not None:
        findings.refuse(path, "a mount needs host_path and container_path", "Set both, or use volumes.")
    elif container.read_only is False:
        findings.warn(
            f"{path}.read_only",
            "is ignored: only mounts and /tmp can be writable",
        )
    mounts: dict[str, Mount] = {}
    for mount in found:
        if mount is None:
            continue
        if mounts.setdefault(mount.target, mount) != mount:
            findings.refuse(
                f"{path}.volumes",
                f"two mounts have the target {shown(mount.target)}",
                "Remove one of the two.",
            )
    return list(mounts.values())


def dns_of(container: Container, path: str, findings: Findings) -> tuple[str, ...]:
    """Return the addresses of the DNS servers of a container.

    Args:
        container: the container.
        path: its path in the request.
        findings: collects problems.
    """
    given = container.dns_servers
    values = [given] if isinstance(given, str) else given or []
    found = []
    for index, text in enumerate(values):
        place = f"{path}.dns_servers" if isinstance(given, str) else f"{path}.dns_servers[{index}]"
        address = address_of(text)
        if address is None or str(address) != text.lower():
            findings.refuse(
                place,
                f"{shown(text)} is not a valid DNS server address",
                "Write an IP address such as 9.9.9.9.",
            )
        elif not is_public(address):
            findings.refuse(
                place, f"{shown(text)} is a private or reserved address", "Use a public DNS server."
            )
        else:
            found.append(text)
    return tuple(dict.fromkeys(found))


def restart_of(value: str | None, path: str, findings: Findings) -> str:
    """Return a restart policy, or report why it is refused.

    Args:
        value: the policy, such as ``on-failure:3``; None if the request does not set one.
        path: the path of the policy in the request.
        findings: collects problems.
    """
    if value is None:
        return ""
    name, sign, count = value.partition(":")
    is_counted = name == "on-failure" and count.isascii() and count.isdecimal() and len(count) <= 3
    if name not in RESTART_POLICIES or (sign and not is_counted):
        findings.refuse(
            path, f"{shown(value)} is not a valid restart policy", f"Use {', '.join(RESTART_POLICIES)}."
        )
        return ""
    return value


def check_security(container: Container, path: str, findings: Findings) -> None:
    """Refuse privileges, capabilities and security options that a container does not need.

    Args:
        container: the container.
        path: its path in the request.
        findings: collects problems.
    """
    if container.privileged:
        findings.refuse(
            f"{path}.privileged", "a privileged container has full access to the host", "Remove it."
        )
    for index, text in enumerate(container.security_opt or ()):
        if text.replace("=", ":").lower() not in ("no-new-privileges", "no-new-privileges:true"):
            findings.refuse(
                f"{path}.security_opt[{index}]", f"{shown(text)} is not a supported security option",
                "Only no-new-privileges is allowed, and it is always set.",
            )  # fmt: skip
    given = container.capabilities
    if isinstance(given, Mapping):
        for name, words in given.items():
            if words and name.lower() not in ("drop", "cap_drop"):
                findings.refuse(
                    f"{path}.capabilities",
                    f"{shown(name)} adds kernel capabilities",
                    "Remove it: containers need no capabilities.",
                )
    elif given:
        findings.refuse(
            f"{path}.capabilities",
            "adds kernel capabilities",
            "Remove it: containers need no capabilities.",
        )
