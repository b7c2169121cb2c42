"""Requests of a compose file for hardware that a machine may lack: a GPU, or processors of another architecture."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from typing import Any

GPU = "requests a GPU; the evaluation runs it without one"
_GPU_DRIVERS = frozenset(["nvidia", "amd", "cdi", "gpu"])
_GPU_FILES = re.compile(r"/dev/(nvidia|dri|kfd)[\w/-]*(:/dev/(nvidia|dri|kfd)[\w/-]*)?(:[rwm]+)?")
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def requests_gpu(key: str, value: Any) -> bool:
    """Return whether a key of a service requests a GPU and nothing else of the host.

    Args:
        key: the key.
        value: its value; the engine's own runtime is harmless as well.
    """
    if key == "devices":
        return isinstance(value, list) and all(_GPU_FILES.fullmatch(str(entry)) for entry in value)
    return key == "gpus" or (key == "runtime" and str(value) in ("nvidia", "runc"))


def reserved_devices(deploy: Any) -> list[Any]:
    """Return the devices that `deploy:` reserves.

    Args:
        deploy: the value of the key.
    """
    for key in ("resources", "reservations"):
        deploy = deploy.get(key) if isinstance(deploy, Mapping) else None
    devices = deploy.get("devices") if isinstance(deploy, Mapping) else None
    return devices if isinstance(devices, list) else [devices] if devices else []


def is_gpu(device: Any) -> bool:
    """Return whether a reserved device is a GPU.

    Args:
        device: an entry of `deploy.resources.reservations.devices`.
    """
    if not isinstance(device, Mapping):
        return False
    capabilities = device.get("capabilities") or []
    names = capabilities if isinstance(capabilities, list) else [capabilities]
    flat = [str(name) for entry in names for name in (entry if isinstance(entry, list) else [entry])]
    return "gpu" in flat or str(device.get("driver", "")) in _GPU_DRIVERS


def is_other_platform(value: Any) -> bool:
    """Return whether `platform:` names an architecture other than that of this machine."""
    _, _, architecture = str(value).lower().partition("/")
    own = _ARCHITECTURES.get(platform.machine().lower(), platform.machine().lower())
    return bool(architecture) and architecture.partition("/")[0] != own
