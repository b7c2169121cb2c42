"""Time from process start to a one-row prediction, compared with a process that only imports NumPy.

.venv/bin/python benchmarks/start.py [--rounds 31]
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import duration, in_turns, met, options, table, times

TITLE = "Process start to a one-row prediction"
ROOT = Path(__file__).resolve().parent.parent


def default_run(output: Path) -> dict[str, str]:
    """Return the environment in which the container's program predicts the default row with the default network.

    Args:
        output: the prediction.
    """
    return os.environ | {
        "MODEL_PATH": str(ROOT / "container2_knowledgebase" / "currentSolution.pkl"),
        "DATA_PATH": str(ROOT / "container1_activationbase" / "currentActivation.csv"),
        "OUTPUT_PATH": str(output),
    }


def main() -> None:
    """Run the benchmark and print its table."""
    chosen = options(__doc__, rounds=31)
    # Bytecode is compiled as in the image and at every start but the first, and NumPy's at installation.
    compileall.compile_dir(ROOT / "container3_codebase" / "pybrain_runtime", quiet=1)
    with tempfile.TemporaryDirectory(prefix="app07-bench-") as folder:
        environment = default_run(Path(folder) / "prediction.csv")

        def process(*words: str) -> None:
            subprocess.run([sys.executable, *words], check=True, capture_output=True, env=environment)

        ours, bare, python = in_turns(
            chosen.rounds,
            [
                lambda: process(str(ROOT / "container3_codebase" / "UE_07_App5.py")),
                lambda: process("-c", "import numpy"),
                lambda: process("-c", "pass"),
            ],
        )
    print(f"## {TITLE}\n")
    lines = [
        [
            "UE_07_App5.py, default knowledge and row",
            duration(ours),
            times(ours / bare),
            met(ours / bare <= 1.3),
        ],
        ['python -c "import numpy"', duration(bare), "1.00x", ""],
        ['python -c "pass"', duration(python), times(python / bare), ""],
    ]
    print(table(("process", "time", "time ratio", "≤ 1.3x"), lines))
    print(f"\nMedians of {chosen.rounds} rounds.")


if __name__ == "__main__":
    main()
