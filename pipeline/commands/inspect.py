"""`inspect`: show what a knowledge file holds, and whether it is safe."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context, Result
from pipeline.commands.base.options import add_network_file_options

if TYPE_CHECKING:
    from common.errors import PipelineError
    from pybrain_runtime.inspection import Inspection

_EPILOG = (
    "The file is read, never executed. Its format is recognized by its content, not by its name.\n\n"
    "exit status: 0 done: a usable network, 2 wrong usage, 65 refused or no usable network,\n"
    "66 input not found, 73 the drawing cannot be written"
)


class InspectResult(Result):
    """The result of `inspect`.

    Args:
        inspection: the findings about the file.
        drawing: the file of the drawing; None if there is none.
    """

    def __init__(self, inspection: Inspection, drawing: Path | None) -> None:
        self.inspection = inspection
        self.drawing = drawing
        self.error = inspection.error or inspection.card_error

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        from pipeline.inspection.facts import facts_of

        drawing = {} if self.drawing is None else {"drawing": str(self.drawing)}
        return facts_of(self.inspection) | drawing


class InspectCommand(Command):
    """Show what a knowledge file holds.

    Attributes:
        file: the knowledge file.
        card: the model card; None for the one beside the file.
        sha256: the expected hash of the file.
        pick: which network to load from a pickle with several; None if it holds only one.
        drawing: the file for a drawing of the network; None for no drawing.
    """

    name = "inspect"
    position = 60
    summary = "Show what a knowledge file holds: layers, connections, the names it refers to; safe or refused, and why."
    epilog = _EPILOG

    file: Path
    card: str | None
    sha256: str | None
    pick: str | None
    drawing: Path | None

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument(
            "file",
            metavar="FILE",
            type=Path,
            help="a pickle, XML or npz file, optionally compressed (gz, bz2)",
        )
        add_network_file_options(parser, "FILE")
        parser.add_argument(
            "--drawing", metavar="FILE.svg", type=Path, help="draw the network (replaces an existing drawing)"
        )

    def advice(self, error: PipelineError) -> str:
        """Return what a user can do about an error, in the words of the options."""
        from pipeline.advice import OPTIONS, advice_for

        return advice_for(error, OPTIONS)

    def run(self, context: Context) -> InspectResult:
        """Inspect the file and print what was found; the result has the error of an unusable file.

        Raises:
            UsageError: the drawing would replace an input file, or its name does not end in .svg.
            InputMissing: the file is not found.
            CannotWrite: the drawing cannot be written.
        """
        from pipeline.inspection.text import lines_of
        from pipeline.stages.selection import network_path
        from pybrain_runtime.inspection import inspect_file

        self._check_drawing()
        self.file = Path(network_path(context.layout, context.environment, str(self.file)))
        inspection = inspect_file(self.file, card=self.card, sha256=self.sha256, pick=self.pick)
        for line in lines_of(inspection):
            context.console.print(line)
        if inspection.network is not None and inspection.card_path is None:
            from pipeline.cards.copied_network import copy_note

            note = copy_note(context.layout, self.file, inspection.size, inspection.sha256)
            if note:
                context.console.note(note)
        result = InspectResult(inspection, None)
        if self.drawing is None:
            return result
        if result.error is not None or inspection.network is None:
            context.console.print("  drawing      none, because the file is not usable")
            return result
        self._draw(inspection)
        context.console.print(f"  drawing      {self.drawing}")
        return InspectResult(inspection, self.drawing)

    def _check_drawing(self) -> None:
        """Check that the drawing replaces no input file and nothing but a drawing."""
        from common.errors import UsageError
        from pybrain_runtime.io.output_paths import check_target
        from pybrain_runtime.io.paths import is_same

        if self.drawing is None:
            return
        if self.drawing.suffix.lower() != ".svg":
            raise UsageError(f"--drawing {self.drawing}: the drawing is SVG; the name must end in .svg")
        for path in (self.file, self.card):
            if path is not None and is_same(str(self.drawing), str(path)):
                raise UsageError(f"--drawing {self.drawing} would overwrite the input file {path}")
        check_target(str(self.drawing))

    def _draw(self, inspection: Inspection) -> None:
        from common import atomic_files
        from pybrain_runtime.drawing import drawing

        assert self.drawing is not None and inspection.network is not None
        atomic_files.write_text(self.drawing, drawing(inspection.network))
