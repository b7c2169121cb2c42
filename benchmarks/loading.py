"""Compare the safe loading of knowledge files with a plain ``pickle.load`` into this project's library.

.venv/bin/python benchmarks/loading.py [--rounds 25]
"""

from __future__ import annotations

import pickle
from pathlib import Path

from measure import duration, in_turns, met, options, table, times

TITLE = "Loading knowledge"
ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "the default, 4-6-3": ROOT / "container2_knowledgebase" / "currentSolution.pkl",
    "models/course.pkl, 1-8-1": ROOT / "models" / "course.pkl",
    "LSTM with peepholes, protocol 0": ROOT
    / "tests"
    / "fixtures"
    / "networks"
    / "rnn_bn_lstm_peep"
    / "net.p0.pkl",
    "64-32-10, protocol 2": ROOT / "tests" / "fixtures" / "networks" / "bn_64_32_10_softmax" / "net.p2.pkl",
}


def main() -> None:
    """Run the benchmark and print its table."""
    chosen = options(__doc__, rounds=25)

    from pybrain_runtime import CompiledNetwork, load_knowledge

    def plainly(path: Path) -> object:
        with path.open("rb") as file:
            return pickle.load(file, encoding="latin1")

    lines = []
    for name, path in FILES.items():
        knowledge = load_knowledge(path)
        sides = [
            lambda: load_knowledge(path),  # noqa: B023
            lambda: plainly(path),  # noqa: B023
            lambda: CompiledNetwork(knowledge.network),  # noqa: B023
        ]
        ours, plain, compiling = in_turns(chosen.rounds, sides)
        lines.append(
            [
                name,
                duration(ours),
                duration(plain),
                times(ours / plain),
                met(ours / plain <= 3.0),
                met(ours < 0.020),
                duration(compiling),
            ]
        )
    print(f"## {TITLE}\n")
    print(table(("file", "App07", "pickle.load", "time ratio", "≤ 3x", "< 20 ms", "compiling"), lines))
    print(
        f"\nApp07 opens, hashes, reads and checks the file and its card. The network is compiled later, at first use. "
        f"Medians of {chosen.rounds} rounds."
    )


if __name__ == "__main__":
    main()
