"""Compare batched float64 inference on a GPU with the CPU; needs CuPy and a GPU.

python benchmarks/device_rows.py [--rounds 15] [--threads 16]
"""

from __future__ import annotations

from measure import in_turns, options, rate, table, times

TITLE = "Batched rows on a GPU, float64"
SIZES = ((4, 8, 2), (64, 128, 10), (784, 512, 10), (784, 1024, 1024, 10))
ROWS = 20_000


def main() -> None:
    """Run the benchmark and print its table."""
    chosen = options(__doc__, rounds=15)

    import pickle

    import numpy as np

    from pybrain.tools.shortcuts import buildNetwork
    from pybrain_runtime import CompiledNetwork
    from pybrain_runtime.engine.device.cupy_device import open_cupy
    from pybrain_runtime.engine.device.device_network import DeviceNetwork
    from pybrain_runtime.engine.device.session import largest_difference
    from pybrain_runtime.errors import DeviceUnavailable
    from pybrain_runtime.knowledge import read_network

    try:
        device = open_cupy()
    except DeviceUnavailable as error:
        raise SystemExit(f"No GPU can be used: {error.message}.") from None
    lines = []
    for sizes in SIZES:
        network = read_network(pickle.dumps(buildNetwork(*sizes), protocol=2), "benchmark").network
        compiled, on_device = CompiledNetwork(network), DeviceNetwork(network, device)
        rows = np.random.default_rng(7).standard_normal((ROWS, network.indim))
        difference = largest_difference(on_device.run(rows), compiled.run(rows))
        ours, theirs = in_turns(
            chosen.rounds,
            [lambda: on_device.run(rows), lambda: compiled.run(rows, threads=chosen.threads)],  # noqa: B023
        )
        name = "-".join(map(str, sizes))
        lines.append([name, rate(ROWS, ours), rate(ROWS, theirs), times(theirs / ours), f"{difference:.1e}"])
    print(f"## {TITLE}: {device.name}, and {chosen.threads} threads of the CPU\n")
    print(table(("network", "GPU, rows/s", "CPU, rows/s", "speed-up", "difference"), lines))
    print(f"\nMedians of {chosen.rounds} rounds, {ROWS:,} rows, transfers included.")


if __name__ == "__main__":
    main()
