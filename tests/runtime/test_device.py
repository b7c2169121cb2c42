"""Inference on a device: the same outputs as on the CPU, bounded memory, and a fallback to the CPU for any failure.

A device of the tests computes in the memory of the host, with arrays that mix with NumPy's as little as CuPy's do.
`test_device_gpu.py` has the tests that need a GPU.
"""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pybrain_runtime import (
    CompiledNetwork,
    ConnectionDescription,
    Knowledge,
    ModuleDescription,
    NetworkDescription,
    load_knowledge,
)
from pybrain_runtime.engine.device.arrays import Device
from pybrain_runtime.engine.device.cupy_device import open_cupy
from pybrain_runtime.engine.device.device_network import DeviceNetwork
from pybrain_runtime.engine.device.gather import gather
from pybrain_runtime.engine.device.session import DeviceSession, largest_difference
from pybrain_runtime.engine.device.work import WorkRule, work_rule
from pybrain_runtime.errors import ActivationError, DeviceUnavailable, UsageError
from pybrain_runtime.network.layers.registry import LAYERS
from pybrain_runtime.tables.batch import RowBatch
from pybrain_runtime.tables.text_column import TextColumn
from tests.runtime.test_layer_kinds import DETERMINISTIC, example
from tests.runtime.test_layer_kinds import network_of as example_network

FIXTURES = Path(__file__).parents[1] / "fixtures"
NETWORKS = sorted(FIXTURES.glob("networks*/*/net.p2.pkl")) + sorted(
    FIXTURES.glob("default/*/currentSolution.pkl")
)
NOW = WorkRule(start=0, cost=1, batch_rows=50)
"""Tries the device with the first rows."""


class DeviceArray(np.ndarray):
    """An array that refuses NumPy's arrays as operands and is not converted to one, except by `fetch`."""

    __array_priority__ = 1.0

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        outs = options.pop("out", ())
        if outs:
            options["out"] = tuple(host(out) for out in outs)
        result = getattr(ufunc, method)(*map(host, inputs), **options)
        return outs[0] if outs else on_device(result)

    def __array_function__(self, function: Any, types: Any, words: Any, options: Any) -> Any:
        for array in words[0] if isinstance(words[0], list | tuple) else words[:1]:
            host(array)
        return super().__array_function__(function, types, words, options)

    def __setitem__(self, place: Any, value: Any) -> None:
        host(value)
        super().__setitem__(place, value)


def host(value: Any) -> Any:
    if type(value) is np.ndarray:
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    return value.view(np.ndarray) if isinstance(value, DeviceArray) else value


def on_device(value: Any) -> Any:
    return value.view(DeviceArray) if isinstance(value, np.ndarray) else value


class HostArrays:
    """The array library of the device."""

    def asarray(self, a: np.ndarray, /) -> np.ndarray:
        return np.array(a).view(DeviceArray)

    def zeros(self, shape: tuple[int, int], /) -> np.ndarray:
        return np.zeros(shape).view(DeviceArray)

    def ones(self, shape: tuple[int, int], /) -> np.ndarray:
        return np.ones(shape).view(DeviceArray)


def fetch(array: np.ndarray) -> np.ndarray:
    assert isinstance(array, DeviceArray)
    return array.view(np.ndarray).copy()


def device_with(*, memory: int = 1 << 30, fetch: Callable[..., np.ndarray] = fetch) -> Device:
    return Device("Test GPU", HostArrays(), fetch, memory, lambda size: None)


def rows_for(network: NetworkDescription, count: int) -> np.ndarray:
    return np.random.default_rng(7).standard_normal((count, network.indim)) * 2


def network_of(*sizes: int, kind: str = "SigmoidLayer") -> NetworkDescription:
    random = np.random.default_rng(1)
    modules = [ModuleDescription("in", "LinearLayer", sizes[0], sizes[0])]
    modules += [ModuleDescription(f"{place}", kind, size, size) for place, size in enumerate(sizes[1:])]
    connections = [
        ConnectionDescription(
            f"c{place}", "FullConnection", place, place + 1, (0, ends[0]), (0, ends[1]),
            random.standard_normal(ends[0] * ends[1]) / ends[0] ** 0.5,
        )
        for place, ends in enumerate(pairwise(sizes))
    ]  # fmt: skip
    return NetworkDescription(
        "net", "FeedForwardNetwork", tuple(modules), (0,), (len(sizes) - 1,), tuple(connections)
    )


