"""A container that the engine fails to start is tried again, and is not the fault of the submission."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from common.docker_command import Compose
from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck, TooCostly
from evaluation.processes.byte_streams import oversized
from evaluation.quotas import DEFAULT_LIMITS
from evaluation.sandbox.container_run import run_container
from evaluation.sandbox.volumes import Volumes

STARTED = {"State": {"StartedAt": "2026-01-02T03:04:05Z"}}
CREATED = {"State": {"StartedAt": "0001-01-01T00:00:00Z"}}


class Engine(EngineSession):
    """An engine whose client is a shell script that counts its calls."""

    def __init__(self, folder: Path, message: str, container: dict[str, Any] | None) -> None:
        super().__init__("0", Compose(("docker", "compose"), "2"), DEFAULT_LIMITS)
        self.folder, self.container = folder, container
        self._information = None
        (folder / "docker").write_text(
            f"#!/bin/sh\necho call >> {folder}/calls\necho '{message}'\nexit 125\n"
        )
        (folder / "docker").chmod(0o755)

    cpus = 1.0  # type: ignore[assignment]

    def image(self, name: str) -> dict[str, Any] | None:
        """Return an image without volumes."""
        return {}

    def inspect(self, *names: str, kind: str = "container") -> list[dict[str, Any]]:
        """Return the container."""
        return [self.container] if self.container else []

    def remove_containers(self, names: object) -> None:
        """Remove nothing."""

    def environment(self, further: object = None) -> dict[str, str]:
        """Return a search path with the script."""
        return {"PATH": f"{self.folder}:/usr/bin:/bin"}

    @property
    def calls(self) -> int:
        """How often the client was called."""
        return (self.folder / "calls").read_text().count("call")


@pytest.mark.parametrize("container", [None, CREATED])
def test_a_failure_of_the_engine_is_repeated_and_then_undecided(tmp_path, container):
    engine = Engine(tmp_path, "docker: Error response from daemon: no space left on device.", container)
    with pytest.raises(
        CannotCheck, match="could not start a container of codebase_app07: docker: Error"
    ) as raised:
        run_container(engine, "image", "codebase_app07", tmp_path)
    assert raised.value.of_environment
    assert engine.calls == 2


@pytest.mark.parametrize(
    ("message", "container"),
    [
        ("docker: Error response from daemon: unable to find user student: no matching entries in passwd", CREATED),
        ("docker: Error response from daemon: no space left on device.", STARTED),  # printed by the container
    ],
)  # fmt: skip
def test_a_failure_of_the_image_counts_at_once(tmp_path, message, container):
    engine = Engine(tmp_path, message, container)
    assert run_container(engine, "image", "codebase_app07", tmp_path).status == 125
    assert engine.calls == 1


class FullVolume:
    """An engine whose archive of a volume is larger than any limit."""

    def download(self, container, path, archive, limit):
        """Write a part of it."""
        archive.write_bytes(b"\0" * 512)
        return oversized(limit)


def test_sparse_files_in_a_volume_are_not_the_fault_of_the_engine(tmp_path):
    """A sparse file of 500 MB takes no space in a volume; no check may stay undecided because of that."""
    session = EngineSession("0", Compose(("docker",), "2"), DEFAULT_LIMITS, backend=FullVolume())
    with pytest.raises(
        TooCostly, match=r"the content of the shared folder cannot be read .*: it has more than 536,"
    ):
        Volumes(session, ["./shared_data"], tmp_path).read("./shared_data", tmp_path / "read")
