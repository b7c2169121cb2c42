"""The choice of the engine is reported in one line, and a missing engine is reported.

The docker commands here are small scripts on the search path, so that every way to miss an engine can be had
on every machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from common.docker_command import find_docker
from common.errors import EngineUnavailable
from common.project import Layout
from pipeline.engines.choose import choose_engine

ANSWERS = 'case "$1 $2" in "version --format") echo 20.10.24 ;; "compose version") echo v2.26.1 ;; *) exit 1 ;; esac'
ONLY_ENGINE = 'case "$1" in version) echo 20.10.24 ;; *) echo "no such command" >&2; exit 1 ;; esac'
STOPPED = (
    'echo "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is it running?" >&2; exit 1'
)
FORBIDDEN = 'echo "Got permission denied while trying to connect to the Docker daemon socket" >&2; exit 1'
V1 = "echo 1.29.2"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets which container commands this machine has."""

    def has(**commands: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in ("sh", "echo"):
            (folder / name).symlink_to(next(p for p in _places(name) if p.exists()))
        for name, code in commands.items():
            program = folder / name.replace("_", "-")
            program.write_text(f"#!/bin/sh\n{code}\n", encoding="utf-8")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    return has


def _places(name: str) -> list[Path]:
    return [Path(folder) / name for folder in os.environ["PATH"].split(os.pathsep)]


MISSING: Mapping[str, tuple[dict[str, str], str, str]] = {
    "no docker": ({}, "docker is not installed", "Install Docker, or use --engine local."),
    "daemon stopped": (
        {"docker": STOPPED},
        "the Docker daemon does not respond: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. "
        "Is it running?",
        "Start Docker, or use --engine local.",
    ),
    "no right to the socket": (
        {"docker": FORBIDDEN},
        "no permission to use the Docker daemon's socket",
        "sudo usermod -aG docker $USER",
    ),
    "no compose": (
        {"docker": ONLY_ENGINE},
        "Docker responds, but neither `docker compose` nor `docker-compose` is installed",
        "Install Compose, or use --engine local.",
    ),
}


@pytest.mark.parametrize("case", MISSING)
def test_a_requested_but_missing_docker_exits_with_69(
    checkout: Layout, machine: Callable[..., None], case: str
) -> None:
    commands, what, hint = MISSING[case]
    machine(**commands)
    with pytest.raises(EngineUnavailable) as refused:
        choose_engine(checkout, "docker")
    assert refused.value.status == 69
    first, *rest = str(refused.value).splitlines()
    assert first == what
    assert hint in "\n".join(rest)


@pytest.mark.parametrize("case", MISSING)
def test_auto_falls_back_to_local_and_gives_the_reason_in_one_line(
    checkout: Layout, machine: Callable[..., None], case: str
) -> None:
    commands, what, _ = MISSING[case]
    machine(**commands)
    engine, why = choose_engine(checkout, "auto")
    assert engine.name == "local"
    assert why == f"local processes, no containers ({what})"


@pytest.mark.parametrize(("wanted", "reason"), [("auto", "a daemon responds"), ("docker", "as requested")])
def test_docker_is_chosen_if_a_daemon_responds(
    checkout: Layout, machine: Callable[..., None], wanted: str, reason: str
) -> None:
    machine(docker=ANSWERS)
    engine, why = choose_engine(checkout, wanted)
    assert engine.name == "docker"
    assert why == f"docker 20.10.24, docker compose 2.26.1 ({reason})"


def test_a_requested_local_engine_does_not_look_for_docker(
    checkout: Layout, machine: Callable[..., None]
) -> None:
    machine(docker=ANSWERS)
    engine, why = choose_engine(checkout, "local")
    assert (engine.name, why) == ("local", "local processes, no containers (as requested)")


def test_the_line_about_the_engine_shows_whether_it_uses_the_profile(
    checkout: Layout, machine: Callable[..., None]
) -> None:
    machine(docker=ANSWERS)
    _, why = choose_engine(checkout, "auto", profile="gpu-nvidia")
    assert why == "docker 20.10.24, docker compose 2.26.1 (a daemon responds; profile gpu-nvidia)"
    _, why = choose_engine(checkout, "local", profile="gpu-nvidia")
    assert why == (
        "local processes, no containers (as requested; without containers, the profile gpu-nvidia has no effect)"
    )


@pytest.mark.parametrize(
    ("commands", "compose", "found"),
    [
        ({"docker": ANSWERS}, "auto", "docker compose 2.26.1"),
        ({"docker": ANSWERS, "docker_compose": V1}, "auto", "docker compose 2.26.1"),
        ({"docker": ANSWERS, "docker_compose": V1}, "v1", "docker-compose 1.29.2"),
        ({"docker": ONLY_ENGINE, "docker_compose": V1}, "auto", "docker-compose 1.29.2"),
    ],
)
def test_compose_is_the_requested_or_the_newest_version(
    machine: Callable[..., None], commands: dict[str, str], compose: str, found: str
) -> None:
    machine(**commands)
    version, composer = find_docker(compose=compose)
    assert version == "20.10.24"
    assert f"{' '.join(composer.command)} {composer.version}" == found


@pytest.mark.parametrize(
    ("commands", "compose", "missing"),
    [
        ({"docker": ONLY_ENGINE, "docker_compose": V1}, "v2", "`docker compose` is not installed"),
        ({"docker": ANSWERS}, "v1", "`docker-compose` is not installed"),
    ],
)
def test_a_missing_compose_version_is_reported(
    machine: Callable[..., None], commands: dict[str, str], compose: str, missing: str
) -> None:
    machine(**commands)
    with pytest.raises(EngineUnavailable, match=f"Docker responds, but {missing}"):
        find_docker(compose=compose)


@pytest.mark.parametrize("command", ["run", "check", "compose"])
def test_every_script_ends_with_69_if_docker_is_requested_and_missing(
    checkout: Layout, drive: Callable[..., Any], machine: Callable[..., None], command: str
) -> None:
    machine()
    done = drive(command, "--engine", "docker")
    assert done.status == 69
    assert done.err == "✗ docker is not installed\n  Install Docker, or use --engine local.\n"


def test_without_docker_the_local_engine_predicts_and_the_reason_is_shown(
    checkout: Layout, drive: Callable[..., Any], machine: Callable[..., None]
) -> None:
    machine()
    done = drive("run")
    assert (done.status, done.err) == (0, "")
    assert "  engine      local processes, no containers (docker is not installed)\n" in done.out
    assert (checkout.stage3 / "prediction.csv").is_file()
