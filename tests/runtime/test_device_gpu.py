"""Inference on a real GPU. These tests run where CuPy finds one: `pytest -m gpu`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pybrain.structure import SigmoidLayer, SoftmaxLayer
from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime import CompiledNetwork, load_knowledge
from pybrain_runtime.engine.device.arrays import Device
from pybrain_runtime.engine.device.cupy_device import open_cupy
from pybrain_runtime.engine.device.device_network import DeviceNetwork, check_supported
from pybrain_runtime.engine.device.session import DeviceSession, largest_difference
from pybrain_runtime.engine.device.work import WorkRule
from pybrain_runtime.errors import DeviceUnavailable
from pybrain_runtime.knowledge import read_network
from pybrain_runtime.network.description import NetworkDescription

FIXTURES = Path(__file__).parents[1] / "fixtures"
NOW = WorkRule(start=0, cost=1, batch_rows=20_000)

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def device() -> Device:
    try:
        return open_cupy()
    except DeviceUnavailable as error:
        pytest.skip(f"no GPU here: {error.message}")


@pytest.fixture(autouse=True)
def empty_pool(device: Device) -> None:
    """Return the memory of earlier tests, which CuPy keeps for later arrays."""
    import cupy

    cupy.get_default_memory_pool().free_all_blocks()


@pytest.fixture(scope="module")
def large() -> NetworkDescription:
    """Return a network of 784, 1024, 1024 and 10 units."""
    import pickle

    net = buildNetwork(784, 1024, 1024, 10, hiddenclass=SigmoidLayer, outclass=SoftmaxLayer)
    return read_network(pickle.dumps(net, protocol=2), "large").network


def rows_for(network: NetworkDescription, count: int) -> np.ndarray:
    return np.random.default_rng(7).standard_normal((count, network.indim))


def test_recorded_networks_have_the_outputs_of_the_cpu(device: Device) -> None:
    computed = 0
    for path in sorted(FIXTURES.glob("networks/*/net.p2.pkl")):
        network = load_knowledge(path).network
        try:
            check_supported(network)
        except DeviceUnavailable:
            continue
        rows = rows_for(network, 500)
        found = DeviceNetwork(network, device).run(rows)
        assert largest_difference(found, CompiledNetwork(network).run(rows)) <= 1e-12, path.parent.name
        computed += 1
    assert computed > 30


def test_a_large_network_agrees_and_does_not_exceed_the_memory_limit(
    device: Device, large: NetworkDescription
) -> None:
    import cupy

    limit = 64 << 20
    network = DeviceNetwork(large, device, memory=limit)
    rows = rows_for(large, 3 * network.rows_at_once + 7)
    found = network.run(rows)
    assert largest_difference(found, CompiledNetwork(large).run(rows)) <= 1e-12
    assert cupy.get_default_memory_pool().total_bytes() <= 2 * limit + 16 * large.parameter_count


def test_the_gpu_is_faster_for_many_rows_of_a_large_network(
    device: Device, large: NetworkDescription
) -> None:
    session = DeviceSession(CompiledNetwork(large), large, open_device=lambda: device, rule=NOW)
    rows = rows_for(large, 20_000)
    outputs = session.activate(rows)
    assert session.note == f"Computed on {device.name}."
    assert largest_difference(outputs, CompiledNetwork(large).run(rows)) <= 1e-12


def test_without_enough_memory_the_cpu_computes(device: Device, large: NetworkDescription) -> None:
    def tight(size: int) -> None:
        device.limit(1 << 20)

    session = DeviceSession(
        CompiledNetwork(large), large, open_device=lambda: device.replace(limit=tight), rule=NOW
    )
    rows = rows_for(large, 100)
    assert (session.activate(rows) == CompiledNetwork(large).run(rows)).all()
    assert session.note.startswith("Computed on the CPU: no GPU can be used (OutOfMemoryError: ")
