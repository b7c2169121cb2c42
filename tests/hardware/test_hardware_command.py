"""`hardware` writes variables for the machine to `.env`, and keeps the lines of the user."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from common.console import Console
from common.errors import CannotWrite, UsageError
from common.project import Layout
from pipeline.commands.actions.hardware import HardwareResult, detect_and_write
from pipeline.commands.base.command import Context
from pipeline.hardware.settings import memory_for, memory_text
from tests.hardware.machines import ENGINE, GIB, SMI, machine

MIB = 1 << 20
NVIDIA: dict[str, Any] = {
    "prints": {SMI: "NVIDIA T4, 15360, 580.65\nNVIDIA H200, 143771, 580.65\n"},
    "engine": {**ENGINE, "Runtimes": {"runc": {}, "nvidia": {}}},
}
AMD: dict[str, Any] = {
    "files": {"sys/class/drm/renderD128/device/vendor": "0x1002", "dev/dri/renderD128": "", "dev/kfd": ""}
}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    (tmp_path / "project").mkdir()
    for name in ("docker-compose.yml", "docker-compose.gpu-nvidia.yml", "docker-compose.gpu-amd.yml"):
        (tmp_path / "project" / name).touch()
    return Layout(tmp_path / "project")


def run(
    layout: Layout, profile: str = "auto", *, write: bool = True, **values: Any
) -> tuple[HardwareResult, str, str]:
    """Return the result and the output on both streams."""
    out, err = io.StringIO(), io.StringIO()
    where = machine(layout.root.parent / "root", **values)
    context = Context(layout, Console(out, err), where.environment)
    result = detect_and_write(context, profile, write=write, machine=where)
    return result, out.getvalue(), err.getvalue()


def lines(layout: Layout) -> list[str]:
    return [line for line in (layout.root / ".env").read_text().splitlines() if not line.startswith("#")]


def test_a_machine_with_two_cpus_gets_limits_that_its_engine_accepts(layout: Layout) -> None:
    small = {**ENGINE, "NCPU": 2, "MemTotal": 2 * GIB}
    run(layout, engine=small)
    assert lines(layout) == ["PLATFORM=linux/amd64", "CPU_LIMIT=2", "CPU_THREADS=2", "MEMORY_LIMIT=1g"]


def test_a_quota_below_one_cpu_leaves_one_thread(layout: Layout) -> None:
    run(layout, files={"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "75000 100000"})
    assert {"CPU_LIMIT=0.75", "CPU_THREADS=1"} <= set(lines(layout))


def test_a_large_machine_gets_no_more_threads_than_the_container_may_start(layout: Layout) -> None:
    run(layout, processors=256, engine={**ENGINE, "NCPU": 256, "MemTotal": 2048 * GIB})
    assert {"CPU_THREADS=24", "MEMORY_LIMIT=8g"} <= set(lines(layout))


def test_limits_that_the_kernel_of_the_engine_lacks_are_left_out(layout: Layout) -> None:
    run(layout, engine={**ENGINE, "CpuCfsQuota": False, "MemoryLimit": False})
    assert lines(layout) == ["PLATFORM=linux/amd64", "CPU_THREADS=16"]


def test_nothing_is_guessed_on_a_mac_without_a_responding_engine(layout: Layout) -> None:
    run(layout, engine=None, system="Darwin", architecture="arm64")
    assert lines(layout) == ["PLATFORM=linux/arm64"]


@pytest.mark.parametrize(
    ("usable", "text"),
    [
        (128 * MIB, "128m"),
        (300 * MIB, "256m"),
        (GIB, "512m"),
        (5 * GIB, "2560m"),
        (16 * GIB, "8g"),
        (64 * GIB, "8g"),
    ],
)
def test_codebase_gets_half_of_the_memory_within_bounds(usable: int, text: str) -> None:
    assert memory_text(memory_for(usable)) == text


def test_no_gpu_selects_no_devices(layout: Layout) -> None:
    result, out, _ = run(layout)
    assert result.profile == ""
    assert "COMPOSE_FILE" not in result.variables and "CODE_IMAGE" not in result.variables
    assert "  accelerators none\n" in out


def test_a_usable_nvidia_gpu_selects_its_compose_file_and_the_largest_device(layout: Layout) -> None:
    result, out, _ = run(layout, **NVIDIA)
    assert result.profile == "gpu-nvidia"
    assert lines(layout)[4:] == [
        "GPU_DEVICES=1",
        "COMPOSE_PATH_SEPARATOR=:",
        "COMPOSE_FILE=docker-compose.yml:docker-compose.gpu-nvidia.yml",
    ]
    assert "  NVIDIA       NVIDIA T4, NVIDIA H200; containers can use it\n" in out


def test_an_override_file_is_still_used(layout: Layout) -> None:
    (layout.root / "docker-compose.override.yml").touch()
    run(layout, **NVIDIA)
    assert lines(layout)[-1].endswith(":docker-compose.gpu-nvidia.yml:docker-compose.override.yml")


def test_a_gpu_that_the_engine_cannot_expose_selects_no_profile(layout: Layout) -> None:
    result, out, _ = run(layout, prints=NVIDIA["prints"])
    assert result.profile == ""
    assert (
        "containers cannot use it: the container engine cannot expose the GPU to containers: "
        "install the NVIDIA Container Toolkit" in out
    )


def test_the_lines_of_the_gpu_profile_are_removed_on_request(layout: Layout) -> None:
    run(layout, **NVIDIA)
    run(layout, "none", **NVIDIA)
    assert len(lines(layout)) == 4


def test_an_amd_gpu_is_used_on_request(layout: Layout) -> None:
    assert run(layout, **AMD)[0].profile == ""
    result, _, _ = run(layout, "gpu-amd", **AMD)
    group = (layout.root.parent / "root/dev/kfd").stat().st_gid
    assert result.variables["COMPOSE_FILE"] == "docker-compose.yml:docker-compose.gpu-amd.yml"
    assert result.variables.get("RENDER_GID") == (str(group) if group else None)


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("gpu-nvidia", "containers cannot use an NVIDIA GPU of this machine: there is none."),
        ("gpu-amd", "containers cannot use an AMD GPU of this machine: there is none."),
        ("arm64", "docker-compose.arm64.yml is not in the project's folder."),
    ],
)
def test_a_profile_that_does_not_fit_is_refused_and_nothing_is_written(
    layout: Layout, profile: str, message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        run(layout, profile)
    assert caught.value.message == f"--profile {profile}: {message}"
    assert not (layout.root / ".env").exists()


def test_a_limit_set_by_the_user_is_kept_and_compared_with_the_engine(layout: Layout) -> None:
    (layout.root / ".env").write_text("# mine\nCPU_LIMIT='32'\n")
    result, out, err = run(layout)
    assert (layout.root / ".env").read_text().startswith("# mine\nCPU_LIMIT='32'\n# >>> ")
    assert (dict(result.kept), "CPU_LIMIT" in result.variables) == ({"CPU_LIMIT": "32"}, False)
    assert "CPU_LIMIT=32 (line 2, not written by this command; kept)\n" in out
    assert err == "WARNING: CPU_LIMIT=32: the container engine has 16 processors and refuses more.\n"


def test_the_number_of_threads_follows_a_limit_set_by_the_user(layout: Layout) -> None:
    (layout.root / ".env").write_text("CPU_LIMIT=2.5\n")
    assert run(layout)[0].variables["CPU_THREADS"] == "2"


def test_compose_files_selected_by_the_user_are_kept_and_the_unused_profile_is_reported(
    layout: Layout,
) -> None:
    (layout.root / ".env").write_text("COMPOSE_FILE=docker-compose.yml\n")
    result, _, err = run(layout, **NVIDIA)
    assert "COMPOSE_FILE" not in result.variables
    assert err == "WARNING: The profile gpu-nvidia is not selected: line 1 of .env sets COMPOSE_FILE.\n"


def test_a_separator_set_by_the_user_is_used(layout: Layout) -> None:
    (layout.root / ".env").write_text("COMPOSE_PATH_SEPARATOR=;\n")
    result, _, _ = run(layout, **NVIDIA)
    assert result.variables["COMPOSE_FILE"] == "docker-compose.yml;docker-compose.gpu-nvidia.yml"


def test_a_variable_of_the_shell_is_reported_because_it_takes_precedence(layout: Layout) -> None:
    _, _, err = run(layout, environment={"CPU_THREADS": "1"})
    assert err == "WARNING: The shell sets CPU_THREADS, which takes precedence over .env.\n"


def test_no_write_writes_nothing(layout: Layout) -> None:
    result, out, _ = run(layout, write=False)
    assert not (layout.root / ".env").exists()
    assert not result.written and "not written (--no-write)" in out and "CPU_LIMIT=16" in out


def test_a_link_is_read_on_request_and_never_replaced(layout: Layout) -> None:
    (layout.root.parent / "shared.env").write_text("CPU_LIMIT=1\n")
    (layout.root / ".env").symlink_to("../shared.env")
    with pytest.raises(CannotWrite) as caught:
        run(layout)
    assert str(caught.value) == (
        ".env is not written: it is a link.\n  --no-write shows the variables, which can then be set by hand."
    )
    assert run(layout, write=False)[0].kept == {"CPU_LIMIT": "1"}
    assert (layout.root / ".env").read_text() == "CPU_LIMIT=1\n"


def test_a_second_run_reports_that_nothing_has_changed(layout: Layout) -> None:
    assert run(layout)[0].written
    result, out, _ = run(layout)
    assert not result.written and "  .env         unchanged\n" in out


@pytest.mark.slow
def test_the_script_needs_no_package_and_creates_no_environment(clone: Layout) -> None:
    bare = getattr(sys, "_base_executable", None) or sys.executable
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL"))
    }
    done = subprocess.run(
        [bare, "detect_hardware.py", "--json"],
        cwd=clone.root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert (document["status"], document["written"]) == (0, True)
    assert f"CPU_THREADS={document['variables']['CPU_THREADS']}\n" in (clone.root / ".env").read_text()
    assert not (clone.root / ".venv").exists()
