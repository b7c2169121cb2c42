"""App07.py reads variables from `.env` like Compose: the shell takes precedence, and unused variables are ignored."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from common.env_file.profile import selected_profile
from common.env_file.syntax import EnvFileError
from common.env_file.variables import compose_variables, with_env_file
from common.project import PROJECT, Layout
from pipeline.cli import execute, parse
from pipeline.commands.actions.serve_containers import variables_for
from pipeline.commands.serve import ServeCommand


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "docker-compose.yml").write_text(
        "services:\n  a:\n    image: ${IMAGE:-x}\n    command: echo $$HOME $NAMED\n    environment:\n"
        "      SET: literal\n      PASSED:\n      ALSO:  # passed\n"
        "  b:\n    environment:\n      - LISTED\n      - SET=1\n"
    )
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / ".env").write_text(text, encoding="utf-8", newline="")


def test_the_variables_of_compose_files_are_references_and_names_without_a_value(folder: Path) -> None:
    assert compose_variables(folder) == {"IMAGE", "NAMED", "PASSED", "ALSO", "LISTED"}


def test_the_compose_files_of_the_project_use_the_file_and_hardware_variables() -> None:
    names = compose_variables(PROJECT.root)
    assert {"MODEL_PATH", "MODEL_NAME", "MODEL_FILE", "DATA_PATH", "INPUT_COLUMNS", "SCALE_INPUTS"} <= names
    assert {"CPU_LIMIT", "CPU_THREADS", "MEMORY_LIMIT", "PLATFORM", "CODE_IMAGE"} <= names
    assert {"TRAIN_EPOCHS", "SERVE_PORT", "SERVE_MODEL"} <= names
    assert not {"PATH", "HOME", "OUTPUT_PATH", "SIGNAL"} & names


def test_the_shell_takes_precedence_even_with_an_empty_value(folder: Path) -> None:
    write(folder, "IMAGE=file\nPASSED=file\nNAMED=file\n")
    found = with_env_file(folder, {"IMAGE": "shell", "PASSED": ""})
    assert found.values == {"IMAGE": "shell", "PASSED": "", "NAMED": "file"}
    assert found.from_file == ("NAMED",)


def test_variables_that_no_compose_file_uses_are_ignored(folder: Path) -> None:
    write(folder, "PATH=/evil\nPYTHONPATH=/evil\nSECRET=$$x\nNAMED=1\n")
    assert with_env_file(folder, {}).values == {"NAMED": "1"}


def test_a_missing_file_is_ignored_silently(folder: Path) -> None:
    assert with_env_file(folder, {"A": "1"}) == with_env_file(folder / "none", {"A": "1"})


def test_a_variable_that_the_versions_read_differently_is_refused_unless_the_shell_sets_it(
    folder: Path,
) -> None:
    write(folder, "X=1\nNAMED='a\\\\b'\n")
    with pytest.raises(EnvFileError) as caught:
        with_env_file(folder, {})
    assert str(caught.value) == (
        ".env line 2: NAMED has two backslashes in single quotes, which docker-compose 1.29 and docker compose 2 read "
        "differently.\n  Rewrite the value, or set the variable in the shell."
    )
    assert with_env_file(folder, {"NAMED": "shell"}).from_file == ()


def test_a_file_that_cannot_be_read_is_an_error(folder: Path) -> None:
    (folder / ".env").mkdir()
    with pytest.raises(EnvFileError, match=r"^\.env cannot be read: "):
        with_env_file(folder, {})


def test_a_pipe_does_not_block(folder: Path) -> None:
    os.mkfifo(folder / ".env")
    assert with_env_file(folder, {}).values == {}


def test_variables_that_redirect_compose_have_no_effect_and_are_reported(folder: Path) -> None:
    write(
        folder,
        "COMPOSE_FILE=other.yml\nCOMPOSE_PROFILES=debug\nDOCKER_HOST=tcp://there\nCOMPOSE_PROJECT_NAME=p\n",
    )
    found = with_env_file(folder, {})
    assert found.values == {"COMPOSE_FILE": "other.yml"}
    assert found.notes == (
        "COMPOSE_FILE has no effect: the project's own compose files and images are used.",
        "COMPOSE_PROFILES has no effect: the project's own compose files and images are used.",
        "DOCKER_HOST in .env has no effect: set it in the shell.",
    )


@pytest.mark.parametrize(
    ("names", "profile"),
    [
        ("docker-compose.yml:docker-compose.gpu-nvidia.yml", "gpu-nvidia"),
        ("./docker-compose.yml:./docker-compose.cpu.yml:docker-compose.override.yml", "cpu"),
        ("docker-compose.yml", ""),
        ("docker-compose.gpu-nvidia.yml:docker-compose.yml", ""),
        ("docker-compose.yml:docker-compose.cpu.yml:extra.yml", ""),
        ("docker-compose.yml:/elsewhere/docker-compose.cpu.yml", ""),
        ("", ""),
    ],
)
def test_a_profile_is_selected_by_its_compose_file_and_needs_no_note(
    folder: Path, names: str, profile: str
) -> None:
    write(folder, f"COMPOSE_PATH_SEPARATOR=:\nCOMPOSE_FILE={names}\n")
    found = with_env_file(folder, {})
    assert selected_profile(found.values) == profile
    assert (found.notes == ()) is (not names or bool(profile))


def test_the_file_can_be_disabled_as_for_compose(folder: Path) -> None:
    write(folder, "NAMED=1\n")
    found = with_env_file(folder, {"COMPOSE_DISABLE_ENV_FILE": "1"})
    assert (found.from_file, found.notes) == ((), ("COMPOSE_DISABLE_ENV_FILE is set: .env is not read.",))


@pytest.mark.slow
def test_a_run_uses_and_reports_the_files_in_env(
    checkout: Layout, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("5.8,2.7,5.1,1.9\n")
    write(
        checkout.root,
        "MODEL_NAME='iris'  # the flowers\r\nexport DATA_PATH = ../rows.csv\r\nCPU_THREADS=1\r\n",
    )
    assert execute(parse(["compose", "--engine", "local"]), checkout) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(".env sets MODEL_NAME, DATA_PATH, CPU_THREADS\n")
    assert "models/iris.pkl (MODEL_NAME)" in shown
    assert "(DATA_PATH)" in shown and "-> virginica" in shown


@pytest.mark.slow
def test_the_number_of_threads_in_env_reaches_the_program_of_the_local_engine(
    checkout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    write(checkout.root, "CPU_THREADS=many\n")
    assert execute(parse(["compose", "--engine", "local"]), checkout) == 2
    assert "CPU_THREADS is 'many'." in capsys.readouterr().out


def test_an_option_takes_precedence_over_env(checkout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    write(checkout.root, "MODEL_NAME=no-such-network\n")
    assert execute(parse(["prepare", "--model", "currentSolution"]), checkout) == 0
    assert execute(parse(["prepare"]), checkout) == 66
    assert "MODEL_NAME=no-such-network: there is no such network" in capsys.readouterr().err


def test_a_damaged_file_ends_a_run_with_the_line_number(
    checkout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    write(checkout.root, "MODEL_NAME=iris\noops\n")
    assert execute(parse(["prepare"]), checkout) == 2
    assert "✗ .env line 2 is not NAME=VALUE.\n" in capsys.readouterr().err


def test_the_port_in_env_is_used_unless_the_option_is_set(checkout: Layout) -> None:
    write(checkout.root, "SERVE_PORT=9000\n")
    environment = with_env_file(checkout.root, {}).values
    ports = []
    for words in ([], ["--port", "0"]):
        command = parse(["serve", "--engine", "docker", *words])
        assert isinstance(command, ServeCommand)
        ports.append({**environment, **variables_for(checkout, command)}["SERVE_PORT"])
    assert ports == ["9000", "0"]
