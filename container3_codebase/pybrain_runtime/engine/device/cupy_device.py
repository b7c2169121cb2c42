"""The GPU that CuPy computes on: CUDA, or ROCm where CuPy was built for it."""

from __future__ import annotations

import warnings

from pybrain_runtime.engine.device.arrays import Device
from pybrain_runtime.errors import DeviceUnavailable
from pybrain_runtime.io.printable import escaped


def open_cupy() -> Device:
    """Return the first GPU.

    Raises:
        DeviceUnavailable: CuPy is not installed, or finds no usable GPU and driver.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about parts of CUDA that are not used
            import cupy
    except Exception as error:  # also OSError, if it cannot create the folder for its kernels
        missing = isinstance(error, ModuleNotFoundError) and error.name == "cupy"
        raise DeviceUnavailable("CuPy is not installed" if missing else reason_of(error)) from error
    try:
        runtime = cupy.cuda.runtime
        if not runtime.getDeviceCount():
            raise DeviceUnavailable("there is none")
        name = runtime.getDeviceProperties(0)["name"]
        free, _ = runtime.memGetInfo()
    except RuntimeError as error:  # CuPy's errors of the CUDA runtime and the driver
        raise DeviceUnavailable(reason_of(error)) from error
    pool = cupy.get_default_memory_pool()
    return Device(
        name=escaped(name.decode("utf-8", "replace"), 60),
        arrays=cupy,
        fetch=cupy.asnumpy,
        memory=free,
        limit=lambda size: pool.set_limit(size=size),
    )


def reason_of(error: Exception) -> str:
    """Return the first line of an error, without a final period, to be embedded in a sentence."""
    lines = str(error).strip().splitlines()
    text = lines[0].rstrip(".") if lines else ""
    return escaped(f"{type(error).__name__}: {text}" if text else type(error).__name__, 160)
