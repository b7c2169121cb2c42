"""The usable resources of a machine, within its control groups and the share of its container engine."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pipeline.hardware.detection import detect
from pipeline.hardware.machine import ask
from tests.hardware.machines import ENGINE, GIB, SMI, machine

V1_LIMIT = "sys/fs/cgroup/memory/memory.limit_in_bytes"
CGROUP = {"proc/self/cgroup": "0::/user/job\n"}


def test_without_limits_all_of_the_machine_can_be_used(tmp_path: Path) -> None:
    found = detect(machine(tmp_path))
    assert (found.processors.usable, found.memory.usable) == (16, 64 * GIB)
    assert (found.platform, found.accelerators) == ("linux/amd64", ())


@pytest.mark.parametrize(
    ("files", "affinity", "usable"),
    [
        ({}, 6, 6),
        ({**CGROUP, "sys/fs/cgroup/user/job/cpu.max": "150000 100000"}, None, 1.5),
        ({**CGROUP, "sys/fs/cgroup/user/cpu.max": "400000 100000"}, None, 4),
        ({**CGROUP, "sys/fs/cgroup/cpu.max": "50000 100000"}, 6, 0.5),
        ({**CGROUP, "sys/fs/cgroup/user/job/cpu.max": "max 100000"}, None, 16),
        (
            {
                "proc/self/cgroup": "4:cpuset:/\n3:cpu,cpuacct:/job\n",
                "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "250000",
                "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000",
            },
            None,
            2.5,
        ),
        ({**CGROUP, "sys/fs/cgroup/cpu.max": "9" * 400 + " 1"}, None, 16),
        ({"proc/self/cgroup": "nonsense\n0::/../../etc\n"}, None, 16),
    ],
)
def test_processors_are_limited_by_affinity_and_quotas(
    tmp_path: Path, files: dict[str, str], affinity: int | None, usable: float
) -> None:
    assert detect(machine(tmp_path, files=files, affinity=affinity)).processors.usable == usable


@pytest.mark.parametrize(
    ("files", "usable"),
    [
        ({**CGROUP, "sys/fs/cgroup/user/memory.max": str(2 * GIB)}, 2 * GIB),
        ({**CGROUP, "sys/fs/cgroup/user/memory.max": "max"}, 64 * GIB),
        ({"proc/self/cgroup": "2:memory:/", V1_LIMIT: str(GIB)}, GIB),
        ({"proc/self/cgroup": "2:memory:/", V1_LIMIT: str((1 << 63) - 4096)}, 64 * GIB),
    ],
)  # fmt: skip
def test_memory_is_limited_by_control_groups_of_both_versions(
    tmp_path: Path, files: dict[str, str], usable: int
) -> None:
    assert detect(machine(tmp_path, files=files)).memory.usable == usable


def test_the_share_of_docker_desktop_is_used_instead_of_the_whole_machine(tmp_path: Path) -> None:
    desktop = {
        **ENGINE,
        "OperatingSystem": "Docker Desktop",
        "Architecture": "aarch64",
        "NCPU": 4,
        "MemTotal": 8 * GIB,
    }
    found = detect(machine(tmp_path, engine=desktop, system="Darwin", architecture="arm64", processors=10))
    assert (found.processors.usable, found.memory.usable, found.platform) == (4, 8 * GIB, "linux/arm64")
    apple = found.accelerators[0]
    assert (apple.kind, apple.usable) == ("apple", False)


def test_an_unknown_share_of_docker_desktop_is_reported_as_unknown(tmp_path: Path) -> None:
    found = detect(machine(tmp_path, engine=None, system="Darwin", architecture="arm64", processors=10))
    assert (found.processors.usable, found.memory.usable) == (0, 0)


def test_without_an_engine_the_resources_of_linux_are_used(tmp_path: Path) -> None:
    found = detect(machine(tmp_path, engine=None))
    assert (found.engine, found.processors.usable) == (None, 16)


def test_only_the_figures_of_a_remote_engine_are_used(tmp_path: Path) -> None:
    found = detect(
        machine(
            tmp_path, files={"dev/nvidia0": ""}, affinity=1, environment={"DOCKER_HOST": "tcp://big:2376"},
            engine={**ENGINE, "NCPU": 96, "Architecture": "aarch64"},
        )
    )  # fmt: skip
    assert (found.processors.usable, found.platform, found.accelerators) == (96, "linux/arm64", ())


@pytest.mark.parametrize(
    "info",
    [{}, {"ServerVersion": ""}, {**ENGINE, "OSType": "windows"}, {**ENGINE, "NCPU": "many", "Runtimes": 3}],
)
def test_an_unexpected_response_of_the_engine_is_not_an_error(tmp_path: Path, info: dict[str, Any]) -> None:
    assert detect(machine(tmp_path, engine=info)).processors.usable == 16


def gpus(tmp_path: Path, **values: Any) -> Any:
    prints = {SMI: "NVIDIA H200, 143771, 580.65\nNVIDIA T4, 15360, 580.65\n"}
    return detect(machine(tmp_path, prints=prints, **values)).accelerators[0]


def test_an_nvidia_gpu_needs_the_driver_and_the_container_runtime(tmp_path: Path) -> None:
    without = gpus(tmp_path)
    assert (without.names, without.driver, without.usable) == (("NVIDIA H200", "NVIDIA T4"), "580.65", False)
    assert without.remark == (
        "the container engine cannot expose the GPU to containers: install the NVIDIA Container Toolkit"
    )
    registered = {**ENGINE, "Runtimes": {"runc": {}, "nvidia": {}}}
    assert gpus(tmp_path, engine=registered).usable
    assert gpus(tmp_path, files={"usr/bin/nvidia-container-runtime-hook": ""}).usable
    assert "no container engine responds" in gpus(tmp_path, engine=None).remark


def test_an_nvidia_driver_that_is_too_old_for_the_image_is_not_usable(tmp_path: Path) -> None:
    prints = {SMI: "NVIDIA T4, 15360, 535.104.05\n"}
    engine = {**ENGINE, "Runtimes": {"nvidia": {}}}
    found = detect(machine(tmp_path, prints=prints, engine=engine)).accelerators[0]
    assert (found.usable, found.remark) == (
        False,
        "the GPU image needs driver 580 or later; version 535.104.05 is installed",
    )


def test_an_nvidia_device_without_a_responding_driver_is_not_usable(tmp_path: Path) -> None:
    found = detect(machine(tmp_path, files={"dev/nvidia0": "", "dev/nvidiactl": ""})).accelerators[0]
    assert (found.kind, found.names, found.usable) == ("nvidia", ("NVIDIA GPU",), False)
    assert found.remark.startswith("nvidia-smi does not respond")


AMD = {"sys/class/drm/renderD128/device/vendor": "0x1002\n", "dev/dri/renderD128": ""}


def test_an_amd_gpu_needs_both_of_its_devices(tmp_path: Path) -> None:
    found = detect(machine(tmp_path, files=AMD)).accelerators[0]
    assert (found.kind, found.usable) == ("amd", False)
    assert found.remark.startswith("/dev/kfd is missing")
    found = detect(machine(tmp_path, files={**AMD, "dev/kfd": ""})).accelerators[0]
    assert (found.usable, found.devices) == (True, ("dev/kfd", "dev/dri/renderD128"))
    assert found.group == (tmp_path / "dev/kfd").stat().st_gid


def test_a_gpu_of_another_vendor_is_not_reported_as_amd(tmp_path: Path) -> None:
    files = {"sys/class/drm/renderD128/device/vendor": "0x8086\n", "dev/kfd": ""}
    assert detect(machine(tmp_path, files=files)).accelerators == ()


@pytest.mark.parametrize(
    ("files", "kind", "name"),
    [
        ({"dev/accel0": "", "dev/accel1": ""}, "tpu", "Cloud TPU"),
        ({"sys/bus/pci/devices/0/vendor": "0x1ae0", "dev/vfio/0": "", "dev/vfio/vfio": ""}, "tpu", "Cloud TPU"),
        ({"dev/apex_0": ""}, "tpu", "Edge TPU"),
        ({"dev/xclmgmt256": ""}, "fpga", "FPGA"),
        ({"dev/intel-fpga-fme.0": ""}, "fpga", "FPGA"),
        ({"sys/class/fpga_manager/fpga0/name": "Xilinx Zynq FPGA Manager"}, "fpga", "Xilinx Zynq FPGA Manager"),
    ],
)  # fmt: skip
def test_tpus_and_fpgas_are_found_by_their_devices(
    tmp_path: Path, files: dict[str, str], kind: str, name: str
) -> None:
    found = detect(machine(tmp_path, files=files)).accelerators[0]
    assert (found.kind, found.names[0], found.usable) == (kind, name, False)


def test_an_intel_npu_is_not_reported_as_a_tpu(tmp_path: Path) -> None:
    assert detect(machine(tmp_path, files={"dev/accel/accel0": ""})).accelerators == ()


def test_apple_silicon_is_detected_by_a_translated_python(tmp_path: Path) -> None:
    prints = {"sysctl -n hw.optional.arm64": "1\n", "sysctl -n machdep.cpu.brand_string": "Apple M3\n"}
    found = detect(machine(tmp_path, prints=prints, system="Darwin", architecture="x86_64")).accelerators
    assert found[0].names == ("GPU of Apple M3",)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("print('fine')", "fine\n"), ("raise SystemExit(9)", None), ("while True: print('x' * 65536)", None)],
)
def test_a_command_that_fails_or_prints_too_much_has_no_output(code: str, expected: str | None) -> None:
    assert ask((sys.executable, "-c", code)) == expected
    assert ask(("no-such-command-of-any-machine",)) is None


def test_a_command_that_hangs_times_out(tmp_path: Path) -> None:
    started = time.monotonic()
    assert ask((sys.executable, "-c", "import time; time.sleep(60)"), seconds=0.5) is None
    assert time.monotonic() - started < 10


def test_a_pipe_among_the_files_of_the_system_does_not_block(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    os.mkfifo(tmp_path / "proc/self")
    assert machine(tmp_path).text("proc/self") == ""
