"""Render the containers of a Pod."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pipeline.compose.stack import Healthcheck, Mount, Service, Stack, StackWarning
from pipeline.compose.targets import scripts
from pipeline.compose.targets.cluster import (
    copied,
    default_memory,
    group_of,
    image_of,
    runs_image_command,
    timed,
    unused_label,
    user_of,
    warning,
)
from pipeline.compose.yaml_text import Block, Value


@dataclass
class Pod:
    """The volumes, names and warnings of a Pod, collected while its containers are rendered.

    Attributes:
        stack: the checked request.
        names: the container names by service name.
        volumes: the volumes of the Pod.
        warnings: the warnings.
    """

    stack: Stack
    names: dict[str, str]
    volumes: list[Value] = field(default_factory=list)
    warnings: list[StackWarning] = field(default_factory=list)
    _folders: dict[tuple[str, str], str] = field(default_factory=dict)
    _used: list[str] = field(default_factory=list)

    def warn(self, service: Service, variable: str, message: str) -> None:
        """Add a warning about a variable of a container.

        Args:
            service: the service of the container.
            variable: the name of the variable, such as ``image``.
            message: what happens instead.
        """
        self.warnings.append(warning(service, variable, message))

    def volume(self, wanted: str, options: dict[str, Value]) -> str:
        """Add an empty directory and return its name.

        Args:
            wanted: the preferred name.
            options: the options of ``emptyDir``.
        """
        name = unused_label(wanted, self._used)
        self._used.append(name)
        self.volumes.append({"name": name, "emptyDir": options})
        return name

    def folder(self, kind: str, source: str) -> str:
        """Return the name of the empty directory that replaces a folder or a volume of the request.

        Args:
            kind: ``bind`` or ``volume``.
            source: the folder or the name of the volume.
        """
        if (kind, source) not in self._folders:
            self._folders[kind, source] = self.volume(source, {})
        return self._folders[kind, source]


def is_sidecar(service: Service) -> bool:
    """Return whether a service keeps running until the last container has exited."""
    if service.is_final or service.waits_for_command:
        return False
    # A service with a port or a health check does not exit by itself.
    return service.healthcheck is not None or bool(service.ports)


def container(service: Service, pod: Pod) -> dict[str, Value]:
    """Return the container entry of a service.

    Args:
        service: the service.
        pod: the Pod, to which volumes and warnings are added.
    """
    described: dict[str, Value] = {
        "name": pod.names[service.name],
        "image": image_of(service, pod.stack),
        "imagePullPolicy": "IfNotPresent",
        **_command(service, pod.stack),
    }
    if service.working_directory:
        described["workingDir"] = service.working_directory
    if service.environment:
        described["env"] = [{"name": name, "value": literal(value)} for name, value in service.environment]
    if service.ports and (service.is_final or is_sidecar(service)):
        described["ports"] = [
            {"containerPort": port.container, "protocol": port.protocol.upper()} for port in service.ports
        ]
    if is_sidecar(service):
        described["restartPolicy"] = "Always"
    if service.healthcheck and (service.is_final or is_sidecar(service)):
        # The next container starts when the startup probe of a sidecar has succeeded.
        described["readinessProbe" if service.is_final else "startupProbe"] = _probe(service.healthcheck)
    described["resources"] = _resources(service, pod)
    described["securityContext"] = _security(service)
    mounts = _mounts(service, pod)
    if mounts:
        described["volumeMounts"] = mounts
    _warn(service, pod)
    return described


def literal(text: str) -> str:
    """Return a string with every ``$`` doubled, so that Kubernetes does not expand ``$(NAME)``."""
    return text.replace("$", "$$")


def _command(service: Service, stack: Stack) -> dict[str, Value]:
    if service.publications:
        script = scripts.copying(group_of(stack)) + '[ $# -eq 0 ] || exec "$@"\n'
        words = (*copied(service), *timed(service))
        return {
            "command": ["sh", "-c", Block(literal(script)), "sh"],
            "args": [literal(word) for word in words],
        }
    # `args` rather than `command`, which would replace the entry point of the image.
    return {"args": [literal(word) for word in timed(service)]} if service.command else {}


def _resources(service: Service, pod: Pod) -> dict[str, Value]:
    asked = service.limits
    limits: dict[str, Value] = {"cpu": _cores(asked.cpus)} if asked.cpus else {}
    limits["memory"] = _memory(asked.memory or default_memory(service))
    requests: dict[str, Value] = {"cpu": _cores(asked.reserved_cpus)} if asked.reserved_cpus else {}
    if asked.reserved_memory:
        requests["memory"] = _memory(asked.reserved_memory)
    if service.gpus:
        if service.gpus.count < 0:
            pod.warn(service, "gpu_requirements", "a Pod cannot request all GPUs of a node; it requests one")
        if service.gpus.devices:
            pod.warn(
                service, "gpu_requirements", "a Pod requests a number of GPUs; the node chooses which ones"
            )
        limits["nvidia.com/gpu"] = len(service.gpus.devices) or max(1, service.gpus.count)
    return {"limits": limits, "requests": requests} if requests else {"limits": limits}


def _cores(number: float) -> str:
    return f"{max(1, math.ceil(number * 1000))}m"


def _memory(size: int) -> str:
    mebibytes, rest = divmod(size, 1 << 20)
    return str(size) if rest else f"{mebibytes}Mi"


def _security(service: Service) -> dict[str, Value]:
    user, _, group = user_of(service).partition(":")
    return {
        "runAsUser": int(user),
        "runAsGroup": int(group),
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _probe(check: Healthcheck) -> dict[str, Value]:
    words = ("sh", "-c", *check.command) if check.shell else check.command
    return {
        "exec": {"command": [literal(word) for word in words]},
        "initialDelaySeconds": math.ceil(check.start_period),
        "periodSeconds": max(1, math.ceil(check.interval)),
        "timeoutSeconds": max(1, math.ceil(check.timeout)),
        "failureThreshold": max(1, check.retries),
    }


def _mounts(service: Service, pod: Pod) -> list[Value]:
    mounts: list[Value] = [_mount(mount, pod) for mount in service.mounts]
    for number, (path, mebibytes) in enumerate(service.writable):
        name = pod.volume(
            f"{service.name}-temporary{number or ''}", {"medium": "Memory", "sizeLimit": f"{mebibytes}Mi"}
        )
        mounts.append({"name": name, "mountPath": path})
    return mounts


def _mount(mount: Mount, pod: Pod) -> dict[str, Value]:
    # Folders within one folder of the project share its empty directory, so that ./a still contains ./a/b.
    top, _, below = mount.source.removeprefix("./").partition("/")
    described: dict[str, Value] = {"name": pod.folder(mount.kind, top), "mountPath": mount.target}
    if below:
        described["subPath"] = below
    if mount.read_only:
        described["readOnly"] = True
    return described


def _warn(service: Service, pod: Pod) -> None:
    for mount in service.mounts:
        if mount.kind == "bind":
            text = f"{mount.source} is an empty directory at first, and is removed with the Pod"
            pod.warn(service, "volumes", text)
    if service.build:
        text = f"{image_of(service, pod.stack)} must be built and pushed to a registry that the cluster can pull from"
        pod.warn(service, "image", text)
    if any(port.host for port in service.ports):
        pod.warn(
            service,
            "exposed_ports",
            "ports are not published on a node; use kubectl port-forward",
        )
    if service.restart and not service.is_final:
        pod.warn(
            service, "restart_policy", "is not written: the Pod has the restart policy of its last container"
        )
    if service.labels:
        pod.warn(service, "model_source", "version, framework and shapes of the model are not written")
    is_init = not service.is_final and not is_sidecar(service)
    if is_init and not service.waits_for_command and (service.command or runs_image_command(service)):
        pod.warn(
            service,
            "command",
            "must end by itself: the next container starts after the command has succeeded",
        )
