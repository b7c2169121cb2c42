"""Compare batched float32 inference of a compiled network with onnxruntime on the exported network.

.venv/bin/python benchmarks/float32_rows.py [--rounds 15] [--threads 1]
"""

from __future__ import annotations

from functools import partial

from measure import in_turns, met, options, rate, table, threads, times

TITLE = "Batched rows, float32"


def main() -> None:
    """Run the benchmark and print its table."""
    chosen = options(__doc__, rounds=15)

    import numpy as np
    from networks import COUNTS, LSTM, SIZES, network_named, rows_for
    from onnx_side import session_of

    from pybrain_runtime import CompiledNetwork

    lines = []
    for name in (*SIZES, LSTM):
        network = network_named(name)
        compiled = CompiledNetwork(network, precision="float32")
        rows = rows_for(network, COUNTS[name]).astype(np.float32)
        method = compiled.run_sequences if name == LSTM else compiled.run
        run = partial(method, threads=chosen.threads)
        session = session_of(network, precision="float32", threads=chosen.threads)
        exact = CompiledNetwork(network)
        outputs = (exact.run_sequences if name == LSTM else exact.run)(rows)
        apart = np.abs(run(rows) - outputs).max()
        np.testing.assert_allclose(session(rows), outputs, atol=1e-4)
        ours, theirs = in_turns(chosen.rounds, [lambda: run(rows), lambda: session(rows)])  # noqa: B023
        count = COUNTS[name]
        lines.append(
            [
                name,
                f"{count:,}",
                rate(count, ours),
                rate(count, theirs),
                times(theirs / ours),
                met(theirs / ours >= 1.0),
                f"{apart:.1e}",
            ]
        )
    print(f"## {TITLE}, {threads(chosen.threads)}\n")
    print(table(("network", "rows", "App07, rows/s", "onnxruntime", "speed-up", "≥ 1.0x", "error"), lines))
    print(
        f"\nMedians of {chosen.rounds} rounds. The error is the largest "
        "difference from float64.\nonnxruntime runs what `convert --to onnx --precision float32` writes; "
        "LSTM: sequences of 50 steps, all in one batch.\nThe two larger networks are limited by OpenBLAS: a profile of "
        "64-128-10 shows three quarters of the time in its two matrix products."
    )


if __name__ == "__main__":
    main()
