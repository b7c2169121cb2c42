"""`convert`: write a network in another file format."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context, Result
from pipeline.commands.base.options import add_network_file_options

if TYPE_CHECKING:
    from common.console import Console
    from common.errors import PipelineError
    from pybrain_runtime.convert import Conversion

_EPILOG = (
    "pkl   a pickle loadable by PyBrain itself, on Python 2 and NumPy 1 or later\n"
    "xml   the XML format of PyBrain's NetworkWriter\n"
    "onnx  a model for ONNX Runtime and other programs; needs onnx and onnxruntime\n"
    "npz   plain arrays and a JSON description, for any program with NumPy\n\n"
    "Both networks predict the same random rows; the new file is kept only if the predictions agree. The\n"
    "model card is copied with it.\n\n"
    "exit status: 0 done, 2 wrong usage, 65 refused, or the format cannot express a part of the network,\n"
    "66 input not found, 69 a package is missing, 70 the predictions differ, 73 cannot write, or the file exists"
)


class ConvertResult(Result):
    """The result of `convert`.

    Args:
        conversion: the file that was written, and how well both networks agree.
        format: the format of the new file.
    """

    def __init__(self, conversion: Conversion, format: str) -> None:
        self.conversion = conversion
        self.format = format

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        conversion, knowledge, agreement = (
            self.conversion,
            self.conversion.knowledge,
            self.conversion.agreement,
        )
        return {
            "source": {"path": knowledge.path, "sha256": knowledge.sha256, "format": knowledge.format},
            "target": {
                "path": conversion.path,
                "sha256": conversion.sha256,
                "size": conversion.size,
                "format": self.format,
            },
            "card": conversion.card,
            "agreement": {
                "rows": agreement.rows,
                "difference": agreement.difference,
                "tolerance": agreement.tolerance,
                "precision": agreement.precision,
                "by": agreement.by,
            },
            "notes": list(conversion.notes),
        }


class ConvertCommand(Command):
    """Convert a network to another file format.

    Attributes:
        file: the network's file.
        to: the format: pkl, xml, onnx or npz.
        output: the new file; None for a name derived from `file`.
        force: whether an existing file is replaced.
        precision: the precision of an ONNX model: float64 or float32.
        card: the model card; None for the one beside the file.
        sha256: the expected hash of the file.
        pick: which network to load from a pickle with several; None if it holds only one.
    """

    name = "convert"
    position = 70
    summary = "Write a network in another file format, and check that both files give the same predictions."
    epilog = _EPILOG

    file: Path
    to: str
    output: Path | None
    force: bool
    precision: str
    card: str | None
    sha256: str | None
    pick: str | None

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument("file", metavar="FILE", type=Path, help="the network: a pickle, XML or npz file")
        parser.add_argument(
            "--to", required=True, choices=("pkl", "xml", "onnx", "npz"), help="the format of the new file"
        )
        parser.add_argument(
            "--output",
            metavar="FILE",
            type=Path,
            help="the new file (default: beside FILE, with the extension of the format)",
        )
        parser.add_argument("--force", action="store_true", help="replace an existing file")
        parser.add_argument(
            "--precision",
            choices=("float64", "float32"),
            default="float64",
            help="the precision of an ONNX model (default: float64, as in PyBrain)",
        )
        add_network_file_options(parser, "FILE")

    def advice(self, error: PipelineError) -> str:
        """Return what a user can do about an error, in the words of the options."""
        from pipeline.advice import advice_for_convert

        return advice_for_convert(error)

    def run(self, context: Context) -> ConvertResult:
        """Convert the file, and print what was written and how well both networks agree."""
        from pipeline.stages.selection import network_path
        from pybrain_runtime.convert import convert_file

        self.file = Path(network_path(context.layout, context.environment, str(self.file)))
        conversion = convert_file(
            self.file,
            self.to,
            self.output,
            force=self.force,
            precision=self.precision,
            card=self.card,
            sha256=self.sha256,
            pick=self.pick,
        )
        _print(context.console, conversion)
        return ConvertResult(conversion, self.to)


def _print(console: Console, conversion: Conversion) -> None:
    write, knowledge, agreement = console.print, conversion.knowledge, conversion.agreement
    write(f"  read         {knowledge.path} ({knowledge.format})")
    write(f"               {knowledge.summary}")
    write(f"  checked      {agreement.rows} random rows, predicted by {agreement.by}")
    write(f"               in {agreement.precision}: largest difference {agreement.difference:.1e}, "
          f"tolerance {agreement.tolerance:.0e}")  # fmt: skip
    write(f"  written      {conversion.path} ({conversion.size:,} bytes)")
    write(f"               sha256 {conversion.sha256}")
    if conversion.card is not None:
        write(f"  card         {conversion.card}")
    for note in conversion.notes:
        write(f"  note         {note}")
