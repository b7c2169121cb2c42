"""The files that data containers copy to the shared folder, and the variables by which the code finds them."""

from __future__ import annotations

import posixpath
from dataclasses import replace

from pipeline.compose.building.container import Draft
from pipeline.compose.findings import Findings
from pipeline.compose.stack import Mount, Publication, Service

SHARED = Mount("bind", "./shared_data", "/shared_data")
_NAMES = {"data": "activation_data.csv", "model": "currentSolution.pkl"}
_VARIABLES = {"data": "DATA_PATH", "model": "MODEL_PATH"}
_OUTPUT = "prediction.csv"
_BESIDE = "/publish"


def with_publications(services: list[Service], drafts: list[Draft], findings: Findings) -> list[Service]:
    """Return the services with the files they copy, and the code with the variables that hold the paths of the copies.

    Args:
        services: the services in order, the final one last.
        drafts: the drafts of the services, in the same order.
        findings: collects warnings.
    """
    final = services[-1]
    shared = _shared_mount(services)
    variables = dict(final.environment)
    found = list(services)
    taken: dict[str, str] = {}
    # No copy overwrites another one, or the prediction.
    copied = {variables.get("OUTPUT_PATH") or posixpath.join(shared.target, _OUTPUT)}
    for index, (service, draft) in enumerate(zip(services, drafts, strict=True)):
        held = {"data": draft.contents.data, "model": draft.contents.model}
        for kind, source in held.items():
            if not source:
                continue
            if service.role == "code":
                taken.setdefault(_VARIABLES[kind], source)
                continue
            target = _target(kind, source, variables, shared, services, first=_VARIABLES[kind] not in taken)
            if target in copied:
                other = posixpath.join(
                    posixpath.dirname(target), f"{service.name}-{posixpath.basename(target)}"
                )
                findings.warn(
                    draft.path, f"{source} is copied to {other}, because another file is copied to {target}"
                )
                target = other
            copied.add(target)
            taken.setdefault(_VARIABLES[kind], target)
            found[index] = _publishing(found[index], source, target, shared, findings)
    found[-1] = _with_variables(found[-1], taken, shared, findings)
    return _removing_outdated(found)


def _shared_mount(services: list[Service]) -> Mount:
    """Return the mount through which the containers exchange files: one that the final container writes to."""
    final = services[-1]
    paths = [value for _, value in final.environment if value.startswith("/")]
    writable = [mount for service in (final, *services) for mount in service.mounts if not mount.read_only]
    for mount in writable:
        if any(_is_below(path, mount) for path in paths):
            return mount
    return next(
        (mount for mount in writable if mount.target == SHARED.target), writable[0] if writable else SHARED
    )


def _is_below(path: str, mount: Mount) -> bool:
    return path.startswith(f"{mount.target}/") and posixpath.normpath(path) == path


def _target(
    kind: str, source: str, variables: dict[str, str], shared: Mount, services: list[Service], *, first: bool
) -> str:
    """Return the path at which the code expects a file: that of a variable, or else the default."""
    name = posixpath.basename(source)
    stated = [path for path in variables.values() if _is_below(path, shared)]
    named = variables.get(_VARIABLES[kind], "")
    if first and named in stated:
        return named
    same = next((path for path in stated if posixpath.basename(path) == name), None)
    if same is not None:
        return same
    return posixpath.join(shared.target, _NAMES[kind] if first and not named else name)


def _publishing(service: Service, source: str, target: str, shared: Mount, findings: Findings) -> Service:
    """Return a service that copies a file, with the shared folder mounted writable."""
    mounts = list(service.mounts)
    own = next(
        (mount for mount in mounts if mount.source == shared.source and mount.kind == shared.kind), None
    )
    if own is None:
        own = shared
        if any(mount.target == shared.target for mount in mounts):
            own = replace(shared, target=_BESIDE)
            findings.warn(
                f"{service.request_path}.volumes",
                f"{shared.target} is already used by another mount, so {shared.source} is also mounted at {_BESIDE}",
            )
        mounts.append(own)
    elif own.read_only:
        findings.warn(
            f"{service.request_path}.volumes",
            f"{own.source} is mounted writable, because the container copies its file to it",
        )
        mounts[mounts.index(own)] = replace(own, read_only=False)
    inside = own.target + target.removeprefix(shared.target)
    return replace(
        service, mounts=tuple(mounts), publications=(*service.publications, Publication(source, inside))
    )


def _with_variables(service: Service, taken: dict[str, str], shared: Mount, findings: Findings) -> Service:
    """Return the final service with the paths of its files in variables that the request does not set."""
    if service.role != "code":
        return service
    environment = dict(service.environment)
    for variable, path in taken.items():
        named = environment.setdefault(variable, path)
        if named != path:
            findings.warn(
                f"{service.request_path}.environment.{variable}",
                f"the file is copied to {path} instead",
            )
    mounts = service.mounts
    own = next(
        (mount for mount in mounts if mount.source == shared.source and mount.kind == shared.kind), None
    )
    if taken and own is None and not any(mount.target == shared.target for mount in mounts):
        mounts, own = (*mounts, shared), shared
        findings.warn(
            f"{service.request_path}.volumes",
            f"{shared.source} is also mounted at {shared.target}, which contains the input files",
        )
    if own is not None and not own.read_only:
        environment.setdefault("OUTPUT_PATH", f"{own.target}/{_OUTPUT}")
    return replace(service, environment=tuple(environment.items()), mounts=mounts)


def _removing_outdated(services: list[Service]) -> list[Service]:
    """Make the first container that copies a file also remove the results of an earlier run."""
    output = dict(services[-1].environment).get("OUTPUT_PATH", "")
    mounts = [mount for mount in services[-1].mounts if _is_below(output, mount) and not mount.read_only]
    if services[-1].role != "code" or not mounts:
        return services
    for index, service in enumerate(services[:-1]):
        own = next((mount for mount in service.mounts if mount.source == mounts[0].source), None)
        if service.publications and own is not None:
            path = own.target + output.removeprefix(mounts[0].target)
            outdated = (path, f"{posixpath.splitext(path)[0]}.json")
            services[index] = replace(service, outdated=outdated)
            break
    return services
