"""Assemble the containers of a request: their order, what they share, and which of them ends the stack."""

from __future__ import annotations

import re
from dataclasses import replace

from pipeline.compose.building.container import Draft, draft_of
from pipeline.compose.building.dockerfile import build_files
from pipeline.compose.building.network import check_published_ports, network_of, with_network
from pipeline.compose.building.order import in_order
from pipeline.compose.building.publishing import with_publications
from pipeline.compose.building.settings import restart_of
from pipeline.compose.checks.mounts import check_driver
from pipeline.compose.checks.names import checked_project_name, checked_volume_name
from pipeline.compose.checks.quantities import checked_seconds
from pipeline.compose.findings import Findings, shown
from pipeline.compose.policy import DEFAULT_POLICY, Policy
from pipeline.compose.request import ComposeRequest
from pipeline.compose.stack import Build, Service, Stack

_VERSION = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,3}){0,2}")
_PYBRAIN_MODELS = ("pickle", "xml")


def stack_of(request: ComposeRequest, policy: Policy = DEFAULT_POLICY) -> Stack:
    """Return the checked stack of a request.

    Args:
        request: the request.
        policy: the images, hosts and number of containers that are allowed.

    Raises:
        RequestRefused: the request has problems; the error lists them with their paths.
    """
    findings = Findings()
    if len(request.containers) > policy.containers:
        findings.refuse(
            "containers", f"has {len(request.containers)} containers; at most {policy.containers} are allowed"
        )
        findings.raise_if_refused()
    drafts = [
        draft
        for index, container in enumerate(request.containers)
        if (draft := draft_of(container, index, policy, findings)) is not None
    ]
    name, timeout = _metadata(request, findings)
    drafts = in_order(drafts, request, findings)
    network = network_of(request, drafts, findings)
    check_published_ports(drafts, findings)
    volumes = _volumes(request, drafts, findings)
    findings.raise_if_refused()
    services = with_publications([draft.service for draft in drafts], drafts, findings)
    services = [_with_build(service, draft, drafts) for service, draft in zip(services, drafts, strict=True)]
    services = with_network(services, drafts, network, request, findings)
    services[-1] = _with_execution(services[-1], request, timeout)
    findings.raise_if_refused()
    return Stack(name, tuple(services), volumes, network, timeout, findings.warnings)


def _metadata(request: ComposeRequest, findings: Findings) -> tuple[str, int | None]:
    metadata, execution = request.compose_metadata, request.execution
    name = ""
    if metadata.project_name is not None:
        name = checked_project_name(metadata.project_name, "compose_metadata.project_name", findings)
    if metadata.compose_version is not None:
        _check_version(str(metadata.compose_version), "compose_metadata.compose_version", findings)
    seconds = None
    if execution is not None:
        if execution.timeout is not None:
            seconds = checked_seconds(execution.timeout, "execution.timeout", findings)
        restart_of(execution.restart_policy, "execution.restart_policy", findings)
        if execution.abort_on_container_exit is False:
            findings.warn(
                "execution.abort_on_container_exit",
                "is ignored: the other containers always stop when the final one exits",
            )
    return name, None if seconds is None else max(1, round(seconds))


def _check_version(text: str, path: str, findings: Findings) -> None:
    if _VERSION.fullmatch(text):
        findings.warn(path, "is not written: newer versions of Compose warn about it")
    else:
        findings.refuse(
            path, f"{shown(text)} is not a valid compose file version", 'Write "3.8", or omit it.'
        )


def _with_execution(final: Service, request: ComposeRequest, timeout: int | None) -> Service:
    """Return the final service with the settings of `execution`, which its own settings override."""
    execution = request.execution
    restart = final.restart or (execution.restart_policy if execution else None) or ""
    limits = final.limits if final.limits.timeout is not None else replace(final.limits, timeout=timeout)
    return replace(final, restart=restart, limits=limits)


def _volumes(request: ComposeRequest, drafts: list[Draft], findings: Findings) -> tuple[str, ...]:
    used = {
        mount.source: None for draft in drafts for mount in draft.service.mounts if mount.kind == "volume"
    }
    for name, volume in (request.volumes or {}).items():
        path = f"volumes.{name}"
        checked_volume_name(name, "volumes", findings)
        check_driver(volume.driver if volume else None, f"{path}.driver", findings)
        if name not in used:
            findings.warn(path, "is not written: no container mounts a volume of this name")
    return tuple(used)


def _with_build(service: Service, draft: Draft, drafts: list[Draft]) -> Service:
    """Return a service with the files to build its image from, if the base image lacks something."""
    if not draft.contents.needs_build or draft.image is None:
        return service
    models = [file for other in drafts for file in other.contents.files if file.kind == "model"]
    frameworks = {
        value.lower()
        for other in drafts
        for name, value in other.service.labels
        if name.endswith("framework")
    }
    with_pybrain = (
        service.role == "code"
        and draft.image.base_name == "python"
        and any(file.format in _PYBRAIN_MODELS for file in models)
        and frameworks <= {"pybrain"}
    )
    volumes = tuple(
        mount.target for mount in service.mounts if mount.kind == "volume" and not mount.read_only
    )
    files = build_files(draft.contents, draft.image, with_pybrain=with_pybrain, volumes=volumes)
    return replace(service, build=Build(".", files))
