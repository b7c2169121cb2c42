"""The build contexts of the images: checked by hadolint and sh, and small."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from common.project import (
    ACTIVATIONBASE,
    CODEBASE,
    FRONT_SERVICE,
    KNOWLEDGEBASE,
    LEARNINGBASE,
    LEARNINGBASE_SERVICE,
    MONITORING_SERVICE,
    PROJECT,
    SERVICES,
    Layout,
    Service,
)
from pipeline.engines.local import LocalEngine

IMAGES = (*SERVICES, LEARNINGBASE_SERVICE, FRONT_SERVICE, MONITORING_SERVICE)
CONTEXT = {service.name: PROJECT.context(service) for service in IMAGES}
PUBLISH = [CONTEXT[name] / "publish.sh" for name in (ACTIVATIONBASE, KNOWLEDGEBASE, LEARNINGBASE)]
SCENARIO = CONTEXT[CODEBASE] / "scenario.sh"
CHOOSE = CONTEXT[KNOWLEDGEBASE] / "choose.sh"
HADOLINT = Path(sys.executable).with_name("hadolint")

each_service = pytest.mark.parametrize("service", IMAGES, ids=lambda service: service.name)


@each_service
def test_hadolint_reports_nothing(service: Service) -> None:
    judged = subprocess.run(
        [HADOLINT, "--no-color", PROJECT.context(service) / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (judged.returncode, judged.stdout, judged.stderr) == (0, "", "")


def test_hadolint_reports_a_bad_dockerfile(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM debian\nRUN cd /tmp && apt-get install gcc\n", encoding="utf-8"
    )
    judged = subprocess.run([HADOLINT, tmp_path / "Dockerfile"], capture_output=True, text=True, check=False)
    assert judged.returncode == 1
    assert "DL3003" in judged.stdout


@each_service
def test_every_dockerfile_has_a_dockerignore(service: Service) -> None:
    assert (PROJECT.context(service) / ".dockerignore").is_file()


@each_service
def test_an_image_has_a_numeric_user_and_an_exec_form_command(service: Service) -> None:
    lines = (PROJECT.context(service) / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    commands = [line for line in lines if line.startswith(("CMD", "ENTRYPOINT"))]
    assert commands and all(re.match(r"(CMD|ENTRYPOINT) \[", line) for line in commands)


@pytest.mark.parametrize(
    "requirements",
    [
        "requirements",
        "requirements-fast",
        "requirements-gpu",
        "requirements-training",
        "requirements-tracking",
        "requirements-serving",
    ],
)
def test_codebase_installs_only_recorded_wheels(requirements: str) -> None:
    recipe = (CONTEXT[CODEBASE] / "Dockerfile").read_text(encoding="utf-8")
    assert recipe.count("pip install") == 6
    for option in ("--no-cache-dir", "--only-binary=:all:", "--require-hashes"):
        assert recipe.count(option) == 6
    pinned = (CONTEXT[CODEBASE] / f"{requirements}.txt").read_text(encoding="utf-8")
    wanted = (CONTEXT[CODEBASE] / f"{requirements}.in").read_text(encoding="utf-8")
    names = [line for line in wanted.splitlines() if line and not line.startswith("#")]
    assert names
    assert all(f"{name} \\\n" in pinned for name in names)
    assert "--hash=sha256:" in pinned


def test_codebase_and_the_host_use_the_same_numpy() -> None:
    wanted = (CONTEXT[CODEBASE] / "requirements.in").read_text(encoding="utf-8").split()[-1]
    assert wanted.startswith("numpy==")
    assert f"{wanted} \\\n" in (PROJECT.root / "requirements.lock").read_text(encoding="utf-8")
    assert f"{wanted} \\\n" in (PROJECT.root / "requirements-test.lock").read_text(encoding="utf-8")


def test_the_fast_image_and_the_tests_use_the_same_pyarrow() -> None:
    wanted = (CONTEXT[CODEBASE] / "requirements-fast.in").read_text(encoding="utf-8").split()[-1]
    assert wanted.startswith("pyarrow==")
    assert f"{wanted} \\\n" in (PROJECT.root / "requirements-test.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["training", "serving"])
def test_the_image_of_a_target_and_the_tests_use_the_same_packages(target: str) -> None:
    pinned = (PROJECT.root / "requirements-test.lock").read_text(encoding="utf-8")
    for line in (CONTEXT[CODEBASE] / f"requirements-{target}.txt").read_text(encoding="utf-8").splitlines():
        if "==" in line:
            assert f"{line.split()[0]} " in pinned


def test_the_last_stage_of_codebase_adds_no_layer() -> None:
    recipe = (CONTEXT[CODEBASE] / "Dockerfile").read_text(encoding="utf-8")
    assert recipe.rstrip().splitlines()[-1] == "FROM codebase"


def test_the_data_containers_publish_in_the_same_way() -> None:
    assert len({path.read_bytes() for path in PUBLISH}) == 1, "publish.sh differs between the folders"


@pytest.mark.parametrize(
    "script", [*PUBLISH, CHOOSE, SCENARIO], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_a_script_of_an_image_is_plain_sh(script: Path) -> None:
    assert b"\r" not in script.read_bytes()
    read = subprocess.run(["sh", "-n", script], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")


def choose(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run choose.sh as the build does, with its target folders below `folder`."""
    text = CHOOSE.read_text(encoding="utf-8")
    text = text.replace("/knowledgeBase", f"{folder}/image").replace("/publish", f"{folder}/published")
    (folder / "choose.sh").write_text(text, encoding="utf-8")
    return subprocess.run(
        ["sh", "choose.sh", *words], cwd=folder, capture_output=True, text=True, check=False
    )


