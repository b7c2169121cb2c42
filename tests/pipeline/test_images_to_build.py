"""Which images must be built, their tags, and messages of failed builds; no engine is needed.

The docker commands here are small scripts on the search path.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from common.docker_command import Compose
from common.errors import BuildFailed
from common.project import Layout
from pipeline.engines.docker import DockerEngine
from pipeline.prepared_files import Selection
from pipeline.stages.prepare import prepare

COMPOSE = Compose(("docker", "compose"), "2.26.1")


def engine(layout: Layout) -> DockerEngine:
    return DockerEngine(layout, "20.10.24", COMPOSE)


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


@pytest.mark.slow
def test_the_image_tag_depends_only_on_the_content(
    tmp_path: Path, copy_project: Callable[[Path], Layout]
) -> None:
    one, two = (copy_project(tmp_path / name / "project") for name in ("one", "two"))
    assert engine(one).tag == engine(two).tag
    tags = {engine(one).tag}
    for change in (
        lambda: one.own_activation.write_text("1,2,3,4\n", encoding="utf-8"),
        lambda: one.own_knowledge.rename(one.own_knowledge.with_name("other.pkl")),
        lambda: (one.code.parent / "requirements.txt").write_text("numpy==1.0\n", encoding="utf-8"),
    ):
        change()
        tags.add(engine(one).tag)
    assert len(tags) == 4


@pytest.mark.slow
def test_files_left_by_a_run_do_not_make_an_image_stale(clone: Layout) -> None:
    before = engine(clone).tag
    cache = clone.code.parent / "pybrain_runtime" / "__pycache__"
    cache.mkdir()
    (cache / "errors.cpython-311.pyc").write_bytes(b"1234")
    assert engine(clone).tag == before


def test_checkouts_with_the_same_folder_name_have_different_stack_names(tmp_path: Path) -> None:
    names = {
        DockerEngine(_bare(tmp_path / place / "App 07"), "1", COMPOSE).project for place in ("one", "two")
    }
    assert len(names) == 2
    assert all(name.startswith("app07-") for name in names)


def _bare(root: Path) -> Layout:
    root.mkdir(parents=True)
    return Layout(root)


def test_no_build_reports_the_missing_image(checkout: Layout, docker: Callable[[str], None]) -> None:
    docker("exit 1")
    with pytest.raises(BuildFailed) as refused:
        engine(checkout).build(allowed=False, on_line=lambda line: None)
    assert refused.value.status == 69
    assert str(refused.value) == (
        "activationbase_app07 is missing or outdated: it was not built from the files in "
        "container1_activationbase/\n  Omit --no-build."
    )


def test_a_failed_build_shows_its_last_lines_and_the_build_command(
    checkout: Layout, docker: Callable[[str], None]
) -> None:
    docker(
        'case "$1" in build) for i in $(seq 1 40); do echo "step $i"; done; '
        "printf '\\033[31mno space left on device\\033[0m\\n' >&2; exit 17 ;; *) exit 1 ;; esac"
    )
    lines: list[str] = []
    with pytest.raises(BuildFailed) as failed:
        engine(checkout).build(allowed=True, on_line=lines.append)
    said = str(failed.value).splitlines()
    assert said[0] == (
        "activationbase_app07 could not be built (docker build exited with status 17). Its last lines:"
    )
    assert said[1] == "    step 27"
    assert said[-2] == "    no space left on device"
    assert said[-1] == (
        "  To build it by hand: cd container1_activationbase && docker build -t activationbase_app07 ."
    )
    assert len(lines) == 41


def test_the_nvidia_profile_builds_the_image_with_cupy_too(
    checkout: Layout, docker: Callable[[str], None], tmp_path: Path
) -> None:
    docker(f'echo "$@" >>{tmp_path}/typed; case "$1 $2" in "image inspect") exit 1 ;; esac')
    made = DockerEngine(checkout, "20.10.24", COMPOSE, profile="gpu-nvidia")
    lines = made.build(allowed=True, on_line=lambda line: None)
    assert [line.split()[0] for line in lines] == [
        "activationbase_app07", "knowledgebase_app07", "codebase_app07", "codebase_app07_gpu"
    ]  # fmt: skip
    builds = [line for line in (tmp_path / "typed").read_text().splitlines() if line.startswith("build ")]
    image = f"codebase_app07_gpu:{made.tag}"
    assert builds[-1].startswith(f"build --target gpu --build-arg GPU_PACKAGES=cuda -t {image} ")
    assert builds[-2].startswith(f"build --target codebase -t codebase_app07:{made.tag} ")


@pytest.mark.parametrize("profile", ["", "cpu"])
def test_rows_in_parquet_run_in_an_image_with_pyarrow(
    profile: str, checkout: Layout, docker: Callable[[str], None], tmp_path: Path
) -> None:
    docker(
        f'echo "$@ CODE_IMAGE=$CODE_IMAGE" >>{tmp_path}/typed; case "$1 $2" in "image inspect") exit 1 ;; esac'
    )
    table = pa.table({f"x{place}": [0.5] for place in range(4)})
    parquet.write_table(table, tmp_path / "rows.parquet")
    selection = Selection(checkout.own_knowledge, tmp_path / "rows.parquet", "--model", "--data")
    prepared, _ = prepare(checkout, selection, ignore_card_names=True)
    assert prepared.rows.needs_arrow
    made = DockerEngine(checkout, "1", COMPOSE, profile=profile, arrow=prepared.rows.needs_arrow)
    made.build(allowed=True, on_line=lambda line: None)
    made.run_stack(prepared, timeout=20, on_line=lambda line: None)
    typed = (tmp_path / "typed").read_text().splitlines()
    builds = [line for line in typed if line.startswith("build ")]
    assert builds[-1].startswith(f"build --target fast -t codebase_app07_fast:{made.tag} ")
    (started,) = [line for line in typed if " up --abort-on-container-exit" in line]
    assert started.endswith(" CODE_IMAGE=codebase_app07_fast")
    assert "docker-compose.cpu.yml" not in started  # it takes the default image, whatever CODE_IMAGE says


def test_the_profile_for_arm64_builds_for_that_platform(
    checkout: Layout, docker: Callable[[str], None], tmp_path: Path
) -> None:
    docker(f'echo "$@" >>{tmp_path}/typed; case "$1 $2" in "image inspect") exit 1 ;; esac')
    DockerEngine(checkout, "1", COMPOSE, profile="arm64").build(allowed=True, on_line=lambda line: None)
    builds = [line for line in (tmp_path / "typed").read_text().splitlines() if line.startswith("build ")]
    assert len(builds) == 3
    assert all(" --platform linux/arm64 " in line for line in builds)


def test_compose_reads_the_files_in_order_and_no_variables_from_a_file() -> None:
    files = [Path("docker-compose.yml"), Path("docker-compose.cpu.yml")]
    command = COMPOSE.words("app", files, "up")
    assert command[:5] == ["docker", "compose", "--ansi", "never", "--env-file"]
    assert command[6:] == ["-p", "app", "-f", "docker-compose.yml", "-f", "docker-compose.cpu.yml", "up"]


def test_an_image_whose_files_changed_during_the_build_gets_no_tag(
    checkout: Layout, docker: Callable[[str], None], tmp_path: Path
) -> None:
    docker(
        f'echo "$@" >>{tmp_path}/typed; '
        f'case "$1" in build) echo "5.1,3.5,1.4,0.2" >{checkout.own_activation} ;; image) [ "$2" = rm ] ;; esac'
    )
    made = engine(checkout)
    with pytest.raises(BuildFailed) as failed:
        made.build(allowed=True, on_line=lambda line: None)
    assert str(failed.value) == (
        "the files of the containers changed while activationbase_app07 was built\n"
        "  Try again when they are complete."
    )
    typed = (tmp_path / "typed").read_text(encoding="utf-8").splitlines()
    assert typed[-1] == f"image rm activationbase_app07:{made.tag}"
    assert not any(line.startswith("tag ") for line in typed)
