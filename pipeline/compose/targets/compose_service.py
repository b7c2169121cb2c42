"""Render a service of the compose file."""

from __future__ import annotations

import re

from pipeline.compose.building.container import CODE_USER
from pipeline.compose.stack import Mount, Port, Service, Stack
from pipeline.compose.targets import scripts
from pipeline.compose.targets.cluster import (
    default_memory,
    default_pids,
    group_of,
    image_of,
    runs_image_command,
)
from pipeline.compose.yaml_text import Block, Flow, Raw, Value

# The capabilities that remain of Docker's default allow the script to copy into a folder of any user, to make its owner
# the owner of the copies, and to run the command of the request as a non-root user. No capability is ever added.
DROPPED_BY_ROOT = (
    "AUDIT_WRITE", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETPCAP", "SYS_CHROOT",
)  # fmt: skip
_IMAGE_NAME = re.compile(r"[a-z0-9]+(?:(?:_|__|-+)[a-z0-9]+)*")
_VOLUME = "signals"


def signals_volume(stack: Stack) -> str:
    """Return a name for the volume with the pipe that no volume of the request has."""
    name = _VOLUME
    while name in stack.volumes:
        name += "_"
    return name


def has_signals(stack: Stack) -> bool:
    """Return whether containers wait until the final one exits, which requires that a script starts its command."""
    return len(stack.services) > 1 and not runs_image_command(stack.final)


def is_root(service: Service) -> bool:
    """Return whether the script of the container runs as root; the command of the request never does."""
    if service.user or service.role == "code":
        return False
    return not runs_image_command(service) and (service.role != "other" or not service.is_final)


def service_of(service: Service, stack: Stack) -> dict[str, Value]:
    """Return the entry of a service in the compose file.

    Args:
        service: the service.
        stack: its stack.
    """
    found: dict[str, Value] = {}
    _add_image(found, service, stack)
    _add_command(found, service, stack)
    if service.depends_on:
        found["depends_on"] = {name: {"condition": _condition(name, stack)} for name in service.depends_on}
    if service.environment:
        found["environment"] = dict(service.environment)
    _add_places(found, service, stack)
    _add_limits(found, service)
    _add_health(found, service)
    _add_network(found, service)
    _add_security(found, service)
    if service.labels:
        found["labels"] = dict(service.labels)
    return found


def _add_image(found: dict[str, Value], service: Service, stack: Stack) -> None:
    if service.build is None or (service.image and not service.build.files):
        found["image"] = service.image
    elif not _IMAGE_NAME.fullmatch(service.name):
        # The name that Compose would derive is not a valid image name.
        found["image"] = image_of(service, stack)
    if service.build is None:
        pass
    elif service.build.files:
        dockerfile = next(file.path for file in service.build.files if file.path.endswith("/Dockerfile"))
        # The context is the folder of this file, which exists: 1.29.2 refuses a file if a context is missing.
        found["build"] = {"context": ".", "dockerfile": dockerfile}
    else:
        found["build"] = {"context": service.build.context}
    if service.platform:
        found["platform"] = service.platform


def _add_command(found: dict[str, Value], service: Service, stack: Stack) -> None:
    if runs_image_command(service):
        return
    group = group_of(stack)
    copies = bool(service.publications or service.outdated)
    as_root = is_root(service)
    if service.is_final:
        timeout = service.limits.timeout
        script = scripts.final(is_root=as_root, copies=copies, group=group, timeout=timeout)
    else:
        waits = service.waits_for_command
        script = scripts.companion(is_root=as_root, copies=copies, group=group, waits_for_command=waits)
    words: list[Value] = ["sh", "-c", Block(script), service.name]
    if as_root:
        words += [*(mount.target for mount in service.mounts if not mount.read_only), "--"]
    if copies:
        words += [*service.outdated, "--"]
        words += [path for pair in service.publications for path in (pair.source, pair.target)]
        words.append("--")
    found["entrypoint"] = words
    command = service.command
    if command and service.limits.timeout is not None and not service.is_final:
        command = ("timeout", "-k", "10", str(service.limits.timeout), *command)
    found["command"] = list(command)
    if service.working_directory:
        found["working_dir"] = service.working_directory


def _condition(name: str, stack: Stack) -> str:
    service = next(other for other in stack.services if other.name == name)
    return "service_started" if runs_image_command(service) else "service_healthy"


