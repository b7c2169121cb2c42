"""`doctor` finds what keeps the pipeline from running, even without Docker or a network, and shows what to do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from common.project import PROJECT, Layout
from pipeline.diagnosis.engine_checks import check_compose, check_docker
from pipeline.diagnosis.finding import HANGS, NOT_INSTALLED, Answer, Check, Finding, Surroundings, ask
from pipeline.diagnosis.folder_checks import check_disk, check_env_file, check_line_endings, check_permissions
from pipeline.diagnosis.image_checks import check_images
from pipeline.diagnosis.python_checks import check_environment, check_package_index, check_python
from pipeline.diagnosis.run_checks import CHECKS, run_checks
from tests.driving import driven

INFO = json.dumps({"ServerVersion": "26.1.0", "SecurityOptions": ["name=seccomp"], "MemoryLimit": True})


def answers(**given: Answer) -> Callable[[Sequence[str]], Answer]:
    """Return a fake `ask`: each key is the beginning of a command line, with underscores between the words."""

    def answer(command: Sequence[str]) -> Answer:
        line = " ".join([Path(command[0]).name, *command[1:]]).replace("-", " ")
        found = [key for key in given if line.startswith(key.replace("_", " "))]
        return given[max(found, key=len)] if found else Answer(NOT_INSTALLED, "")

    return answer


def surroundings(layout: Layout, **given: Answer) -> Surroundings:
    return Surroundings(layout, {}, answers(**given), system="Linux")


@pytest.fixture
def bare(tmp_path: Path) -> Layout:
    """Return a folder with the parts by which a checkout is recognized."""
    for name in Layout(tmp_path / "project").missing():
        (tmp_path / "project" / name).mkdir(parents=True)
    (tmp_path / "project" / "docker-compose.yml").rmdir()
    (tmp_path / "project" / "docker-compose.yml").write_text("services: {}\n", encoding="utf-8")
    return Layout(tmp_path / "project")


# Python, .venv, the package index.


def test_an_old_python_and_one_without_ensurepip_are_problems(bare: Layout) -> None:
    old = Surroundings(bare, python="/usr/bin/python3", version=(3, 9, 2))
    assert check_python(old) == [
        Finding("Python", "problem", "Python 3.9.2 (/usr/bin/python3)", "Install Python 3.11 or newer.")
    ]
    (found,) = check_python(Surroundings(bare, has_ensurepip=False))
    assert found.status == "problem"
    assert found.advice == "It cannot create .venv. Debian and Ubuntu: sudo apt install python3-venv"
    (found,) = check_python(Surroundings(Layout(bare.root.parent), has_ensurepip=False))
    assert found.status == "ok"


def test_the_state_of_the_environment_is_reported(bare: Layout) -> None:
    place, folder = surroundings(bare), bare.root / ".venv"
    assert check_environment(place) == [Finding(".venv", "ok", "not created yet; the first run creates it")]
    (folder / "bin").mkdir(parents=True)
    (found,) = check_environment(place)
    assert (found.status, found.text) == ("problem", f"{folder} was not created by this project")
    (folder / "app07.json").touch()
    (folder / "bin" / "python").symlink_to(bare.root / "no longer installed")
    (found,) = check_environment(place)
    assert (found.status, found.advice) == ("note", "The next run creates it again.")
    (folder / "bin" / "python").unlink()
    (folder / "bin" / "python").symlink_to(sys.executable)
    assert check_environment(place) == [Finding(".venv", "ok", "created")]
    assert check_environment(surroundings(Layout(bare.root.parent))) == []


def test_an_unreachable_index_is_a_problem_until_the_environment_is_created(bare: Layout) -> None:
    def index(answer: Answer) -> Callable[[Sequence[str]], Answer]:
        return lambda command: answer

    refused = index(Answer(1, "WARNING: x\nERROR: No matching distribution found\n"))
    place = Surroundings(bare, {}, refused)
    (found,) = check_package_index(place)
    assert (found.status, found.text) == ("problem", "not reachable: No matching distribution found")
    assert found.advice.startswith("Check the network; for a proxy or your own index: pip config set")
    (found,) = check_package_index(Surroundings(Layout(bare.root.parent), {}, refused))
    assert found.status == "note"
    for answer, text in (
        (Answer(HANGS, ""), "not reachable: pip did not respond in time"),
        (Answer(1, "/usr/bin/python3: No module named pip"), "not checked: pip is not installed"),
        (Answer(0, "editables (0.5)"), "reachable"),
    ):
        (found,) = check_package_index(Surroundings(bare, {}, index(answer)))
        assert found.text == text


# Folders and files.


def test_folders_that_belong_to_root_are_reported(bare: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    bare.stage3.mkdir(parents=True)
    # Root, who runs these tests in containers, may write anywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: path != bare.stage3)
    (found,) = check_permissions(surroundings(bare))
    assert (found.status, found.text) == (
        "problem",
        "cannot be written by this user: output/stage3_compose_execution",
    )
    assert found.advice == f"Take ownership: sudo chown -R $USER {bare.stage3}"


def test_a_full_disk_is_a_problem(bare: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, status in ((10_000_000, "problem"), (900_000_000, "note"), (9_000_000_000, "ok")):
        monkeypatch.setattr(shutil, "disk_usage", lambda path, free=free: SimpleNamespace(free=free))
        assert [each.status for each in check_disk(surroundings(bare))] == [status]


def test_scripts_with_windows_line_endings_are_reported(checkout: Layout) -> None:
    place = surroundings(checkout)
    assert check_line_endings(place) == [Finding("line endings", "ok", "LF in all scripts and Dockerfiles")]
    script = checkout.root / "container1_activationbase" / "publish.sh"
    script.write_bytes(script.read_bytes().replace(b"\n", b"\r\n"))
    (found,) = check_line_endings(place)
    assert (found.status, found.text) == ("problem", "CRLF in container1_activationbase/publish.sh")
    command = found.advice.partition("for each file: ")[2]
    subprocess.run(command, shell=True, cwd=checkout.root, check=True)
    assert check_line_endings(place)[0].status == "ok"


def test_an_env_file_is_read_as_compose_reads_it(checkout: Layout) -> None:
    place, file = surroundings(checkout), checkout.root / ".env"
    assert check_env_file(place) == []
    file.write_text("MODEL_NAME=course.pkl\nOTHER=1\n", encoding="utf-8")
    assert check_env_file(place) == [Finding(".env", "ok", "sets MODEL_NAME")]
    file.write_text("MODEL_NAME='a\n", encoding="utf-8")
    (found,) = check_env_file(place)
    assert found.status == "problem"
    assert found.text == ".env line 1 has an unclosed quote (')."
    file.unlink()
    file.mkdir()
    (found,) = check_env_file(place)
    assert (found.status, found.text) == ("problem", ".env cannot be read: Is a directory.")


# Docker, Compose, images.


@pytest.mark.parametrize(
    ("answer", "text", "advice"),
    [
        (Answer(NOT_INSTALLED, ""), "not installed", "Install Docker to run containers. "),
        (Answer(HANGS, ""), "the daemon does not respond in time", "Start it: sudo systemctl start docker. "),
        (
            Answer(0, '{"ServerErrors": ["Cannot connect to the Docker daemon at x."]}'),
            "the daemon does not respond: Cannot connect to the Docker daemon at x",
            "Start it: sudo systemctl start docker. ",
        ),
        (
            Answer(1, "Got permission denied while trying to connect to the Docker daemon socket"),
            "this user may not use the Docker daemon's socket",
            "sudo usermod -aG docker $USER, then log in again; ",
        ),
    ],
)
def test_an_engine_that_cannot_be_used_is_a_note_with_advice(
    answer: Answer, text: str, advice: str, bare: Layout
) -> None:
    (found,) = check_docker(surroundings(bare, docker_info=answer))
    assert (found.status, found.text) == ("note", text)
    assert found.advice.startswith(advice)


def test_the_mode_of_the_engine_is_reported_if_it_matters(bare: Layout, tmp_path: Path) -> None:
    (tmp_path / "sys/fs/selinux").mkdir(parents=True)
    (tmp_path / "sys/fs/selinux/enforce").write_text("1", encoding="ascii")
    info = {"ServerVersion": "26.1.0", "SecurityOptions": ["name=rootless"], "MemoryLimit": False}
    place = Surroundings(
        bare,
        {"DOCKER_HOST": "ssh://other"},
        answers(docker_info=Answer(0, f"warning\n{json.dumps(info)}\n")),
        root=tmp_path,
    )
    assert [(each.check, each.status, each.text) for each in check_docker(place)] == [
        ("Docker", "ok", "Docker 26.1.0 responds"),
        ("Docker", "note", "DOCKER_HOST names another machine, which does not see the folders of this one"),
        ("Docker", "note", "rootless, without limits on memory"),
        ("SELinux", "note", "enforcing; it may keep containers from shared_data/"),
        ("images", "ok", "not built yet: activationbase_app07, knowledgebase_app07, codebase_app07"),
    ]


def test_both_versions_of_compose_are_listed(bare: Layout) -> None:
    server = {"docker": Answer(0, ""), "docker_version": Answer(0, "26.1.0\n")}
    both = {"docker_compose_version": Answer(0, "v2.27.0\n")}
    assert check_compose(surroundings(bare)) == []
    (found,) = check_compose(surroundings(bare, docker=Answer(HANGS, "")))
    assert found.text == "not checked: docker did not respond in time"
    (found,) = check_compose(
        surroundings(bare, **server, docker_compose_version=Answer(1, "no such command"))
    )
    assert (found.status, found.text) == (
        "note",
        "neither `docker compose` nor `docker-compose` is installed",
    )
    (found,) = check_compose(surroundings(bare, **server, **both))
    assert found.text == "docker compose 2.27.0, docker-compose 2.27.0"
    old = Surroundings(
        bare, {}, lambda command: Answer(0, "1.29.2") if "-" in command[0] else Answer(0, "26.1.0")
    )
    assert [each.status for each in check_compose(old)] == ["ok", "note"]


def test_images_built_from_other_files_are_outdated(checkout: Layout) -> None:
    def answer(command: Sequence[str]) -> Answer:
        if command[0] == "sh":
            return ask(command)
        if command[:3] == ["docker", "image", "inspect"]:
            return Answer(0, "sha256:1")
        return Answer(0, f"{inside.get(command[-2], inside['code'])}  -\n")

    rows = subprocess.run(["sha256sum", checkout.own_activation], capture_output=True, text=True, check=True)
    network = subprocess.run(
        ["sha256sum", checkout.own_knowledge], capture_output=True, text=True, check=True
    )
    folder = checkout.root / "container3_codebase"
    words: list[str | Path] = [
        "sh",
        folder / "built_from.sh",
        checkout.code,
        folder / "requirements.txt",
        folder,
    ]
    code = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    inside = {
        "activationbase_app07": rows.stdout.split()[0],
        "knowledgebase_app07": network.stdout.split()[0],
    }
    inside["code"] = code.strip()
    place = Surroundings(checkout, {}, answer)
    assert check_images(place) == [Finding("images", "ok", "built from the files of this checkout")]
    inside["knowledgebase_app07"] = "0" * 64
    checkout.code.write_text("# changed\n", encoding="utf-8")
    assert check_images(place) == [
        Finding(
            "images",
            "note",
            "knowledgebase_app07, codebase_app07: not built from the files of this checkout",
            "Run docker-compose up --build; App07.py builds them automatically.",
        )
    ]


# All checks, and the command.


def test_a_check_that_fails_or_hangs_does_not_hide_the_others(bare: Layout) -> None:
    def hangs(place: Surroundings) -> list[Finding]:
        time.sleep(30)
        return []

    def refused(place: Surroundings) -> list[Finding]:
        raise PermissionError(13, "Permission denied", "/secret")

    def defective(place: Surroundings) -> list[Finding]:
        raise ZeroDivisionError("a defect")

    checks: dict[str, Check] = {"a": hangs, "b": refused, "c": defective, "disk": check_disk}
    found = run_checks(surroundings(bare), checks, limit=0.5)
    assert [(each.check, each.text) for each in found[:3]] == [
        ("a", "not checked: the check did not end within 0 s"),
        ("b", "not checked: /secret: Permission denied"),
        ("c", "not checked: internal error: ZeroDivisionError: a defect"),
    ]
    assert found[3].check == "disk"


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    assert ask(["sleep", "30"], seconds=0.2) == Answer(HANGS, "sleep did not respond within 0 s")
    assert ask([str(tmp_path / "no such program")]).status == NOT_INSTALLED


@pytest.mark.slow
def test_without_docker_network_and_environment_the_command_reports_all_checks(clone: Layout) -> None:
    environment = {"PATH": str(clone.root / "empty"), "HOME": str(clone.root), "PIP_NO_INDEX": "1"}
    bare_python = getattr(sys, "_base_executable", sys.executable)
    done = subprocess.run(
        [bare_python, "App07.py", "doctor", "--json"],
        cwd=clone.root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert (done.returncode, told["status"]) == (70, 70), done.stderr
    by_name = {each["check"]: each for each in told["findings"]}
    assert by_name.keys() == CHECKS.keys() - {".env", "Compose"}
    assert by_name["Docker"]["text"] == "not installed"
    assert by_name["package index"]["status"] == "problem"
    assert told["error"] == "problems to fix: package index"
    assert not (clone.root / ".venv").exists()


def test_the_command_prints_a_line_for_each_finding_and_the_advice_below(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = [
        Finding("disk", "ok", "9 GB free"),
        Finding("Docker", "note", "not installed", "Install Docker."),
    ]
    monkeypatch.setattr("pipeline.diagnosis.run_checks.run_checks", lambda place: found)
    seen = driven(capsys, Layout(tmp_path), "doctor")
    assert (seen.status, seen.err) == (0, "")
    assert seen.out.splitlines()[1:] == [
        "  ✓ disk           9 GB free",
        "  ! Docker         not installed",
        "                   Install Docker.",
    ]
    found.append(Finding("permissions", "problem", "no", "chown"))
    seen = driven(capsys, Layout(tmp_path), "doctor")
    assert (seen.status, seen.err) == (70, "✗ problems to fix: permissions\n")


def test_this_checkout_has_no_problems() -> None:
    quick = {name: CHECKS[name] for name in CHECKS if name not in ("package index", "Docker", "Compose")}
    assert [each for each in run_checks(Surroundings(PROJECT), quick) if each.status == "problem"] == []
