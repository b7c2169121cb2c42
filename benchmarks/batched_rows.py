"""Compare batched float64 inference of a compiled network with hand-written NumPy and with PyBrain.

.venv/bin/python benchmarks/batched_rows.py [--rounds 15] [--threads 1]
"""

from __future__ import annotations

from functools import partial

from measure import in_turns, met, options, rate, table, threads, times

TITLE = "Batched rows, float64"
SMALL = ("1-8-1", "4-8-2")
# Rows per second of PyBrain itself, as recorded_pybrain.py printed them on the machine of docs/benchmarks.md.
PYBRAIN = {"1-8-1": 15_877, "4-8-2": 15_805, "64-128-10": 13_576, "784-512-10": 5_875, "LSTM 4-16-2": 15_544}


def main() -> None:
    """Run the benchmark and print its table."""
    chosen = options(__doc__, rounds=15)

    import numpy as np
    from networks import COUNTS, LSTM, SIZES, by_hand, lstm_by_hand, network_named, rows_for

    from pybrain_runtime import CompiledNetwork

    lines = []
    for name in (*SIZES, LSTM):
        network = network_named(name)
        compiled, rows = CompiledNetwork(network), rows_for(network, COUNTS[name])
        method = compiled.run_sequences if name == LSTM else compiled.run
        run = partial(method, threads=chosen.threads)
        hand = lstm_by_hand(network) if name == LSTM else by_hand(network)
        np.testing.assert_allclose(run(rows), hand(rows), rtol=1e-10, atol=1e-13)
        ours, theirs = in_turns(chosen.rounds, [lambda: run(rows), lambda: hand(rows)])  # noqa: B023
        count = COUNTS[name]
        factor = count / ours / PYBRAIN[name]
        lines.append(
            [
                name,
                f"{count:,}",
                rate(count, ours),
                rate(count, theirs),
                times(theirs / ours),
                met(theirs / ours >= 1.0),
                f"{PYBRAIN[name]:,}",
                times(factor),
                met(factor >= 500) if name in SMALL else "-",
            ]
        )
    head = (
        "network", "rows", "App07, rows/s", "NumPy by hand", "speed-up", "≥ 1.0x", "PyBrain", "speed-up", "≥ 500x",
    )  # fmt: skip
    print(f"## {TITLE}, {threads(chosen.threads)}\n")
    print(table(head, lines))
    print(
        f"\nMedians of {chosen.rounds} rounds. LSTM: sequences of 50 steps, all in one batch.\n"
        "PyBrain: recorded with pybrain3 3.0.4 on CPython 3.11.7 and NumPy 1.23.5, one `activate` call per row\n"
        "(`benchmarks/recorded_pybrain.py`). PyBrain git dcdf32b reached 4,300 rows/s with 4-8-2 on a slower machine."
    )


if __name__ == "__main__":
    main()
