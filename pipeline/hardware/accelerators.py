"""Detect accelerators (GPUs, TPUs and FPGAs), and whether containers can use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.hardware.engine import EngineFacts, is_remote
from pipeline.hardware.machine import Machine, whole_number

_NVIDIA_QUERY = (
    "nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits",
)  # fmt: skip
_OLDEST_DRIVER = 580  # required by CUDA 13, which CuPy in the image target `gpu` is built for
_AMD, _GOOGLE = "0x1002", "0x1ae0"
_MIB = 1 << 20
_FPGA_NODES = ("xclmgmt*", "xdma*", "xocl*", "dfl-fme.*", "dfl-port.*", "intel-fpga-*", "fpga[0-9]*")


@dataclass(frozen=True)
class Accelerator:
    """The accelerators of one kind.

    Attributes:
        kind: ``nvidia``, ``amd``, ``apple``, ``tpu`` or ``fpga``.
        names: the names of the devices.
        memory: the memory of each device in bytes; 0 if unknown.
        driver: the driver version; empty if unknown.
        devices: the device files.
        usable: whether containers can use the devices.
        remark: why containers cannot use them; empty if they can.
        group: the ID of the group that may use the devices; None if it is not needed.
    """

    kind: str
    names: tuple[str, ...]
    memory: tuple[int, ...] = ()
    driver: str = ""
    devices: tuple[str, ...] = ()
    usable: bool = False
    remark: str = ""
    group: int | None = None


def find_accelerators(machine: Machine, engine: EngineFacts | None) -> tuple[Accelerator, ...]:
    """Return the accelerators of a machine.

    Args:
        machine: the machine.
        engine: the container engine; None if none responds.
    """
    if is_remote(machine):
        return ()
    finders: tuple[Callable[[Machine, EngineFacts | None], Accelerator | None], ...] = (
        _nvidia, _amd, _apple, _tpu, _fpga,
    )  # fmt: skip
    return tuple(found for find in finders if (found := find(machine, engine)) is not None)


def _nvidia(machine: Machine, engine: EngineFacts | None) -> Accelerator | None:
    rows = [line.split(", ") for line in (machine.ask(_NVIDIA_QUERY) or "").splitlines()]
    gpus = [row for row in rows if len(row) == 3]
    devices = tuple(machine.entries("dev", "nvidia[0-9]*"))
    if not gpus:
        if not devices and not machine.exists("proc/driver/nvidia/version"):
            return None
        why = "nvidia-smi does not respond: the driver is not fully installed, or does not match the kernel"
        return Accelerator("nvidia", ("NVIDIA GPU",) * max(1, len(devices)), devices=devices, remark=why)
    memory = tuple((whole_number(row[1]) or 0) * _MIB for row in gpus)
    remark = _nvidia_remark(engine, gpus[0][2])
    names = tuple(row[0][:80] for row in gpus)
    return Accelerator("nvidia", names, memory, gpus[0][2][:40], devices, usable=not remark, remark=remark)


def _nvidia_remark(engine: EngineFacts | None, driver: str) -> str:
    if engine is None:
        return "no container engine responds, so it is unknown whether containers can use it"
    if not engine.nvidia:
        return (
            "the container engine cannot expose the GPU to containers: install the NVIDIA Container Toolkit"
        )
    series = whole_number(driver.partition(".")[0])
    if series is None or series < _OLDEST_DRIVER:
        return f"the GPU image needs driver {_OLDEST_DRIVER} or later; version {driver[:40]} is installed"
    return ""


def _amd(machine: Machine, engine: EngineFacts | None) -> Accelerator | None:
    nodes = [
        node
        for node in machine.entries("sys/class/drm", "renderD[0-9]*")
        if machine.text(f"{node}/device/vendor") == _AMD
    ]
    if not nodes:
        return None
    names = tuple(machine.text(f"{node}/device/product_name")[:80] or "AMD GPU" for node in nodes)
    memory = tuple(machine.number(f"{node}/device/mem_info_vram_total") or 0 for node in nodes)
    devices = tuple(f"dev/dri/{node.rpartition('/')[2]}" for node in nodes)
    present = tuple(path for path in ("dev/kfd", *devices) if machine.exists(path))
    remark = ""
    if "dev/kfd" not in present:
        remark = "/dev/kfd is missing: the amdgpu driver was built or loaded without compute support (ROCm)"
    elif len(present) == 1:
        remark = "the device file in /dev/dri is missing"
    elif engine is not None and engine.virtual:
        remark = "the container engine runs in a virtual machine without access to the GPU"
    group = machine.group("dev/kfd") if not remark else None
    return Accelerator(
        "amd", names, memory, devices=present, usable=not remark, remark=remark, group=group,
        driver=machine.text("sys/module/amdgpu/version")[:40],
    )  # fmt: skip


def _apple(machine: Machine, _: EngineFacts | None) -> Accelerator | None:
    if machine.system != "Darwin":
        return None
    # A Python for Intel CPUs reports x86_64 even on Apple silicon.
    if (
        machine.architecture != "arm64"
        and (machine.ask(("sysctl", "-n", "hw.optional.arm64")) or "").strip() != "1"
    ):
        return None
    name = (machine.ask(("sysctl", "-n", "machdep.cpu.brand_string")) or "").strip()[:80] or "Apple silicon"
    return Accelerator(
        "apple", (f"GPU of {name}",), remark="containers run in a virtual machine without access to the GPU"
    )


def _tpu(machine: Machine, _: EngineFacts | None) -> Accelerator | None:
    edge = machine.entries("dev", "apex_[0-9]*")
    cloud = machine.entries("dev", "accel[0-9]*")
    if not cloud and any(
        machine.text(f"{device}/vendor") == _GOOGLE for device in machine.entries("sys/bus/pci/devices", "*")
    ):
        cloud = machine.entries("dev/vfio", "[0-9]*")
    if not edge and not cloud:
        return None
    names = ("Edge TPU",) * len(edge) + ("Cloud TPU",) * len(cloud)
    return Accelerator("tpu", names, devices=(*edge, *cloud), remark="not supported by this project")


def _fpga(machine: Machine, _: EngineFacts | None) -> Accelerator | None:
    devices = machine.entries("dev", *_FPGA_NODES)
    managers = machine.entries("sys/class/fpga_manager", "*")
    names = tuple(machine.text(f"{manager}/name")[:80] or "FPGA" for manager in managers)
    if not devices and not managers:
        return None
    return Accelerator(
        "fpga", names or ("FPGA",), devices=tuple(devices), remark="not supported by this project"
    )