def _add_places(found: dict[str, Value], service: Service, stack: Stack) -> None:
    mounts: list[Value] = [_mount(mount) for mount in service.mounts]
    if has_signals(stack) and not runs_image_command(service):
        mounts.append({"type": "volume", "source": signals_volume(stack), "target": scripts.SIGNALS})
    if mounts:
        found["volumes"] = mounts
    found["tmpfs"] = [Raw("/run:size=64k"), *(f"{path}:size={size}m" for path, size in service.writable)]


def _mount(mount: Mount) -> Value:
    if mount.kind == "bind":
        # In both versions of Compose, the short syntax creates a missing folder.
        return f"{mount.source}:{mount.target}{':ro' if mount.read_only else ''}"
    found: dict[str, Value] = {"type": "volume", "source": mount.source, "target": mount.target}
    if mount.read_only:
        found["read_only"] = True
    return found


def _add_limits(found: dict[str, Value], service: Service) -> None:
    limits = service.limits
    if limits.cpus is not None:
        found["cpus"] = Raw(f"{limits.cpus:.3f}".rstrip("0").rstrip("."))
    found["mem_limit"] = limits.memory or default_memory(service)
    if limits.reserved_memory is not None:
        found["mem_reservation"] = limits.reserved_memory
    found["pids_limit"] = limits.pids or default_pids(service)
    if service.gpus is not None:
        device: dict[str, Value] = {"driver": "nvidia"}
        if service.gpus.devices:
            device["device_ids"] = list(service.gpus.devices)
        else:
            device["count"] = service.gpus.count if service.gpus.count > 0 else "all"
        device["capabilities"] = Flow(("gpu",))
        reserved: dict[str, Value] = {"devices": [device]}
        if limits.reserved_memory is not None:
            # 2.x refuses a file in which this differs from mem_reservation.
            reserved["memory"] = str(limits.reserved_memory)
        found["deploy"] = {"resources": {"reservations": reserved}}


def _add_health(found: dict[str, Value], service: Service) -> None:
    check = service.healthcheck
    if runs_image_command(service) or service.is_final:
        if check is not None:
            test: list[Value] = ["CMD-SHELL" if check.shell else "CMD", *check.command]
            found["healthcheck"] = {"test": test, **_times(service)}
        return
    if check is None:
        words: list[Value] = ["CMD", "sh", "-c", Block(scripts.healthy(with_command=False))]
        found["healthcheck"] = {
            "test": words, "interval": Raw("250ms"), "timeout": Raw("30s"),
            # Copying a large file takes time; a failed check does not count until then.
            "start_period": Raw("1h"),
        }  # fmt: skip
        return
    command = ("sh", "-c", *check.command) if check.shell else check.command
    script = Block(scripts.healthy(with_command=True))
    found["healthcheck"] = {"test": ["CMD", "sh", "-c", script, "healthy", *command], **_times(service)}


def _times(service: Service) -> dict[str, Value]:
    check = service.healthcheck
    if check is None:
        return {}
    times: dict[str, Value] = {"interval": _seconds(check.interval), "timeout": _seconds(check.timeout)}
    times["retries"] = check.retries
    if check.start_period:
        times["start_period"] = _seconds(check.start_period)
    return times


def _seconds(value: float) -> Raw:
    return Raw(f"{round(value * 1000)}ms" if value % 1 else f"{round(value)}s")


def _add_network(found: dict[str, Value], service: Service) -> None:
    if not service.has_network:
        found["network_mode"] = "none"
    published = [_port(port) for port in service.ports if port.host is not None]
    exposed = [f"{port.container}/{port.protocol}" if port.protocol != "tcp" else str(port.container)
               for port in service.ports if port.host is None]  # fmt: skip
    if exposed:
        found["expose"] = exposed
    if published:
        found["ports"] = published
    if service.dns:
        found["dns"] = list(service.dns)
    if service.hostname:
        found["hostname"] = service.hostname


def _port(port: Port) -> str:
    address = f"{port.address}:" if port.address else ""
    protocol = f"/{port.protocol}" if port.protocol != "tcp" else ""
    return f"{address}{port.host}:{port.container}{protocol}"


def _add_security(found: dict[str, Value], service: Service) -> None:
    as_root = is_root(service)
    found["user"] = "0:0" if as_root else service.user or CODE_USER
    found["read_only"] = True
    found["cap_drop"] = list(DROPPED_BY_ROOT) if as_root else ["ALL"]
    found["security_opt"] = ["no-new-privileges:true"]
    found["stop_grace_period"] = Raw("5s")
