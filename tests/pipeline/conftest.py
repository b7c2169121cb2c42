"""Fixtures for the tests of the host side: run a driver in this process or in a separate one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from common.project import Layout
from tests.driving import Driven, driven

# What a root script does, without the making of an environment: the checkout is the first argument.
_DRIVER = """
import sys
from pathlib import Path
from pipeline.cli import execute, parse
from common.project import Layout
sys.exit(execute(parse(sys.argv[2:]), Layout(Path(sys.argv[1]))))
"""


@pytest.fixture
def drive(checkout: Layout, capsys: pytest.CaptureFixture[str]) -> Callable[..., Driven]:
    """Return a function that runs a command in this process, in the checkout of the test."""

    def run(*words: str, layout: Layout = checkout) -> Driven:
        return driven(capsys, layout, *words)

    return run


@dataclass(frozen=True)
class Started:
    """A driver in a separate process, and the folder that marks its child processes."""

    process: subprocess.Popen[str]
    mark: str

    def finish(self) -> Driven:
        out, err = self.process.communicate()
        return Driven(self.process.returncode, out, err)

    def processes(self) -> list[int]:
        """Return the ids of the driver and its child processes, found by a mark in their environment."""
        found = []
        for folder in Path("/proc").iterdir():
            try:
                if folder.name.isdigit() and self.mark.encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
        return found


@pytest.fixture
def start_driver(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Return a function that starts a command in a separate process; its processes are ended after the test."""
    running: list[Started] = []

    def start(layout: Layout, *words: str) -> Started:
        mark = f"APP07_TEST_MARK={tmp_path}-{len(running)}"
        name, _, value = mark.partition("=")
        process = subprocess.Popen(
            [sys.executable, "-c", _DRIVER, str(layout.root), *words],
            cwd=layout.root,
            env=os.environ | {name: value, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        running.append(Started(process, mark))
        return running[-1]

    yield start
    for started in running:
        for pid in started.processes():
            os.kill(pid, 9)
        started.process.communicate()


@pytest.fixture
def until() -> Callable[..., None]:
    """Return a function that waits for a condition and fails with its description after a timeout."""

    def wait(what: str, holds: Callable[[], object]) -> None:
        for _ in range(600):
            if holds():
                return
            time.sleep(0.1)
        pytest.fail(f"waited in vain until {what}")

    return wait


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Return a function that mounts a file system; requires root."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small or read-only file system to test with")
    mounted: list[Path] = []

    def mount_at(target: Path, *options: str, source: str = "none") -> Path:
        done = subprocess.run(
            ["mount", *options, source, str(target)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"not even root can mount a file system here: {done.stderr.strip()}")
        mounted.append(target)
        return target

    yield mount_at
    for target in reversed(mounted):
        subprocess.run(["umount", "--lazy", str(target)], check=True, capture_output=True)


@pytest.fixture
def small_disk(tmp_path: Path, mount: Callable[..., Path]) -> Path:
    """Return a file system of 64 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    return mount(folder, "-t", "tmpfs", "-o", "size=64k")


@pytest.fixture
def read_only(mount: Callable[..., Path]) -> Callable[[Path], Path]:
    """Return a function that makes a folder read-only, even for root."""

    def freeze(folder: Path) -> Path:
        mount(folder, "--bind", source=str(folder))
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True, capture_output=True)
        return folder

    return freeze
