"""Which containers are on a network: those of a request that asks for one. The others have none."""

from __future__ import annotations

from dataclasses import replace

from pipeline.compose.building.container import Draft
from pipeline.compose.findings import Findings, shown
from pipeline.compose.request import ComposeRequest
from pipeline.compose.stack import Service

_KINDS = ("bridge", "none", "overlay")


def network_of(request: ComposeRequest, drafts: list[Draft], findings: Findings) -> str:
    """Return the driver of the network of the stack; empty for none.

    Args:
        request: the request.
        drafts: its containers.
        findings: where problems and warnings are reported.
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
    """Refuse two containers, or two ports of one, that take the same port of the host."""
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
                    f"port {port.host} of the host is also that of {same}",
                    "Choose another port.",
                )
            others.append((port.address, draft.path))


def with_network(
    services: list[Service], drafts: list[Draft], network: str, request: ComposeRequest, findings: Findings
) -> list[Service]:
    """Return the services, those on the network marked.

    Args:
        services: what the drafts have become.
        drafts: the containers of the request.
        network: the driver of the network; empty for none.
        request: has the mode of containers that do not say their own.
        findings: where problems are reported.
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
            "without a network there are no ports and no name servers",
            "Write bridge.",
        )
    return False


def _why(text: str) -> str:
    if text == "host":
        return "is the network of the host, with all its services"
    if text.startswith(("container:", "service:", "ns:")):
        return "is the network of another container"
    return "is no network of this project"
