"""The target `swarm`: what `docker stack deploy` takes (version 3.9 of the file format, Docker 20.10 or newer).

A stack starts all services at once and waits for none, so the services do it: one that others depend on writes the
time to a volume, every second, once its files are in place; the others wait for a time of now.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from pipeline.compose.stack import Healthcheck, Mount, Service, Stack, Warning
from pipeline.compose.targets.cluster import (
    DEFAULT_NAME,
    default_memory,
    default_pids,
    image_of,
    restarts,
    runs_image_command,
    user_of,
    warning,
)
from pipeline.compose.targets.compose_service import DROPPED_BY_ROOT, is_root
from pipeline.compose.targets.swarm_start import SIGNALS, Signals
from pipeline.compose.yaml_text import Value, yaml_text

_HEADER = (
    "A stack for Docker Swarm: docker stack deploy --compose-file FILE {name}",
    "",
    "Generated. Ends with: docker stack rm {name}",
)
_ARCHITECTURES = {
    "linux/amd64": "x86_64",
    "linux/arm64": "aarch64",
    "linux/arm64/v8": "aarch64",
    "linux/arm/v7": "armv7l",
}


def render(stack: Stack) -> tuple[str, tuple[Warning, ...]]:
    """Return the text of the stack and what it could not carry over.

    Args:
        stack: a checked request.
    """
    warnings: list[Warning] = []
    signals = Signals(stack)
    document: dict[str, Value] = {
        "version": "3.9",
        "services": {service.name: _service(service, signals, stack) for service in stack.services},
    }
    volumes = [*stack.volumes, *([signals.volume] if signals.is_used else [])]
    if volumes:
        document["volumes"] = dict.fromkeys(volumes)
    document["networks"] = _networks(stack)
    header = [line.format(name=stack.name or DEFAULT_NAME) for line in _HEADER]
    for service in stack.services:
        warnings += _warnings(service, signals)
    if stack.timeout and not stack.final.limits.timeout:
        warnings.append(Warning("execution.timeout", "a stack has no time limit"))
    warnings.append(
        Warning("execution", "a stack is not removed when its last container ends, and has no exit status")
    )
    return yaml_text(document, header=header), tuple(dict.fromkeys(warnings))


def literal(text: str) -> str:
    """Return the value of a variable in which Swarm replaces no template, such as ``{{.Node.Hostname}}``."""
    return text.replace("{{", '{{"{{"}}')


def _networks(stack: Stack) -> dict[str, Value]:
    networks: dict[str, Value] = {}
    if any(service.has_network for service in stack.services):
        networks["stack"] = {"driver": "overlay"}
    if not all(service.has_network for service in stack.services):
        # Stacks ignore `network_mode: none`, and Swarm does not offer the predefined network `none`.
        networks["isolated"] = {"driver": "overlay", "internal": True}
    return networks


def _service(service: Service, signals: Signals, stack: Stack) -> dict[str, Value]:
    described: dict[str, Value] = {"image": image_of(service, stack), **signals.start(service)}
    if service.environment:
        described["environment"] = {name: literal(text) for name, text in service.environment}
    if service.working_directory:
        described["working_dir"] = service.working_directory
    described |= _identity(service)
    mounts = [_mount(mount) for mount in service.mounts]
    mounts += [_temporary(path, mebibytes) for path, mebibytes in service.writable]
    if signals.has(service):
        mounts.append({"type": "volume", "source": signals.volume, "target": SIGNALS})
    described["volumes"] = mounts
    described["networks"] = ["stack" if service.has_network else "isolated"]
    if service.dns:
        described["dns"] = list(service.dns)
    ports: list[Value] = [
        {"target": port.container, "published": port.host, "protocol": port.protocol, "mode": "ingress"}
        for port in service.ports
        if port.host and not port.address
    ]
    if ports and service.has_network:
        described["ports"] = ports
    if service.healthcheck:
        described["healthcheck"] = _healthcheck(service.healthcheck)
    if service.labels:
        described["labels"] = dict(service.labels)
    described["stop_grace_period"] = "5s"
    return {**described, "deploy": _deploy(service)}


def _identity(service: Service) -> dict[str, Value]:
    described: dict[str, Value] = {"hostname": service.hostname} if service.hostname else {}
    described["user"] = "0:0" if is_root(service) else user_of(service)
    described["read_only"] = True
    described["cap_drop"] = list(DROPPED_BY_ROOT) if is_root(service) else ["ALL"]
    return described


def _mount(mount: Mount) -> dict[str, Value]:
    described: dict[str, Value] = {"type": mount.kind, "source": mount.source, "target": mount.target}
    return {**described, "read_only": True} if mount.read_only else described


def _temporary(path: str, mebibytes: int) -> dict[str, Value]:
    return {"type": "tmpfs", "target": path, "tmpfs": {"size": mebibytes << 20}}


def _healthcheck(check: Healthcheck) -> dict[str, Value]:
    return {
        "test": ["CMD-SHELL" if check.shell else "CMD", *check.command],
        "interval": _duration(check.interval),
        "timeout": _duration(check.timeout),
        "retries": check.retries,
        "start_period": _duration(check.start_period),
    }


def _duration(seconds: float) -> str:
    return f"{math.ceil(seconds * 1000)}ms"


def _deploy(service: Service) -> Mapping[str, Value]:
    number = restarts(service.restart)
    policy: dict[str, Value] = {"condition": _condition(service.restart)}
    if number:
        policy["max_attempts"] = number
    # Volumes and folders are those of one node.
    constraints = ["node.role == manager"]
    if service.platform:
        architecture = _ARCHITECTURES.get(service.platform, service.platform.split("/")[1])
        constraints.append(f"node.platform.arch == {architecture}")
    return {
        "placement": {"constraints": constraints},
        "restart_policy": policy,
        "resources": _resources(service),
    }


def _condition(policy: str) -> str:
    if policy in ("", "no"):
        return "none"
    return "on-failure" if policy.startswith("on-failure") else "any"


def _resources(service: Service) -> dict[str, Value]:
    limits = service.limits
    limited: dict[str, Value] = {"cpus": _cores(limits.cpus)} if limits.cpus else {}
    limited["memory"] = str(limits.memory or default_memory(service))
    limited["pids"] = limits.pids or default_pids(service)
    reserved: dict[str, Value] = {"cpus": _cores(limits.reserved_cpus)} if limits.reserved_cpus else {}
    if limits.reserved_memory:
        reserved["memory"] = str(limits.reserved_memory)
    if service.gpus:
        number = len(service.gpus.devices) or max(1, service.gpus.count)
        generic: Value = {"discrete_resource_spec": {"kind": "NVIDIA-GPU", "value": number}}
        reserved["generic_resources"] = [generic]
    return {"limits": limited, "reservations": reserved} if reserved else {"limits": limited}


def _cores(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")


def _warnings(service: Service, signals: Signals) -> list[Warning]:
    """Return what a stack does not carry over of one service."""
    found = {
        "security_opt": "stacks cannot set no-new-privileges; capabilities are dropped nevertheless",
        "network_mode": not service.has_network
        and "the isolated services of a stack share an internal network, which leads nowhere else",
        "volumes": service.mounts
        and "folders and volumes are those of one node; with several managers, label one and place the stack on it",
        "image": service.build is not None
        and "stacks build no image; it must be on the nodes or in a registry",
        "exposed_ports": any(port.host and port.address for port in service.ports)
        and "stacks publish ports on all addresses of a node; the port of one address is not published",
        "gpu_requirements": service.gpus
        and "the nodes must announce their GPUs as generic resource NVIDIA-GPU",
        "restart_policy": service.restart == "unless-stopped"
        and "stacks know always, on-failure and no; it becomes always",
        "health_check": service.healthcheck
        and service.waits_for_command is False
        and not service.is_final
        and "others wait for the start of the container, not for its first successful check",
        "command": runs_image_command(service) and "is that of the image; it waits for no other container",
    }
    missing = signals.not_awaited(service)
    if missing and not runs_image_command(service):
        found["depends_on"] = f"does not wait for {', '.join(missing)}"
    return [
        warning(service, variable, message) for variable, message in found.items() if isinstance(message, str)
    ]