def a_context(folder: Path, names: Sequence[str]) -> Path:
    folder.mkdir()
    for name in ("publish.sh", *names):
        (folder / name).write_text(f"this was {name}", encoding="utf-8")
    return folder


def test_a_build_contains_only_the_selected_network_and_its_card(tmp_path: Path) -> None:
    folder = a_context(tmp_path / "context", ["currentSolution.pkl", "other.pkl", "other.card.json"])
    chosen = choose(folder, "other.pkl")
    assert (chosen.returncode, chosen.stderr) == (0, "")
    assert {path.name: path.read_text(encoding="utf-8") for path in (folder / "image").iterdir()} == {
        "currentSolution.pkl": "this was other.pkl",
        "currentSolution.card.json": "this was other.card.json",
    }


def test_a_build_with_a_missing_network_lists_the_existing_ones(tmp_path: Path) -> None:
    folder = a_context(tmp_path / "context", ["currentSolution.pkl", "other.pkl", "other.card.json"])
    chosen = choose(folder, "missing.pkl")
    assert chosen.returncode == 66
    assert chosen.stderr.splitlines() == [
        "ERROR: container2_knowledgebase/ has no MODEL_FILE=missing.pkl; there are:",
        "  currentSolution.pkl",
        "  other.pkl",
    ]
    assert not (folder / "image").exists()


@pytest.mark.slow
def test_the_local_engine_provides_the_packages_of_the_image(checkout: Layout) -> None:
    recipe = (CONTEXT[CODEBASE] / "Dockerfile").read_text(encoding="utf-8")
    default = recipe.partition("# --- codebase:")[0]
    in_the_image = re.findall(r"^COPY (\S+) /opt/pybrain/\1$", default, re.MULTILINE)
    LocalEngine(checkout).build(allowed=True, on_line=lambda line: None)
    laid_out = checkout.local_containers / CODEBASE / "opt" / "pybrain"
    assert sorted(path.name for path in laid_out.iterdir()) == sorted(in_the_image)
    let_in = (CONTEXT[CODEBASE] / ".dockerignore").read_text(encoding="utf-8").split()
    assert [name for name in in_the_image if f"!{name}" not in let_in] == []