def clock(*seconds: float) -> Callable[[], float]:
    """Return a clock by which the timed runs take these seconds, one after another."""
    times = [time for length in seconds for time in (0.0, length)]
    return iter(times).__next__


def session(
    network: NetworkDescription,
    open_device: Callable[[], Device] = device_with,
    *,
    rule: WorkRule | None = NOW,
    seconds: tuple[float, float] = (1.0, 2.0),
) -> DeviceSession:
    """Return a session in which the trial takes these seconds on the device and on the CPU."""
    return DeviceSession(
        CompiledNetwork(network),
        network,
        open_device=open_device,
        rule=rule,
        clock=clock(*seconds),
        threads=1,
    )


# --- the same outputs


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_a_recorded_network_has_the_outputs_of_the_cpu_or_a_reason(path: Path) -> None:
    network = load_knowledge(path).network
    try:
        found = DeviceNetwork(network, device_with()).run(rows_for(network, 40))
    except DeviceUnavailable as error:
        assert "is not computed there" in error.message or "one after another" in error.message
        return
    expected = CompiledNetwork(network).run(rows_for(network, 40))
    assert largest_difference(found, expected) <= 1e-12


@pytest.mark.slow
def test_most_recorded_feed_forward_networks_can_be_computed_on_a_device() -> None:
    networks = [load_knowledge(path).network for path in NETWORKS]
    plain = [network for network in networks if not network.recurrent]
    computed = []
    for network in plain:
        try:
            computed.append(DeviceNetwork(network, device_with()))
        except DeviceUnavailable:
            continue
    assert len(computed) >= 0.75 * len(plain)


@pytest.mark.parametrize(
    "name", [name for name in DETERMINISTIC if LAYERS[name].forward and LAYERS[name].continuous]
)
def test_a_kind_of_layer_has_the_outputs_of_the_cpu(name: str) -> None:
    network = example_network(example(name))
    rows = rows_for(network, 20)
    found = DeviceNetwork(network, device_with()).run(rows)
    assert largest_difference(found, CompiledNetwork(network).run(rows)) <= 1e-12


@pytest.mark.parametrize("name", ["GaussianLayer", "BernoulliLayer", "LSTMLayer", "KohonenMap"])
def test_an_unsupported_kind_of_layer_is_reported(name: str) -> None:
    with pytest.raises(DeviceUnavailable, match=f"the {name} 'middle' is not computed there"):
        DeviceNetwork(example_network(example(name)), device_with())


@pytest.mark.parametrize(
    "kind", ["LinearLayer", "SigmoidLayer", "TanhLayer", "ReluLayer", "SoftSignLayer", "SoftmaxLayer"]
)
def test_extreme_inputs_give_the_same_infinities_and_nans(kind: str) -> None:
    network = network_of(3, 5, 2, kind=kind)
    rows = np.array([[1e308, -1e308, 1e308], [np.inf, 0, 0], [np.nan, 1, 2], [0, 0, 0], [1e3, -1e3, 700]])
    found = DeviceNetwork(network, device_with()).run(rows)
    assert largest_difference(found, CompiledNetwork(network).run(rows)) <= 1e-12


def test_the_difference_is_absolute_below_one_relative_above_and_infinite_for_a_nan() -> None:
    assert largest_difference(np.array([[0.5, 2e6]]), np.array([[0.25, 1e6]])) == 1.0
    assert largest_difference(np.array([[0.5]]), np.array([[0.25]])) == 0.25
    assert largest_difference(np.array([[np.nan]]), np.array([[1.0]])) == np.inf
    assert largest_difference(np.array([[np.nan, np.inf]]), np.array([[np.nan, np.inf]])) == 0.0
    assert largest_difference(np.array([[np.inf]]), np.array([[-np.inf]])) == np.inf
    assert largest_difference(np.empty((0, 2)), np.empty((0, 2))) == 0.0


