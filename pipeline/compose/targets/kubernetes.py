"""The target `kubernetes`: a Job with init containers and empty directories, and a NetworkPolicy.

The services run one after the other in one Pod: all but the last as init containers, in the order of their
dependencies. A service with a health check or a port keeps running beside the others (a sidecar container).
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.compose.stack import Service, Stack, Warning
from pipeline.compose.targets.cluster import DEFAULT_NAME, group_of, labels_of, restarts
from pipeline.compose.targets.kubernetes_containers import Pod, container
from pipeline.compose.yaml_text import Value, yaml_text

_HEADER = (
    "A Job for Kubernetes (1.29 or newer): kubectl apply -f FILE, then kubectl logs -f job/{name}",
    "",
    "Generated. Its init containers put their files into an empty directory, in which the last container works.",
)
_ARCHITECTURES = {
    "linux/amd64": "amd64",
    "linux/arm64": "arm64",
    "linux/arm64/v8": "arm64",
    "linux/arm/v7": "arm",
}


def render(stack: Stack) -> tuple[str, tuple[Warning, ...]]:
    """Return the text of the Job and what it could not carry over.

    Args:
        stack: a checked request.
    """
    wanted = stack.name or DEFAULT_NAME
    name = labels_of([wanted])[wanted]
    pod = Pod(stack, labels_of(service.name for service in stack.services))
    job = yaml_text(
        _job(name, stack, pod), header=[line.format(name=name) for line in _HEADER], escape_dollars=False
    )
    text = job if stack.network else f"{job}---\n{yaml_text(_isolation(name), escape_dollars=False)}"
    _warn(stack, name, pod)
    return text, tuple(dict.fromkeys(pod.warnings))


def _job(name: str, stack: Stack, pod: Pod) -> dict[str, Value]:
    final = stack.final
    spec: dict[str, Value] = {"backoffLimit": _retries(final, pod)}
    if stack.timeout:
        spec["activeDeadlineSeconds"] = stack.timeout
    spec["template"] = {"metadata": {"labels": _labels(name)}, "spec": _pod(stack, pod)}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": _labels(name)},
        "spec": spec,
    }


def _pod(stack: Stack, pod: Pod) -> dict[str, Value]:
    final = stack.final
    before = [container(service, pod) for service in stack.services[:-1]]
    last = container(final, pod)
    spec: dict[str, Value] = {
        "restartPolicy": "OnFailure" if restarts(final.restart) != 0 else "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"fsGroup": int(group_of(stack)), "seccompProfile": {"type": "RuntimeDefault"}},
        "nodeSelector": _node(stack, pod),
    }
    if final.hostname:
        spec["hostname"] = labels_of([final.hostname])[final.hostname]
    servers = list(dict.fromkeys(address for service in stack.services for address in service.dns))
    if servers:
        spec["dnsPolicy"] = "None"
        spec["dnsConfig"] = {"nameservers": servers[:3]}
    if before:
        spec["initContainers"] = before
    return {**spec, "containers": [last], "volumes": pod.volumes}


def _labels(name: str) -> dict[str, Value]:
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "app07"}


def _isolation(name: str) -> Mapping[str, Value]:
    """Return the policy that leaves the Pod without a network."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "labels": _labels(name)},
        "spec": {
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "policyTypes": ["Ingress", "Egress"],
        },
    }


def _retries(final: Service, pod: Pod) -> int:
    if final.restart in ("always", "unless-stopped"):
        pod.warn(
            final, "restart_policy", f"a Job ends: {final.restart} becomes OnFailure, with at most 6 retries"
        )
    number = restarts(final.restart)
    return 6 if number is None else number


def _node(stack: Stack, pod: Pod) -> dict[str, Value]:
    node: dict[str, Value] = {"kubernetes.io/os": "linux"}
    platforms = list(dict.fromkeys(service.platform for service in stack.services if service.platform))
    if platforms:
        chosen = stack.final.platform or platforms[-1]
        node["kubernetes.io/arch"] = _ARCHITECTURES.get(chosen, chosen.split("/")[1])
        for service in stack.services:
            if service.platform and service.platform != chosen:
                pod.warn(
                    service, "platform", f"the containers of a Pod run on one node; it is one of {chosen}"
                )
    return node


def _warn(stack: Stack, name: str, pod: Pod) -> None:
    """Add the warnings that concern the whole Pod."""
    if stack.name and stack.name != name:
        pod.warnings.append(Warning("compose_metadata.project_name", f"the Job is called {name}"))
    if not stack.network:
        pod.warnings.append(
            Warning(
                "network", "a NetworkPolicy isolates the Pod where the cluster's network plug-in supports it"
            )
        )
    for service in stack.services:
        if stack.network and not service.has_network:
            pod.warn(
                service, "network_mode", "the containers of a Pod share one network; this one has it, too"
            )
        if service.is_final and "." in service.hostname:
            pod.warn(service, "hostname", "the host name of a Pod has no dots; it has hyphens in their place")
        if service.hostname and service is not stack.final:
            pod.warn(service, "hostname", "a Pod has one host name, that of its last container")
        if service.dns and service.dns != stack.final.dns:
            pod.warn(service, "dns_servers", "a Pod has one list of at most three name servers")
