"""Compare the prediction of one row in a running process with onnxruntime and with hand-written NumPy.

.venv/bin/python benchmarks/one_row.py [--rounds 25]
"""

from __future__ import annotations

from measure import duration, in_turns, met, options, table, times

TITLE = "One row, in process"


def main() -> None:
    """Run the benchmark and print its table."""
    chosen = options(__doc__, rounds=25)

    from networks import SIZES, by_hand, network_named, rows_for
    from onnx_side import session_of

    from pybrain_runtime import CompiledNetwork

    lines = []
    for name in SIZES:
        network = network_named(name)
        compiled, row = CompiledNetwork(network), rows_for(network, 1)
        hand, session = by_hand(network), session_of(network, precision="float64", threads=1)
        sides = [lambda: compiled.run(row), lambda: hand(row), lambda: session(row)]  # noqa: B023
        ours, theirs, onnx = in_turns(chosen.rounds, sides)
        faster = min(theirs, onnx)
        lines.append(
            [
                name,
                duration(ours),
                duration(theirs),
                duration(onnx),
                times(faster / ours),
                met(faster / ours >= 1.0),
            ]
        )
    print(f"## {TITLE}\n")
    print(
        table(
            ("network", "App07", "NumPy by hand", "onnxruntime", "speed-up over the faster", "≥ 1.0x"), lines
        )
    )
    print(f"\nfloat64, one thread, medians of {chosen.rounds} rounds.")


if __name__ == "__main__":
    main()
