"""Batched rows in float64: a plan against the same network written by hand in NumPy, and against PyBrain.

.venv/bin/python benchmarks/batched_rows.py [--rounds 15] [--threads 1]
"""

from __future__ import annotations

from measure import in_turns, met, options, rate, table, times

TITLE = "Batched rows, float64"
# Rows a second of one `activate` after the other, recorded once: see docs/benchmarks.md for where.
PYBRAIN = {"4-8-2": 4_300}
COUNTS = {"1-8-1": 200_000, "4-8-2": 200_000, "64-128-10": 40_000, "784-512-10": 8_000, "LSTM 4-16-2": 50_000}


def main() -> None:
    """Measures and prints."""
    chosen = options(__doc__, rounds=15)

    import numpy as np
    from networks import LSTM, SIZES, by_hand, feed_forward, lstm, lstm_by_hand, rows_for

    from pybrain_runtime import Plan

    lines = []
    for name in (*SIZES, LSTM):
        network = lstm() if name == LSTM else feed_forward(name)
        plan, rows = Plan.compile(network), rows_for(network, COUNTS[name])
        run = plan.run_sequences if name == LSTM else plan.run
        hand = lstm_by_hand(network) if name == LSTM else by_hand(network)
        np.testing.assert_allclose(run(rows), hand(rows), rtol=1e-10, atol=1e-13)
        ours, theirs = in_turns(chosen.rounds, [lambda: run(rows), lambda: hand(rows)])  # noqa: B023
        count = COUNTS[name]
        recorded = PYBRAIN.get(name)
        lines.append(
            [
                name,
                f"{count:,}",
                rate(count, ours),
                rate(count, theirs),
                times(theirs / ours),
                met(theirs / ours >= 1.0),
                f"{recorded:,}" if recorded else "-",
                times(count / ours / recorded) if recorded else "-",
                met(count / ours / recorded >= 500) if recorded else "-",
            ]
        )
    head = ("network", "rows", "ours, rows/s", "by hand", "ratio", "≥ 1.0x", "PyBrain", "ratio", "≥ 500x")
    print(f"## {TITLE}\n")
    print(table(head, lines))
    print(
        f"\nThreads: {chosen.threads}. Medians of {chosen.rounds} rounds. LSTM: sequences of 50 steps, all at once."
    )


if __name__ == "__main__":
    main()
