"""How a training container is started: mounts, users, network and messages; no engine is needed.

The docker commands here are small scripts on the search path.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from common.docker_command import Compose
from common.errors import EngineUnavailable, TrainingFailed
from common.project import PROJECT, Layout
from pipeline.engines.docker import DockerEngine
from pipeline.engines.training_container import ContainerTraining
from pipeline.engines.training_mounts import (
    CODEBASE_USER,
    Mounts,
    container_user,
    create_folder,
    open_to,
    take_back,
)
from pipeline.engines.training_network import network_of
from pipeline.stages.training_run import follow
from training.options import TrainingOptions

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that replaces the docker command on the search path."""

    def says(code: str) -> None:
        program = tmp_path / "bin" / "docker"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{code}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)

    return says


def run_with(tmp_path: Path, scenario: str = "create", **environment: str) -> list[str]:
    options = TrainingOptions(data=str(PROJECT.learning_base), out=str(tmp_path / "out"), epochs=3)
    lines: list[str] = []
    follow(
        scenario, options, {**os.environ, **environment}, on_event=lambda event: None, on_line=lines.append,
        engine=ContainerTraining(PROJECT, "20.10"),
    )  # fmt: skip
    return lines


def test_the_container_is_hardened_and_gets_the_options(
    tmp_path: Path, docker: Callable[[str], None]
) -> None:
    docker(
        f'[ "$1" = run ] || exit 1; printf "%s\\n" "$@" >{tmp_path}/typed; echo \'{{"event": "trained"}}\''
    )
    run_with(tmp_path, OPENBLAS_CORETYPE="Haswell", TRAINING_MEMORY="8g")
    typed = (tmp_path / "typed").read_text().splitlines()
    for words in (
        ["--read-only"], ["--cap-drop", "ALL"], ["--security-opt", "no-new-privileges"], ["--network", "none"],
        ["--memory", "8g"], ["--env", "OPENBLAS_CORETYPE=Haswell"], ["create", "--events", "--end-with-input"],
    ):  # fmt: skip
        at = typed.index(words[-1])
        assert typed[at - len(words) + 1 : at + 1] == words or typed[at : at + 1] == words[:1]
    assert json.loads(typed[-1]) == {
        "data": "/app07/rows/currentLearning.csv", "out": "/app07/results", "epochs": 3,
    }  # fmt: skip
    assert (
        f"type=bind,source={PROJECT.learning_base},target=/app07/rows/currentLearning.csv,readonly" in typed
    )


def test_messages_have_the_paths_of_this_machine(tmp_path: Path, docker: Callable[[str], None]) -> None:
    docker('echo "see /app07/results and /app07/rows/currentLearning.csv"; echo \'{"event": "trained"}\'')
    assert run_with(tmp_path) == [f"see {tmp_path}/out and {PROJECT.learning_base}"]


@pytest.mark.parametrize(
    ("status", "kind", "shown"),
    [
        (125, EngineUnavailable, "the training container could not be started: docker: no such network"),
        (137, TrainingFailed, "may need more memory than TRAINING_MEMORY=4g"),
        (3, TrainingFailed, "The training container exited with status 3 without a result."),
    ],
)
def test_a_container_without_a_result_is_an_error(
    tmp_path: Path, docker: Callable[[str], None], status: int, kind: type[Exception], shown: str
) -> None:
    docker(f'echo "docker: no such network"; exit {status}')
    with pytest.raises(kind, match=shown.replace("(", "\\(")) as failed:
        run_with(tmp_path)
    assert getattr(failed.value, "status", None) == {125: 69}.get(status, status)
    assert not (tmp_path / "out").exists()  # a folder that was created for nothing is removed


@pytest.mark.parametrize("name", ["rows.csv", "a, b.csv", 'quo"te.csv', "über.csv"])
def test_any_file_name_can_be_mounted(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    mounts = Mounts(None, tmp_path)
    inside = mounts.read("rows", str(tmp_path / name))
    assert inside == f"/app07/rows/{name}"
    assert mounts.shown(f"{inside} is empty") == f"{tmp_path / name} is empty"
    option = mounts.words[1]
    assert option.startswith("type=bind,") and option.endswith(",readonly")
    assert (name in option) != ('"' in name)  # quotes are doubled


def test_a_missing_file_is_left_to_the_program(tmp_path: Path) -> None:
    mounts = Mounts(None, tmp_path)
    assert mounts.read("rows", "none/../x.csv", "x" * 300) == "/app07/rows/x.csv"
    assert mounts.words == []


@needs_root
def test_root_shares_its_folder_with_the_user_of_the_image_and_reclaims_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert create_folder(folder) == [folder, folder.parent]
    assert container_user(folder, rootless=False) == (CODEBASE_USER, CODEBASE_USER)
    (folder / ".lock").touch()
    (folder / "notes.txt").touch()
    open_to(CODEBASE_USER, folder, [".lock", "metrics.json"])
    assert (folder.stat().st_uid, folder.stat().st_gid) == (0, CODEBASE_USER)
    assert (folder / ".lock").stat().st_gid == CODEBASE_USER
    assert (folder / "notes.txt").stat().st_gid == 0
    (folder / "metrics.json").symlink_to("/etc/hostname")
    (folder / "score.json").touch()
    os.chown(folder / "score.json", CODEBASE_USER, CODEBASE_USER)
    take_back(CODEBASE_USER, folder, [".lock", "score.json", "metrics.json"])
    assert {path.lstat().st_uid for path in folder.iterdir()} == {0}


@needs_root
def test_results_in_the_folder_of_a_user_belong_to_that_user(tmp_path: Path) -> None:
    os.chown(tmp_path, 23457, 23458)
    folder = tmp_path / "out"
    create_folder(folder)
    assert (folder.stat().st_uid, folder.stat().st_gid) == (23457, 23458)
    assert container_user(folder, rootless=False) == (23457, 23458)


@pytest.mark.parametrize(
    ("uri", "network", "inside"),
    [
        ("", "none", ""),
        ("http://localhost:5001", "main_ml-network", "http://mlflow:5000"),
        ("http://127.0.0.1:5002", "host", "http://127.0.0.1:5002"),
        ("https://mlflow.example.org", "bridge", "https://mlflow.example.org"),
        ("file:///tmp/runs", "none", "file:///tmp/runs"),
        ("http://localhost:port", "none", "http://localhost:port"),
    ],
)
def test_the_container_reaches_the_tracking_server_and_nothing_else(
    docker: Callable[[str], None], uri: str, network: str, inside: str
) -> None:
    docker('case "$*" in *publish=5001*) echo "main_ui,main_ml-network" ;; esac')
    assert network_of(uri) == (network, inside)


@pytest.mark.slow
def test_the_training_image_depends_only_on_its_files(
    tmp_path: Path, copy_project: Callable[[Path], Layout]
) -> None:
    layout = copy_project(tmp_path / "project")
    before = ContainerTraining(layout, "").image
    layout.own_activation.write_text("1,2,3,4\n", encoding="utf-8")
    assert ContainerTraining(layout, "").image == before
    (layout.code.parent / "training" / "plan.py").write_text("# changed\n", encoding="utf-8")
    assert ContainerTraining(layout, "").image != before


def test_a_tracking_server_of_the_checkout_does_not_delay_its_stack(
    checkout: Layout, docker: Callable[[str], None]
) -> None:
    docker('echo "project mlflow"; echo "other codebase"')
    assert DockerEngine(checkout, "20", Compose(("docker", "compose"), "2")).running_elsewhere() == ["other"]
