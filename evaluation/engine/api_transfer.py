"""Files into and out of containers, through the engine's API."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from evaluation.engine.engine_api import EngineApi
from evaluation.errors import CannotCheck

# The bit that marks a link in the modes that the engine reports.
_LINK = 1 << 27
_UPLOAD_SECONDS = 120.0


class ApiTransfer:
    """Containers that are not started, and archives of containers. The methods are described in `Backend`.

    Args:
        api: the API of the engine.
    """

    def __init__(self, api: EngineApi) -> None:
        self.api = api

    def create_container(self, image: str, label: str) -> str:
        """Create a container that is not started; see `Backend.create_container`."""
        key, _, value = label.partition("=")
        content = {
            "Image": image,
            "Cmd": ["-"],
            "Labels": {key: value},
            "HostConfig": {"NetworkMode": "none"},
        }
        response = self.api.request("POST", "containers", "create", content=content)
        if not response.ok:
            raise CannotCheck(f"`docker create` failed: {response.message}")
        return str(json.loads(response.body)["Id"])

    def download(
        self, container: str, path: str, archive: Path, limit: int, *, follow_link: bool = False
    ) -> str:
        """Write a file or folder of a container into an archive; see `Backend.download`."""
        if follow_link:
            path = self._target(container, path)
        return self.api.download("containers", container, "archive", path=path, file=archive, limit=limit)

    def _target(self, container: str, path: str) -> str:
        """Return the target of a link inside a container, as resolved by the engine; else the path itself."""
        response = self.api.request("HEAD", "containers", container, "archive", query={"path": path})
        try:
            details = json.loads(base64.b64decode(response.headers.get("X-Docker-Container-Path-Stat", "")))
        except (ValueError, RecursionError):
            return path
        return str(details["linkTarget"]) if response.ok and details["mode"] & _LINK else path

    def export(self, container: str, archive: Path, limit: int) -> str:
        """Write the whole file system of a container into an archive; see `Backend.export`."""
        return self.api.download("containers", container, "export", file=archive, limit=limit)

    def upload(self, archive: Path, container: str, path: str) -> str:
        """Unpack an archive into a folder of a container; see `Backend.upload`."""
        query = {"path": path, "noOverwriteDirNonDir": "true", "copyUIDGID": "true"}
        try:
            with archive.open("rb") as content:
                response = self.api.request(
                    "PUT", "containers", container, "archive",
                    query=query, content=content, timeout=_UPLOAD_SECONDS,
                )  # fmt: skip
        except CannotCheck:
            return f"it took more than {_UPLOAD_SECONDS:g} s"
        return "" if response.ok else response.message
