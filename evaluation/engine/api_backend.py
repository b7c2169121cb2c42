"""The engine backend that uses the engine's API, over the socket of an engine on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from common.console import strip_escapes
from evaluation.engine.api_transfer import ApiTransfer
from evaluation.engine.backend import EngineInformation
from evaluation.engine.engine_api import EngineResponse
from evaluation.errors import CannotCheck
from evaluation.processes.bounded_process import LONGEST_LINE
from evaluation.quotas import MIB

_LISTINGS = {
    "container": ("containers", "json"),
    "network": ("networks",),
    "volume": ("volumes",),
    "image": ("images", "json"),
}
_OBJECTS = {"container": "containers", "network": "networks", "volume": "volumes", "image": "images"}
_STDOUT, _STDERR = 1, 2
_FRAME_HEADER = 8


class ApiBackend(ApiTransfer):
    """Short queries and commands through the engine's API. The methods are described in `Backend`.

    Args:
        api: the API of the engine.
    """

    def inspect(self, kind: str, *names: str) -> list[dict[str, Any]]:
        """Return what the engine knows about objects; see `Backend.inspect`."""
        found = (self._details(kind, name) for name in names)
        return [details for details in found if details is not None]

    def _details(self, kind: str, name: str, **query: str) -> dict[str, Any] | None:
        path = (_OBJECTS[kind], name, "json") if kind in ("container", "image") else (_OBJECTS[kind], name)
        response = self.api.request("GET", *path, query=query)
        details = _decoded(response) if response.ok else None
        return details if isinstance(details, dict) else None

    def ids(self, kind: str, *filters: str) -> list[str]:
        """Return the ids of objects; see `Backend.ids`."""
        key = "Name" if kind == "volume" else "Id"
        return list(dict.fromkeys(str(entry[key]) for entry in self._list(kind, filters)))

    def labels(self, kind: str, label: str) -> list[str]:
        """Return the values of a label; see `Backend.labels`."""
        found = self._list(kind, (f"label={label}",))
        return [str((entry.get("Labels") or {}).get(label, "")) for entry in found]

    def _list(self, kind: str, filters: tuple[str, ...], **query: str) -> list[dict[str, Any]]:
        values: dict[str, list[str]] = {}
        for text in filters:
            key, _, value = text.partition("=")
            values.setdefault(key, []).append(value)
        query["filters"] = json.dumps(values)
        if kind == "container":
            query["all"] = "1"
        response = self.api.request("GET", *_LISTINGS[kind], query=query)
        entries = _decoded(response) if response.ok else []
        if isinstance(entries, dict):
            entries = entries.get("Volumes")
        return list(entries or ())

    def remove(self, kind: str, *names: str, force: bool = True) -> None:
        """Remove objects; see `Backend.remove`."""
        query = {"force": "1"} if force and kind != "network" else {}
        if kind == "container":
            query["v"] = "1"
        for name in names:
            self.api.request("DELETE", _OBJECTS[kind], name, query=query, timeout=120.0)

    def kill(self, *names: str) -> None:
        """Kill containers."""
        for name in names:
            self.api.request("POST", "containers", name, "kill")

    def written_bytes(self, *names: str) -> int:
        """Return the number of bytes written by the container that has written most."""
        found = (self._details("container", name, size="1") or {} for name in names)
        return max((int(details.get("SizeRw") or 0) for details in found), default=0)

    def most_written(self, *filters: str) -> int:
        """Return the number of bytes written by the container that has written most, among those that match filters."""
        found = self._list("container", filters, size="1")
        return max((int(entry.get("SizeRw") or 0) for entry in found), default=0)

    def limit_processes(self, container: str, limit: int) -> None:
        """Set the limit on the processes of a running container; see `Backend.limit_processes`."""
        content = {"PidsLimit": limit}
        self.api.request("POST", "containers", container, "update", content=content, timeout=20.0)

    def create_volume(self, name: str, label: str, options: Mapping[str, str]) -> None:
        """Create a volume; see `Backend.create_volume`."""
        key, _, value = label.partition("=")
        content = {"Name": name, "Driver": "local", "DriverOpts": dict(options), "Labels": {key: value}}
        response = self.api.request("POST", "volumes", "create", content=content)
        if not response.ok:
            raise CannotCheck(f"`docker volume create` failed: {response.message}")

    def history_length(self, image: str) -> int:
        """Return the number of instructions that an image was built with."""
        response = self.api.request("GET", "images", image, "history")
        return len(_decoded(response)) if response.ok else 0

    def output(self, container: str) -> str:
        """Return the standard output of a container."""
        return self._log(container, stdout="1").decode("utf-8", "replace")

    def last_lines(self, container: str, count: int) -> list[str]:
        """Return the last lines of both output streams of a container; see `Backend.last_lines`."""
        log = self._log(container, stdout="1", stderr="1", tail=str(count), timeout=20.0)
        lines = (line[:LONGEST_LINE].decode("utf-8", "replace") for line in log.split(b"\n"))
        return strip_escapes("\n".join(lines)).splitlines()

    def _log(self, container: str, *, timeout: float = 60.0, **query: str) -> bytes:
        details = self._details("container", container)
        response = self.api.request(
            "GET", "containers", container, "logs", query=query, timeout=timeout, limit=MIB
        )
        if details is None or not response.ok:
            return b""
        return response.body if details["Config"].get("Tty") else b"".join(_contents(response.body))

    def information(self) -> EngineInformation:
        """Return what the engine reports about itself."""
        response = self.api.request("GET", "info")
        values = _decoded(response) if response.ok else {}
        return EngineInformation(int(values.get("NCPU") or 0), str(values.get("SystemTime") or ""))


def _decoded(response: EngineResponse) -> Any:
    if not response.complete:
        raise CannotCheck(f"the engine's response has more than {len(response.body):,} bytes")
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError) as error:
        raise CannotCheck("the engine's response is not JSON") from error


def _contents(log: bytes) -> Iterator[bytes]:
    """Yield the contents of the frames of a log; each has a header with its stream and its size."""
    start = 0
    while start + _FRAME_HEADER <= len(log):
        header, start = log[start : start + _FRAME_HEADER], start + _FRAME_HEADER
        size = int.from_bytes(header[4:], "big")
        yield log[start : start + size]
        start += size
