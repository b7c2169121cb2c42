"""The compose file that is run: only checked values, with volumes in memory for all writable folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.compose.mounts import Mount, is_inside
from evaluation.compose.safe_stack import SafeService, SafeStack
from evaluation.engine.session import HELPER, EngineSession
from evaluation.errors import MissingPrerequisite
from evaluation.sandbox.container_run import declared_volumes
from evaluation.sandbox.volumes import Volumes
from evaluation.submission.submission import Submission

# Maximum number of volumes of one stack, including those that its images declare.
MOST_VOLUMES = 16
# Kinds of mounts that begin as an empty volume.
_EMPTY_VOLUMES = ("named", "anonymous", "elsewhere")
# Grace periods for stopping a container. Codebase gets Docker's default, so that files that it writes after the stack
# was stopped are kept for the tutor. The data containers have copied their files by then and get less time, or none
# in further runs, whose results are not kept.
CODE_GRACE, DATA_GRACE, NO_GRACE = "10s", "1s", "0s"


@dataclass(frozen=True)
class StackFile:
    """Builds the compose file of a safe stack and determines the volumes that it needs.

    Attributes:
        engine: the engine session.
        submission: the submission whose files the services mount.
        stack: the checked services.
        images: the local image of each service.
        shared: the source of the folder that the services share.
        code: the name of the codebase service; empty if there is none.
        idle: the services that are idle in this run.
        idle_seconds: the time in seconds after which idle services end.
        data_grace: the grace period for stopping the data containers.
    """

    engine: EngineSession
    submission: Submission
    stack: SafeStack
    images: Mapping[str, str]
    shared: str
    code: str
    idle: frozenset[str] = frozenset()
    idle_seconds: int = 0
    data_grace: str = DATA_GRACE

    def volume_names(self) -> list[str]:
        """Return the names of the volumes that the stack needs, as ``kind:source``.

        Raises:
            MissingPrerequisite: the stack needs too many volumes.
        """
        named = [
            f"{mount.kind}:{mount.source}" for mount in self._all_mounts() if mount.kind in _EMPTY_VOLUMES
        ]
        declared = [f"image:{name}:{path}" for name in self.stack.services for path in self._declared(name)]
        volumes = [*(f"folder:{name}" for name in self._written()), *sorted(set(named)), *declared]
        if len(volumes) > MOST_VOLUMES:
            raise MissingPrerequisite(
                f"the stack needs {len(volumes)} volumes; {MOST_VOLUMES} are allowed, because each takes memory"
            )
        return volumes

    def fill(self, volumes: Volumes) -> None:
        """Copy the submission's folders into their volumes; a shared folder for results remains empty.

        Args:
            volumes: the mounted volumes.
        """
        for name in self._written():
            source = self.submission.path(name)
            if name == self.shared and not _holds_sources(source):
                continue  # files of an earlier run are not results of this run
            volumes.fill(f"folder:{name}", source)

    def content(self, volumes: Volumes) -> dict[str, Any]:
        """Return the content of the compose file.

        Args:
            volumes: the volumes that its services mount.
        """
        services = {
            name: self._idle_service() if name in self.idle else self._service(service, volumes)
            for name, service in self.stack.services.items()
        }
        mounts = [mount for service in services.values() for mount in service.get("volumes", ())]
        used = sorted({mount["source"] for mount in mounts if mount["type"] == "volume"})
        declared = {name: {"external": True, "name": name} for name in used}
        return {"services": services, **({"volumes": declared} if declared else {})}

    def _service(self, service: SafeService, volumes: Volumes) -> dict[str, Any]:
        settings = {key: _escape_dollars(value) for key, value in service.settings.items()}
        depends_on = {name: {"condition": condition} for name, condition in service.depends_on.items()}
        return settings | {
            "image": self.images[service.name],
            "volumes": _escape_dollars(self._mounts(service, volumes)),
            "stop_grace_period": CODE_GRACE if service.name == self.code else self.data_grace,
            **self._bounds(),
            **({"depends_on": depends_on} if depends_on else {}),
        }

    def _idle_service(self) -> dict[str, Any]:
        """Return an idle service without mounts that is healthy for the services that wait for it."""
        return {
            "image": HELPER,
            "entrypoint": ["sleep", str(self.idle_seconds)],
            "healthcheck": {"test": ["CMD", "true"], "interval": "1s"},
            "stop_grace_period": self.data_grace,
            **self._bounds(),
        }

    def _bounds(self) -> dict[str, Any]:
        """Return the limits of every service, and the label that identifies its container."""
        limits = self.engine.limits
        return {
            "network_mode": "none",
            "mem_limit": limits.memory,
            "memswap_limit": limits.memory,
            "cpus": self.engine.cpus,
            "pids_limit": limits.processes,
            "ulimits": {"fsize": limits.disk, "core": 0},
            "logging": {"driver": "json-file", "options": {"max-size": "1m", "max-file": "1"}},
            "labels": {self.engine.label.partition("=")[0]: self.engine.id},
        }

    def _all_mounts(self) -> list[Mount]:
        return [mount for service in self.stack.services.values() for mount in service.mounts]

    def _written(self) -> list[str]:
        """Return the submission's folders that need a volume: writable folders, and folders inside them."""
        folders = [mount for mount in self._all_mounts() if mount.kind == "folder"]
        written = {mount.source for mount in folders if not mount.read_only}
        inside = {
            mount.source for mount in folders if any(is_inside(mount.source, other) for other in written)
        }
        return sorted(written | inside)

    def _declared(self, service: str) -> list[str]:
        """Return the paths that a service's image declares as volumes and that the compose file does not mount."""
        config = self.engine.image(self.images[service]) or {}
        mounted = {mount.target for mount in self.stack.services[service].mounts}
        return sorted(set(declared_volumes(config)) - mounted)

    def _mounts(self, service: SafeService, volumes: Volumes) -> list[dict[str, Any]]:
        written = self._written()
        mounts: dict[str, dict[str, Any]] = {}
        for mount in service.mounts:
            mounts[mount.target] = self._mount(mount, written, volumes)
            for inner in written if mount.kind == "folder" else ():
                if is_inside(inner, mount.source):
                    rest = inner if mount.source == "." else inner[len(mount.source) + 1 :]
                    target = f"{mount.target.rstrip('/')}/{rest}"
                    mounts.setdefault(target, _folder(volumes.id(f"folder:{inner}"), target, mount.read_only))
        for path in self._declared(service.name):
            mounts.setdefault(path, _volume(volumes.id(f"image:{service.name}:{path}"), path, False))
        return [mounts[target] for target in sorted(mounts)]

    def _mount(self, mount: Mount, written: list[str], volumes: Volumes) -> dict[str, Any]:
        """Return one mount: a volume if it is writable, else the copy of the submission, read-only."""
        if mount.kind in _EMPTY_VOLUMES:
            return _volume(volumes.id(f"{mount.kind}:{mount.source}"), mount.target, mount.read_only)
        if mount.kind in ("file", "missing") or mount.source not in written:
            source = str(self.submission.path(mount.source).resolve())
            return {"type": "bind", "source": source, "target": mount.target, "read_only": True}
        return _folder(volumes.id(f"folder:{mount.source}"), mount.target, mount.read_only)


def _holds_sources(folder: Path) -> bool:
    """Return whether a folder contains more than results, so that it must not be emptied."""
    return any(folder.glob("**/Dockerfile"))


def _volume(source: str, target: str, read_only: bool) -> dict[str, Any]:
    return {"type": "volume", "source": source, "target": target, "read_only": read_only}


def _folder(source: str, target: str, read_only: bool) -> dict[str, Any]:
    """Return a volume that replaces a bind mount: files of the image at its path are hidden and not copied into it."""
    return _volume(source, target, read_only) | {"volume": {"nocopy": True}}


def _escape_dollars(value: Any) -> Any:
    """Double the dollar signs, because Compose interpolates the file again."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, list):
        return [_escape_dollars(inner) for inner in value]
    if isinstance(value, Mapping):
        return {key: _escape_dollars(inner) for key, inner in value.items()}
    return value