def test_a_recurrent_network_is_computed_on_the_cpu() -> None:
    lstm = load_knowledge(FIXTURES / "networks/rnn_bn_lstm/net.p2.pkl").network
    with pytest.raises(DeviceUnavailable, match="recurrent network are computed one after another"):
        DeviceNetwork(lstm, device_with())


# --- memory


def test_the_memory_of_the_rows_is_bounded_by_computing_them_in_chunks() -> None:
    network = network_of(64, 256, 128, 8)
    limit = 1 << 20
    device_network = DeviceNetwork(network, device_with(), memory=limit)
    rows = rows_for(network, 5 * device_network.rows_at_once + 3)
    tracemalloc.start()
    found = device_network.run(rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert device_network.rows_at_once < 200
    assert peak - found.nbytes <= limit
    assert largest_difference(found, CompiledNetwork(network).run(rows)) <= 1e-12


def test_a_device_with_little_free_memory_gets_smaller_chunks_and_a_limit() -> None:
    network = network_of(64, 256, 8)
    limits: list[int] = []
    device = device_with(memory=1 << 20).replace(limit=limits.append)
    roomy, tight = DeviceNetwork(network, device_with()), DeviceNetwork(network, device)
    assert tight.rows_at_once < roomy.rows_at_once / 100
    assert limits == [(1 << 20) + 16 * network.parameter_count]


# --- when the device is tried


@pytest.mark.slow
def test_a_small_network_is_tried_late_and_a_large_one_early() -> None:
    small = work_rule(CompiledNetwork(network_of(4, 8, 2)).cost, 6, threads=1)
    large = work_rule(CompiledNetwork(network_of(784, 2048, 2048, 10)).cost, 794, threads=1)
    assert small.start_rows > 100_000_000
    assert 5_000 < large.start_rows < 10_000
    assert work_rule(large.cost, 794, threads=8).start_rows == pytest.approx(8 * large.start_rows, abs=8)


def test_a_batch_is_large_and_bounded_in_memory() -> None:
    assert work_rule(6_000_000, 794, threads=2).batch_rows == 334
    assert work_rule(100, 6, threads=2).batch_rows == (64 << 20) // 48
    assert work_rule(0, 0, threads=1).batch_rows == (64 << 20) // 8


def test_few_rows_do_not_open_the_device(line: Knowledge) -> None:
    def unexpected() -> Device:
        raise AssertionError("the device was opened")

    run = session(line.network, unexpected, rule=None)
    assert run.activate([[1.0], [2.0]]).tolist() == line.compiled.run([[1.0], [2.0]]).tolist()
    assert run.note.startswith("Computed on the CPU: for this network, a GPU is tried from ")
    assert run.note.endswith(" rows on.")


def test_rows_are_computed_on_the_device_from_the_stated_row_on() -> None:
    network = network_of(4, 8, 2)
    run = session(network, rule=WorkRule(start=1_000, cost=10, batch_rows=50))
    rows = rows_for(network, 130)
    outputs = np.concatenate([run.activate(part) for part in (rows[:60], rows[60:120], rows[120:])])
    assert run.note == "Computed on Test GPU from row 61 on."
    assert largest_difference(outputs, CompiledNetwork(network).run(rows)) <= 1e-12


def test_if_the_cpu_is_faster_it_computes_everything() -> None:
    network = network_of(4, 8, 2)
    run = session(network, seconds=(2.0, 1.0))
    rows = rows_for(network, 50)
    assert (run.activate(rows) == CompiledNetwork(network).run(rows)).all()
    assert run.note == (
        "Computed on the CPU, which is faster for this network: 50 rows/s; Test GPU: 25 rows/s."
    )


def test_batches_are_collected_for_the_device_in_order() -> None:
    found = list(gather([batch_of(size) for size in (3, 4, 5, 2)], 6))
    assert [batch.inputs[:, 0].tolist() for batch in found] == [[3.0] * 3 + [4.0] * 4, [5.0] * 5 + [2.0] * 2]
    assert [batch.targets[:, 0].tolist() for batch in found if batch.targets is not None] == [
        [-3.0] * 3 + [-4.0] * 4, [-5.0] * 5 + [-2.0] * 2,
    ]  # fmt: skip
    assert [batch.labels.tolist() for batch in found if batch.labels is not None] == [
        [3] * 3 + [4] * 4, [5] * 5 + [2] * 2,
    ]  # fmt: skip
    assert [batch.kept[0].texts() for batch in found] == [["3"] * 3 + ["4"] * 4, ["5"] * 5 + ["2"] * 2]
    plain = [RowBatch(np.ones((30, 2)), None, first=1) for _ in range(3)]
    run = session(network_of(2, 2))
    assert [(len(batch.inputs), batch.targets, batch.labels) for batch in run.batches(plain)] == [
        (60, None, None), (30, None, None),
    ]  # fmt: skip


def batch_of(size: int) -> RowBatch:
    """Return rows that hold their number, as values, as classes and as text."""
    batch = RowBatch(np.full((size, 2), size, float), np.full((size, 1), -size, float), first=1)
    batch.labels, batch.kept = np.full(size, size), [TextColumn([str(size)] * size)]
    return batch


# --- whatever fails


def unavailable() -> Device:
    raise DeviceUnavailable("there is none")


def broken() -> Device:
    raise OSError("libcublas.so.12: cannot open shared object file\nsecond line")


def out_of_memory(array: np.ndarray) -> np.ndarray:
    raise MemoryError("out of memory allocating 512 bytes")


def inexact(array: np.ndarray) -> np.ndarray:
    return fetch(array) + 1e-9


def not_a_number(array: np.ndarray) -> np.ndarray:
    return fetch(array) * np.nan


@pytest.mark.parametrize(
    ("open_device", "note"),
    [
        (unavailable, "no GPU can be used (there is none)."),
        (broken, "no GPU can be used (OSError: libcublas.so.12: cannot open shared object file)."),
        (
            lambda: device_with(fetch=out_of_memory),
            "no GPU can be used (MemoryError: out of memory allocating 512 bytes).",
        ),
        (lambda: device_with(fetch=inexact), "the outputs of Test GPU differ by 1.0e-09."),
        (lambda: device_with(fetch=not_a_number), "the outputs of Test GPU differ by inf."),
    ],
    ids=["none", "no library", "no memory", "wrong", "nan"],
)  # fmt: skip
def test_a_failing_device_gives_the_outputs_of_the_cpu_and_one_sentence(
    open_device: Callable[[], Device], note: str
) -> None:
    network = network_of(4, 8, 2)
    run = session(network, open_device)
    rows = rows_for(network, 70)
    outputs = np.concatenate([run.activate(rows[:50]), run.activate(rows[50:])])
    assert (outputs == CompiledNetwork(network).run(rows)).all()
    assert run.note == f"Computed on the CPU: {note}"


def test_a_device_that_fails_in_the_middle_is_replaced_from_the_first_row_of_that_batch_on() -> None:
    network = network_of(4, 8, 2)
    calls: Iterator[bool] = iter([True, True, True, False])

    def fetch_three_times(array: np.ndarray) -> np.ndarray:
        if next(calls):
            return fetch(array)
        raise MemoryError("out of memory")

    run = session(network, lambda: device_with(fetch=fetch_three_times))
    rows = rows_for(network, 150)
    outputs = np.concatenate([run.activate(part) for part in np.split(rows, 3)])
    assert run.note == "Computed on the CPU from row 51 on: Test GPU failed (MemoryError: out of memory)."
    assert largest_difference(outputs, CompiledNetwork(network).run(rows)) <= 1e-12


def test_rows_of_another_width_are_an_error_of_the_rows() -> None:
    run = session(network_of(4, 8, 2))
    with pytest.raises(ActivationError, match=r"shape \(n, 4\), got \(2, 3\)"):
        run.activate(np.ones((2, 3)))


CUPY = """
import numpy as np
from types import SimpleNamespace
asarray, zeros, ones, asnumpy = np.asarray, np.zeros, np.ones, np.asarray
limits = []
def get_default_memory_pool():
    return SimpleNamespace(set_limit=lambda *, size: limits.append(size))
def count():
    {count}
runtime = SimpleNamespace(
    getDeviceCount=count, getDeviceProperties=lambda number: {{"name": b"NVIDIA Test"}},
    memGetInfo=lambda: (1 << 30, 2 << 30),
)
cuda = SimpleNamespace(runtime=runtime)
"""
"""The names of CuPy that are used, with NumPy behind them."""


@pytest.fixture
def cupy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return a function that replaces CuPy; its argument counts the GPUs."""

    def replace(code: str) -> None:
        (tmp_path / "cupy.py").write_text(code, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "cupy", raising=False)

    yield replace
    sys.modules.pop("cupy", None)


def test_the_first_gpu_of_cupy_is_opened(cupy: Callable[[str], None]) -> None:
    cupy(CUPY.format(count="return 1"))
    device = open_cupy()
    assert (device.name, device.memory) == ("NVIDIA Test", 1 << 30)
    network = network_of(4, 8, 2)
    rows = rows_for(network, 10)
    assert (
        largest_difference(DeviceNetwork(network, device).run(rows), CompiledNetwork(network).run(rows))
        <= 1e-12
    )
    assert sys.modules["cupy"].limits == [(1 << 30) + 16 * network.parameter_count]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (CUPY.format(count="return 0"), "there is none"),
        (
            CUPY.format(count="raise RuntimeError('cudaErrorInsufficientDriver: no driver')"),
            "RuntimeError: cudaErrorInsufficientDriver: no driver",
        ),
        ("raise ImportError('libnvrtc.so.13: not found')", "ImportError: libnvrtc.so.13: not found"),
        ("raise OSError(30, 'Read-only file system', '/.cupy')", "Read-only file system: '/.cupy'"),
        ("raise ModuleNotFoundError('no cupy', name='cupy')", "CuPy is not installed"),
    ],
    ids=["no gpu", "no driver", "no library", "no folder", "not installed"],
)
def test_a_gpu_that_cannot_be_opened_is_unavailable_for_a_reason(
    cupy: Callable[[str], None], code: str, reason: str
) -> None:
    cupy(code)
    with pytest.raises(DeviceUnavailable) as caught:
        open_cupy()
    assert caught.value.message.endswith(reason)


def test_a_session_is_requested_by_name_and_in_float64(flower: Knowledge) -> None:
    run = flower.session(device="gpu")
    rows = np.array([[5.1, 3.5, 1.4, 0.2]])
    assert (run.activate(rows) == flower.activate(rows)).all()
    assert run.note.startswith("Computed on the CPU: for this network, a GPU is tried from ")
    assert flower.session().note == ""
    with pytest.raises(UsageError, match="got gpu and float32"):
        flower.session(device="gpu", precision="float32")
    with pytest.raises(UsageError, match="got tpu and float64"):
        flower.session(device="tpu")


def test_a_session_of_a_recurrent_network_reports_why_it_uses_the_cpu() -> None:
    knowledge = load_knowledge(FIXTURES / "networks/rnn_bn_lstm/net.p2.pkl")
    run = knowledge.session(device="gpu")
    rows = rows_for(knowledge.network, 6)
    assert (run.activate(rows) == knowledge.compiled.run(rows)).all()
    assert run.note == (
        "Computed on the CPU: the time steps of a recurrent network are computed one after another."
    )


@pytest.mark.slow
def test_a_cpu_session_loads_no_device_code() -> None:
    code = (
        "import sys; from pybrain_runtime import load_knowledge; "
        "load_knowledge(sys.argv[1]).session().activate([[1.0, 2.0, 3.0, 4.0]]); "
        "print([name for name in sys.modules if 'device' in name or name == 'cupy'])"
    )
    words = [sys.executable, "-c", code, str(FIXTURES / "default/iris/currentSolution.pkl")]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "[]\n"
