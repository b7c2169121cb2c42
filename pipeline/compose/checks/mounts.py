"""Check mounts: folders of the project and named volumes."""

from __future__ import annotations

from pipeline.compose.checks.names import checked_volume_name
from pipeline.compose.checks.paths import checked_folder, checked_inside, is_host_code
from pipeline.compose.findings import Findings, shown
from pipeline.compose.request.sections import VolumeMount
from pipeline.compose.stack import Mount

_OPTIONS = {"rw": False, "ro": True}


def checked_mount(value: str | VolumeMount, path: str, findings: Findings) -> Mount | None:
    """Return a mount, or report why it is refused.

    Args:
        value: ``SOURCE:TARGET``, ``SOURCE:TARGET:ro``, or an object.
        path: its path in the request.
        findings: collects problems.
    """
    if isinstance(value, VolumeMount):
        return _from_object(value, path, findings)
    parts = value.split(":")
    if (len(parts) == 4 and len(parts[0]) == 1) or (
        len(parts) == 3 and len(parts[0]) == 1 and parts[1][:1] in ("\\", "/")
    ):
        findings.refuse(
            path, f"{shown(value)} is a Windows path, outside the project", "Use a folder of the project."
        )
        return None
    if len(parts) == 1 or len(parts) > 3:
        findings.refuse(
            path,
            f"{shown(value)} is not a valid mount",
            "Write SOURCE:TARGET, such as ./shared_data:/shared_data.",
        )
        return None
    if len(parts) == 3 and parts[2] not in _OPTIONS:
        findings.refuse(
            path, f"{shown(parts[2])} is not a supported mount option", "Use ro or rw, or omit it."
        )
        return None
    return mount_of(parts[0], parts[1], path, findings, read_only=len(parts) == 3 and _OPTIONS[parts[2]])


def _from_object(value: VolumeMount, path: str, findings: Findings) -> Mount | None:
    check_driver(value.volume_driver, f"{path}.volume_driver", findings)
    source, target = value.host_path or value.source, value.container_path or value.target
    if value.type not in (None, "bind", "volume"):
        findings.refuse(
            f"{path}.type", f"{shown(value.type)} is not a supported mount type", "Use bind or volume."
        )
        return None
    if source is None or target is None:
        findings.refuse(
            path,
            "a mount needs host_path and container_path",
            "Set both: a folder of the project, and a path in the container.",
        )
        return None
    if value.type == "bind" and "/" not in source:
        source = f"./{source}"
    found = mount_of(source, target, path, findings, read_only=value.read_only)
    if found is not None and value.type == "volume" and found.kind == "bind":
        findings.refuse(path, f"{shown(source)} is a folder, not a volume name", "Set type to bind.")
        return None
    return found


def mount_of(source: str, target: str, path: str, findings: Findings, *, read_only: bool) -> Mount | None:
    """Return the mount of a folder or volume, or report why it is refused.

    Args:
        source: a folder of the project, such as ``./shared_data``, or a volume name.
        target: the absolute path in the container.
        path: the path of the mount in the request.
        findings: collects problems.
        read_only: whether the container may only read it.
    """
    inside = checked_inside(target, path, findings)
    if source[:1].isalnum() and not any(sign in source for sign in "/\\:~$"):
        volume = checked_volume_name(source, path, findings)
        return Mount("volume", volume, inside, read_only) if volume and inside else None
    folder = checked_folder(source, path, findings)
    if not folder or not inside:
        return None
    if is_host_code(folder) and not read_only:
        findings.refuse(
            path,
            f"{shown(source)} contains code that runs on the host, so it can only be mounted read-only",
            "Write SOURCE:TARGET:ro.",
        )
        return None
    return Mount("bind", folder, inside, read_only)


def check_driver(driver: str | None, path: str, findings: Findings) -> None:
    """Refuse all volume drivers except ``local``.

    Args:
        driver: the name of the driver; None for the default.
        path: its path in the request.
        findings: collects problems.
    """
    if driver not in (None, "local"):
        findings.refuse(path, f"the driver {shown(driver)} stores volumes outside this machine", "Use local.")
