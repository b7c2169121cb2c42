"""A real registry on the loopback address, and the clean-up of the engine after a test."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import in_ci

# The password is `right`, hashed by bcrypt, the only hash that the registry accepts.
ACCOUNT = "student:$2a$04$HnohfCJUOj/zW6e99kiuveNM1leeCsZ9EnLtYr.ceTcjmpTusOr9C\n"


@dataclass(frozen=True)
class Registry:
    """A running registry."""

    port: int
    store: Path
    process: subprocess.Popen[bytes]

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    @property
    def name(self) -> str:
        return f"{self.host}/course"

    def blob(self, digest: str) -> Path:
        """Return the file of a blob or manifest."""
        algorithm, _, value = digest.partition(":")
        return self.store / "docker/registry/v2/blobs" / algorithm / value[:2] / value / "data"

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_registry(
    folder: Path, *, with_account: bool = False, read_only: bool = False
) -> Iterator[Registry]:
    """Run a registry with its files in a folder; then stop it and remove its images from the engine."""
    program = shutil.which("docker-registry")
    if program is None:
        missing = "docker-registry is not installed; scripts/install_registry.sh installs it"
        pytest.fail(missing) if in_ci() else pytest.skip(missing)
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    (folder / "accounts").write_text(ACCOUNT, encoding="utf-8")
    auth = {"auth": {"htpasswd": {"realm": "test", "path": str(folder / "accounts")}}} if with_account else {}
    configuration = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(folder / "store")},
            "maintenance": {"readonly": {"enabled": read_only}},
        },
        "http": {"addr": f"127.0.0.1:{port}"},
        **auth,
    }
    # JSON is YAML.
    (folder / "config.yml").write_text(json.dumps(configuration), encoding="utf-8")
    with (folder / "log").open("wb") as log:
        started = subprocess.Popen(
            [program, "serve", str(folder / "config.yml")], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    registry = Registry(port, folder / "store", started)
    try:
        _wait_until_ready(registry, folder / "log")
        yield registry
    finally:
        registry.thaw()
        started.kill()
        started.wait()
        _remove_images(registry.host)


def _wait_until_ready(registry: Registry, log: Path) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{registry.port}/v2/", timeout=5).close()
            return
        except urllib.error.HTTPError as error:
            error.close()
            return  # it requires credentials
        except OSError:
            assert registry.process.poll() is None, log.read_text()
            time.sleep(0.05)
    pytest.fail("the registry did not start")


def _remove_images(host: str) -> None:
    names = "{{.Repository}}:{{.Tag}} {{.Repository}}@{{.Digest}}"
    listed = subprocess.run(
        ["docker", "image", "ls", "--digests", "--filter", f"reference={host}/*/*", "--format", names],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    words = {word for word in listed.stdout.split() if "<none>" not in word}
    if words:
        subprocess.run(["docker", "image", "rm", "--force", *sorted(words)], capture_output=True, check=False)


def marked_processes(mark: str) -> list[int]:
    """Return the IDs of the processes with a mark in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]
