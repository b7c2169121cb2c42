"""Keys of Compose and Docker that are refused in a request, each with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pipeline.compose.errors import Problem

_NAMESPACE = "joins a namespace of the host or of another container"
_DEVICE = "gives the container a device of the host"
_LIMITS = "changes limits that every container has"
_FILE = "reads a file of the host"
_PROGRAM = "runs a program outside the command of the container"
_GENERATED = "is set by the generator"

REFUSED_KEYS: Mapping[str, tuple[str, str]] = {
    "cap_add": ("adds kernel capabilities", "Remove it: containers need no capabilities."),
    "pid": (_NAMESPACE, ""),
    "ipc": (_NAMESPACE, ""),
    "uts": (_NAMESPACE, ""),
    "userns_mode": (_NAMESPACE, ""),
    "cgroup": (_NAMESPACE, ""),
    "cgroup_parent": (_LIMITS, "Use cpu_limit and memory_limit."),
    "devices": (_DEVICE, "Use gpu_requirements, or a hardware profile of this project."),
    "device_cgroup_rules": (_DEVICE, "Use gpu_requirements, or a hardware profile of this project."),
    "gpus": (_DEVICE, "Use gpu_requirements."),
    "runtime": ("chooses another container runtime of the host", "Use gpu_requirements for a GPU."),
    "sysctls": ("changes kernel parameters", ""),
    "ulimits": (_LIMITS, "Use memory_limit and timeout."),
    "oom_kill_disable": (_LIMITS, "Use memory_limit."),
    "oom_score_adj": (_LIMITS, "Use memory_limit."),
    "blkio_config": (_DEVICE, ""),
    "storage_opt": ("sets options of the storage driver of the host", ""),
    "credential_spec": (_FILE, ""),
    "env_file": (_FILE, "Write the variables as environment."),
    "label_file": (_FILE, ""),
    "secrets": (_FILE, "Mount a folder of the project with volumes."),
    "configs": (_FILE, "Mount a folder of the project with volumes."),
    "extends": (_FILE, "Write the container out in full."),
    "include": (_FILE, "Write the containers out in full."),
    "use_api_socket": ("gives the container the engine socket, and thus full access to the host", ""),
    "provider": ("runs a program on the host", ""),
    "models": ("uses a model of the host", "Use model_source."),
    "develop": ("watches files of the host", ""),
    "post_start": (_PROGRAM, "Use command."),
    "pre_stop": (_PROGRAM, "Use command."),
    "lifecycle": (_PROGRAM, "Use command."),
    "hooks": (_PROGRAM, "Use command."),
    "logging": ("sends the output to another logging driver", "The output is shown by `logs`."),
    "log_driver": ("sends the output to another logging driver", "The output is shown by `logs`."),
    "volumes_from": ("mounts the volumes of other containers", "Use volumes."),
    "volume_opt": ("sets options of a volume driver, which could mount a folder of the host", ""),
    "driver_opts": ("sets options of a driver, which could mount a folder of the host", ""),
    "driver_config": ("sets options of a volume driver, which could mount a folder of the host", ""),
    "external": (
        "names something outside this project",
        "Remove it: the project has its own volumes and networks.",
    ),
    "external_links": ("links containers outside this project", ""),
    "links": ("is a legacy feature of Docker", "Containers on the same network reach each other by name."),
    "extra_hosts": ("maps names to addresses, such as that of the host", ""),
    "group_add": ("adds groups of the host", "Use user."),
    "isolation": ("chooses another isolation technology of the host", ""),
    "init": (_GENERATED, ""),
    "entrypoint": (_GENERATED, "Use command or entry_point."),
    "deploy": (_GENERATED, "Use cpu_limit, memory_limit and gpu_requirements."),
    "labels": (_GENERATED, ""),
    "annotations": (_GENERATED, ""),
    "tmpfs": (_GENERATED, "Every container has a temporary folder /tmp."),
    "networks": (_GENERATED, "Use network and network_mode."),
    "services": ("is a compose file, not a request", "Write a list of containers."),
    "version": (_GENERATED, "Use compose_metadata.compose_version; newer versions of Compose warn about it."),
    "build": (_GENERATED, "Use build_context for a folder of the project."),
    "restart": (_GENERATED, "Use restart_policy."),
    "healthcheck": (_GENERATED, "Use health_check."),
    "ports": (_GENERATED, "Use exposed_ports."),
    "dns": (_GENERATED, "Use dns_servers."),
    "working_dir": (_GENERATED, "Use working_directory."),
    "bind": ("sets options of a mount, such as its propagation to the host", ""),
    "propagation": ("passes mounts of the container on to the host", ""),
}
"""The refused keys: the reason, and what to use instead."""

_FREE_FORM = frozenset(["environment", "data_validation"])
"""Members whose keys are chosen by the user."""


def refused_keys(document: object, path: str = "", *, is_name: bool = False) -> Iterator[Problem]:
    """Yield a problem for each refused key of a document.

    Args:
        document: the parsed JSON.
        path: the path of `document` in the request.
        is_name: whether the keys of `document` are chosen by the user, such as volume names.
    """
    if isinstance(document, list):
        for index, entry in enumerate(document):
            yield from refused_keys(entry, f"{path}[{index}]")
    if not isinstance(document, dict):
        return
    for key, value in document.items():
        place = f"{path}.{key}" if path else key
        plain = key.strip().lower() if isinstance(key, str) else ""
        if plain in REFUSED_KEYS and not is_name:
            reason, hint = REFUSED_KEYS[plain]
            yield Problem(place, f"{plain} {reason}", hint)
        elif plain not in _FREE_FORM and re.fullmatch(r"\w{1,60}", plain):
            yield from refused_keys(value, place, is_name=_holds_names(path, plain))


def _holds_names(path: str, key: str) -> bool:
    return (path == "" and key == "volumes") or key == "depends_on"
