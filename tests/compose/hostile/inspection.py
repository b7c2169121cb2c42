"""Check generated files: only allowed keys, no access to the host, no private addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

import yaml

# The C version of the parser, if PyYAML includes it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SHARED_KEYS = frozenset(
    (
        "image", "command", "entrypoint", "environment", "volumes", "healthcheck", "ports", "user", "working_dir",
        "hostname", "networks", "read_only", "cap_drop", "stop_grace_period", "dns", "labels", "deploy",
    )
)  # fmt: skip
_KEYS = {
    "compose": _SHARED_KEYS
    | {
        "build", "depends_on", "network_mode", "security_opt", "tmpfs", "expose", "mem_limit", "mem_reservation",
        "pids_limit", "cpus", "platform",
    },
    "swarm": _SHARED_KEYS,
}  # fmt: skip
_TOP = {
    "compose": {"services", "volumes", "networks"},
    "swarm": {"version", "services", "volumes", "networks"},
}
# SETGID and SETUID are needed to run the command of the request as a non-root user.
_CAPABILITIES = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
_DEFAULT_CAPABILITIES = _CAPABILITIES | {
    "AUDIT_WRITE", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETPCAP", "SYS_CHROOT",
}  # fmt: skip
_FORBIDDEN_IN_A_POD = {
    "hostNetwork", "hostPID", "hostIPC", "hostUsers", "hostPath", "privileged", "hostPort", "hostAliases", "secret",
    "serviceAccountName", "configMap", "secretKeyRef", "configMapKeyRef", "envFrom", "valueFrom", "lifecycle", "nfs",
    "csi", "sysctls", "shareProcessNamespace", "procMount", "add", "persistentVolumeClaim", "volumeDevices",
    "projected", "downwardAPI", "runtimeClassName", "schedulerName", "tolerations", "priorityClassName",
    "imagePullSecrets", "seLinuxOptions", "appArmorProfile",
}  # fmt: skip


def findings(text: str, target: str) -> Iterator[str]:
    """Report problems of a generated file."""
    if target == "kubernetes":
        yield from _in_a_pod(list(yaml.load_all(text, LOADER)))
    else:
        yield from _in_a_stack(yaml.load(text, LOADER), target)
        left = text.replace("$$", "")
        if "$" in left:
            yield f"a variable of the host: {left[left.index('$') :][:40]!r}"
    yield from _private_addresses(text)


def _in_a_stack(document: dict[str, Any], target: str) -> Iterator[str]:
    yield from (f"the key {key}" for key in document if key not in _TOP[target])
    for name, volume in (document.get("volumes") or {}).items():
        if volume:
            yield f"options of the volume {name}: {volume}"
    for name, network in (document.get("networks") or {}).items():
        if set(network or {}) - {"driver", "internal"} or (network or {}).get("driver") not in (
            None,
            "bridge",
            "overlay",
        ):
            yield f"options of the network {name}: {network}"
    for name, service in document["services"].items():
        yield from (f"{name}: {finding}" for finding in _in_a_service(service, target))


def _in_a_service(service: dict[str, Any], target: str) -> Iterator[str]:
    yield from (f"the key {key}" for key in service if key not in _KEYS[target])
    if service.get("network_mode", "none") != "none":
        yield f"network_mode {service['network_mode']}"
    if set(service.get("security_opt", [])) - {"no-new-privileges:true"}:
        yield f"security_opt {service['security_opt']}"
    left = set() if "ALL" in service["cap_drop"] else _DEFAULT_CAPABILITIES - set(service["cap_drop"])
    if left - _CAPABILITIES or not service["read_only"] or (service["user"] == "0:0" and not left):
        yield f"not hardened: {left}"
    build = service.get("build") or {}
    context = build if isinstance(build, str) else build.get("context", ".")
    if not isinstance(build, str) and set(build) - {"context", "target", "args", "dockerfile"}:
        yield f"build {build}"
    for source in [context, *_sources(service.get("volumes", []))]:
        if source.startswith(("/", "~", "\\")) or ".." in source.split("/") or re.search(r"[\\$:]", source):
            yield f"the folder {source!r}"
    for target_path in _targets(service.get("volumes", [])):
        if not re.fullmatch(r"(/[^/\\\x00-\x20]+)+/?", target_path) or re.match(
            r"/(proc|sys|dev|run)(/|$)", target_path
        ):
            yield f"the mount at {target_path!r}"
    for port in service.get("ports", []):
        text = port if isinstance(port, str) else f"{port.get('host_ip', '')}"
        if re.search(r"0\.0\.0\.0|::", text):
            yield f"the port {port}"
    yield from _in_a_deployment(service.get("deploy") or {})


def _in_a_deployment(deploy: dict[str, Any]) -> Iterator[str]:
    if set(deploy) - {"resources", "restart_policy", "placement"}:
        yield f"deploy {set(deploy)}"
    for kind, resources in deploy.get("resources", {}).items():
        if set(resources) - {"cpus", "memory", "pids", "devices", "generic_resources"}:
            yield f"{kind} {resources}"
        for device in resources.get("devices", []):
            if (
                set(device) - {"driver", "count", "device_ids", "capabilities"}
                or device.get("driver") != "nvidia"
            ):
                yield f"the device {device}"


def _sources(volumes: list[Any]) -> Iterator[str]:
    for volume in volumes:
        if isinstance(volume, str):
            yield volume.split(":")[0]
        elif volume["type"] != "tmpfs":
            yield volume["source"]


def _targets(volumes: list[Any]) -> Iterator[str]:
    for volume in volumes:
        yield volume.split(":")[1] if isinstance(volume, str) else volume["target"]


def _in_a_pod(documents: list[Any]) -> Iterator[str]:
    kinds = [document["kind"] for document in documents]
    if kinds not in (["Job"], ["Job", "NetworkPolicy"]):
        yield f"the kinds {kinds}"
    yield from (f"the key {key}" for key in _keys(documents) if key in _FORBIDDEN_IN_A_POD)
    spec = documents[0]["spec"]["template"]["spec"]
    for volume in spec.get("volumes", []):
        if set(volume) != {"name", "emptyDir"}:
            yield f"the volume {volume}"
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        security = container["securityContext"]
        if security["allowPrivilegeEscalation"] or not security["readOnlyRootFilesystem"]:
            yield f"{container['name']} is not hardened"


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, entry in value.items():
            yield key
            yield from _keys(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _keys(entry)


def _private_addresses(text: str) -> Iterator[str]:
    """Report private addresses, except loopback addresses."""
    for found in re.findall(r"(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])", text):
        try:
            address = ipaddress.ip_address(found)
        except ValueError:
            continue
        if not (address.is_global or address.is_loopback or address.is_unspecified):
            yield f"the address {found}"
    if re.search(r"\.docker\.internal|metadata\.google|169\.254\.", text, re.IGNORECASE):
        yield "a name of the network of the host"
