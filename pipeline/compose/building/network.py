"""The network of the stack, if the request asks for one, and the containers on it."""

from __future__ import annotations

from dataclasses import replace

from pipeline.compose.building.container import Draft
from pipeline.compose.findings import Findings, shown
from pipeline.compose.request import ComposeRequest
from pipeline.compose.stack import Service

_KINDS = ("bridge", "none", "overlay")


def network_of(request: ComposeRequest, drafts: list[Draft], findings: Findings) -> str:
    """Return the network driver of the stack; empty if the stack has no network.

    Args:
        request: the request.
        drafts: the containers of the request.
        findings: collects problems and warnings.
    """
    section = request.network
    given = {
        "network.mode": section.mode if section else None,
        "network.driver": section.driver if section else None,
    }
    given |= {f"{draft.path}.network_mode": draft.container.network_mode for draft in drafts}
    for path, text in given.items():
        if text is not None and text not in _KINDS:
            findings.refuse(path, f"{shown(text)} {_why(text)}", "Write bridge or none.")
    if given["network.mode"] == "none":
        given["network.driver"] = None
    kinds = {text for text in given.values() if text in _KINDS and text != "none"}
    needs = any(draft.service.ports or draft.service.dns for draft in drafts)
    if not kinds and not needs:
        return ""
    return "overlay" if "overlay" in kinds else "bridge"


def check_published_ports(drafts: list[Draft], findings: Findings) -> None:
    """Refuse host ports that are published more than once.

    Args:
        drafts: the containers of the request.
        findings: collects problems.
    """
    taken: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for draft in drafts:
        for port in draft.service.ports:
            if port.host is None:
                continue
            others = taken.setdefault((port.host, port.protocol), [])
            same = next(
                (path for address, path in others if port.address in ("", address) or not address), None
            )
            if same is not None:
                findings.refuse(
                    f"{draft.path}.exposed_ports",
                    f"host port {port.host} is already used by {same}",
                    "Choose another port.",
                )
            others.append((port.address, draft.path))


def with_network(
    services: list[Service], drafts: list[Draft], network: str, request: ComposeRequest, findings: Findings
) -> list[Service]:
    """Return the services with `has_network` set.

    Args:
        services: the services built from the drafts, in the same order.
        drafts: the containers of the request.
        network: the network driver; empty if the stack has no network.
        request: the request, whose `network.mode` applies to containers without a `network_mode`.
        findings: collects problems.
    """
    mode = request.network.mode if request.network else None
    return [
        replace(service, has_network=bool(network) and _is_on(service, draft, mode, findings))
        for service, draft in zip(services, drafts, strict=True)
    ]


def _is_on(service: Service, draft: Draft, mode: str | None, findings: Findings) -> bool:
    if (draft.container.network_mode or mode) != "none":
        return True
    if service.ports or service.dns:
        findings.refuse(
            f"{draft.path}.network_mode",
            "a container without a network cannot have ports or DNS servers",
            "Write bridge.",
        )
    return False


def _why(text: str) -> str:
    if text == "host":
        return "is the network of the host, which gives access to all its services"
    if text.startswith(("container:", "service:", "ns:")):
        return "is the network of another container"
    return "is not a supported network mode"
