"""`convert`: the same network as another kind of file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.cli import Session

SUMMARY = "Write a network in another format, and check that both answer alike."

_EPILOG = (
    "pkl   a pickle that PyBrain itself loads, from Python 2 and NumPy 1 on\n"
    "xml   the XML of PyBrain's NetworkWriter\n"
    "onnx  a model for onnxruntime and other programs; needs: pip install 'app07[onnx]'\n"
    "npz   plain arrays and a JSON description, for any program with NumPy\n\n"
    "The new file appears when both sides have answered the same random rows alike; otherwise nothing is\n"
    "kept. The network's card goes with it.\n\n"
    "exit status: 0 done, 2 wrong usage, 65 refused, or a part has no place in the format, 66 there is no\n"
    "such file, 69 a package is missing, 70 both sides differ, 73 cannot write, or the file is there already"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds what `convert` takes."""
    parser.epilog = _EPILOG
    parser.add_argument("file", metavar="FILE", type=Path, help="the network: a pickle, an XML or npz file")
    parser.add_argument("--to", required=True, choices=("pkl", "xml", "onnx", "npz"), help="the format")
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        help="where to (default: beside FILE, with the format's ending)",
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    parser.add_argument(
        "--precision",
        choices=("float64", "float32"),
        default="float64",
        help="what an ONNX model computes with (default: float64, as PyBrain does)",
    )
    parser.add_argument(
        "--card", metavar="FILE", type=Path, help="its card (default: NAME.card.json beside it)"
    )
    parser.add_argument("--sha256", metavar="HEX", help="what the hash of FILE must be, 64 digits")


def run(session: Session) -> dict[str, Any]:
    """Converts, and says what was written and how well both sides agree."""
    from pybrain_runtime.convert import convert_file

    options, say = session.options, session.console.say
    done = convert_file(
        options.file,
        options.to,
        options.output,
        force=options.force,
        precision=options.precision,
        card=options.card,
        sha256=options.sha256,
    )
    knowledge, agreement = done.knowledge, done.agreement
    say(f"  read         {knowledge.path} ({knowledge.format})")
    say(f"               {knowledge.kind}, {knowledge.indim} inputs, {knowledge.outdim} outputs, "
        f"{knowledge.parameter_count:,} parameters")  # fmt: skip
    say(f"  checked      {agreement.rows} random rows, answered by {agreement.by}")
    say(f"               in {agreement.precision}: they differ by {agreement.difference:.1e} at most, "
        f"where {agreement.tolerance:.0e} is accepted")  # fmt: skip
    say(f"  written      {done.path} ({done.size:,} bytes)")
    say(f"               sha256 {done.sha256}")
    if done.card is not None:
        say(f"  card         {done.card}")
    for note in done.notes:
        say(f"  note         {note}")
    return {
        "source": {"path": knowledge.path, "sha256": knowledge.sha256, "format": knowledge.format},
        "target": {"path": done.path, "sha256": done.sha256, "size": done.size, "format": options.to},
        "card": done.card,
        "agreement": {
            "rows": agreement.rows,
            "difference": agreement.difference,
            "tolerance": agreement.tolerance,
            "precision": agreement.precision,
            "by": agreement.by,
        },
        "notes": list(done.notes),
    }
