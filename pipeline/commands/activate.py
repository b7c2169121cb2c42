"""`activate`: run a network on a file of any size, without containers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context
from pipeline.commands.base.options import add_network_file_options

if TYPE_CHECKING:
    from common.errors import PipelineError
    from pipeline.commands.actions.activate import ActivateResult
    from pipeline.progress import ProgressLine
    from pybrain_runtime import Knowledge, Progress, StreamOptions

OUTPUT = "prediction.csv"

_EPILOG = (
    "DATA is CSV, TSV or JSON lines, each optionally compressed with gzip, or Excel, Parquet or Arrow stream.\n"
    "The format is recognized by the content, not by the name.\n"
    "OUTPUT is Arrow stream if it ends in .arrows, Parquet if it ends in .parquet, JSON lines if it ends in .jsonl, "
    "otherwise CSV.\n"
    "JSON lines and CSV are compressed if it also ends in .gz. - is standard output, as CSV and without a report.\n"
    "A report of the run is written beside it, with the extension .json. Both files are written atomically.\n\n"
    "--scale-inputs and --scale-outputs use arrays that are stored beside the network in its file, by name:\n"
    "x_min..x_max scales that range to 0..1; x_mean,x_std subtracts the first and divides by the second.\n\n"
    "exit status: 0 done, 2 wrong usage, 65 invalid data, or no matching run to resume, 66 input not found,\n"
    "69 a package is missing, 70 internal error, 73 cannot write,\n"
    "130 interrupted"
)


class ActivateCommand(Command):
    """Run inference on a file of rows.

    Attributes:
        knowledge: the network's file; None for the project's own.
        data: the file with the rows, ``-`` for standard input; None for the project's own.
        output: the file of the prediction, ``-`` for standard output; None for prediction.csv.
        resume: whether an interrupted run is continued.
        on_bad_row: the bad-row policy, fail or skip.
        input_columns: names of the input columns, separated by commas.
        target_columns: names of the columns with expected outputs, separated by commas.
        keep: names of the columns that are passed through, separated by commas.
        decimal_comma: whether CSV is written with semicolons and decimal commas.
        ignore_card_names: whether columns are taken by position, whatever the model card names.
        precision: float64 or float32.
        threads: maximum number of threads; None for as many as the process may use.
        scale_inputs: the rule for scaling the inputs.
        scale_outputs: the rule for scaling the outputs.
        no_scale: whether the scaling of the model card is ignored.
        legacy_nesting: whether a feed-forward network inside a recurrent one is computed as in PyBrain.
        card: the model card; None for the one beside the network.
        sha256: the expected hash of the network's file.
        pick: which network to load from a pickle with several; None if it holds only one.
    """

    name = "activate"
    position = 50
    summary = (
        "Run a network on a file of rows of any size: CSV, JSON lines or Parquet. Memory use is bounded."
    )
    epilog = _EPILOG

    knowledge: str | None
    data: str | None
    output: str | None
    resume: bool
    on_bad_row: str
    input_columns: str | None
    target_columns: str | None
    keep: str | None
    decimal_comma: bool
    ignore_card_names: bool
    precision: str
    threads: int | None
    scale_inputs: str | None
    scale_outputs: str | None
    no_scale: bool
    legacy_nesting: bool
    card: str | None
    sha256: str | None
    pick: str | None

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        _add_file_options(parser)
        _add_column_options(parser)
        _add_inference_options(parser)
        add_network_file_options(parser, "KNOWLEDGE")

    def needs_checkout(self) -> bool:
        """Return whether the project's own network or rows are used."""
        return self.knowledge is None or self.data is None

    def advice(self, error: PipelineError) -> str:
        """Return what a user can do about an error, in the words of the options."""
        from pipeline.advice import advice_for_activate

        return advice_for_activate(error)

    def run(self, context: Context) -> ActivateResult:
        """Run inference on the file and print what was written.

        Raises:
            PipelineError: see `pybrain_runtime.activate_file`.
            Interrupted: the user stopped the run; no partial output is left, except what ``--resume`` needs.
        """
        from common.errors import CannotWrite, Interrupted
        from pipeline.commands.actions.activate import ActivateResult, print_outcome
        from pipeline.progress import ProgressLine
        from pybrain_runtime import activate_file
        from pybrain_runtime.io.report_files import check_default_output

        output = OUTPUT if self.output is None else self.output
        if self.output is None:
            check_default_output(OUTPUT)
        if output == "-":
            return self._write_to_standard_output(context)
        knowledge = self._load(context)
        self._note_twin(context, knowledge)
        line = ProgressLine(context.console.err)
        show = _Progress(context, line).show
        try:
            outcome = activate_file(
                knowledge, self._data(context), output, self._stream_options(context), on_progress=show
            )
        except KeyboardInterrupt:
            line.clear()
            raise Interrupted(
                "interrupted; no partial prediction is left", hint=self._resumable(output)
            ) from None
        except CannotWrite as error:
            error.hint = " ".join(filter(None, (error.hint, self._resumable(output))))
            raise
        finally:
            line.clear()
        path = self.knowledge or f"{context.layout.shown(context.layout.own_knowledge)}, the project's own"
        print_outcome(context.console, path, knowledge, outcome)
        return ActivateResult(outcome)

    def _write_to_standard_output(self, context: Context) -> ActivateResult:
        """Predict all rows, and then write them to standard output; nothing is written if a row is invalid."""
        from common.errors import UsageError
        from pipeline.commands.actions.activate import ActivateResult
        from pipeline.commands.actions.activate_stream import activate_to_standard_output

        if self.json or self.resume:
            raise UsageError(
                "With -o -, standard output has the prediction; --json and --resume need an output file.",
                hint="Specify a file with -o.",
            )
        knowledge = self._load(context)
        self._note_twin(context, knowledge)
        options = self._stream_options(context)
        return ActivateResult(activate_to_standard_output(context, knowledge, self._data(context), options))

    def _load(self, context: Context) -> Knowledge:
        from pipeline.stages.selection import nested, network_path, scaled
        from pybrain_runtime import load_knowledge

        path = str(context.layout.own_knowledge)
        if self.knowledge:
            path = network_path(context.layout, context.environment, self.knowledge)
        knowledge = load_knowledge(path, card=self.card, sha256=self.sha256, pick=self.pick)
        knowledge = nested(knowledge, context.environment, legacy=self.legacy_nesting)
        if self.no_scale:
            knowledge = knowledge.without_scaling()
        if self.scale_inputs is not None or self.scale_outputs is not None:
            return knowledge.scaled_by(inputs=self.scale_inputs, outputs=self.scale_outputs)
        return knowledge if self.no_scale else scaled(knowledge, context.environment)

    def _note_twin(self, context: Context, knowledge: Knowledge) -> None:
        """Print a note if the network has no card, but another copy of it in the project has one."""
        from pipeline.cards.copied_network import copy_note

        if knowledge.card is None:
            note = copy_note(context.layout, knowledge.path, knowledge.size, knowledge.sha256)
            if note:
                context.console.note(note)

    def _data(self, context: Context) -> str:
        from pipeline.stages.selection import check_no_windows_path

        check_no_windows_path(self.data or "")
        return self.data or str(context.layout.own_activation)

    def _stream_options(self, context: Context) -> StreamOptions:
        from pipeline.stages.selection import columns
        from pybrain_runtime import StreamOptions
        from pybrain_runtime.container.settings import switch

        environment = context.environment
        return StreamOptions(
            input_columns=columns(environment, "INPUT_COLUMNS", self.input_columns),
            target_columns=columns(environment, "TARGET_COLUMNS", self.target_columns),
            ignore_card_names=self.ignore_card_names or switch(environment, "IGNORE_CARD_NAMES"),
            precision=self.precision,
            threads=self.threads,
            skip=self.on_bad_row == "skip",
            resume=self.resume,
            keep=columns(environment, "KEEP_COLUMNS", self.keep) or (),
            decimal_comma=self.decimal_comma,
        )

    def _resumable(self, output: str) -> str:
        """Return a sentence about the rows that ``--resume`` would keep; empty if there are none."""
        from pybrain_runtime.errors import PipelineError
        from pybrain_runtime.runs.checkpoint import Checkpoint

        try:
            notes = Checkpoint(output).read() if self.resume else None
        except PipelineError:  # reported when the next run reads the checkpoint
            return ""
        if notes is None:
            return ""
        return f"{notes['activation'][0]:,} rows are kept; run the same command again to continue."


class _Progress:
    """Shows the progress of a run, and recommends pyarrow once where it is missing.

    Args:
        context: the command's context.
        line: the line that shows the progress.
    """

    def __init__(self, context: Context, line: ProgressLine) -> None:
        self._console = context.console
        self._line = line
        self._recommended = False

    def show(self, progress: Progress) -> None:
        from pipeline.advice import installation_advice

        if progress.light and not self._recommended:
            self._recommended = True
            self._console.note(
                f"This is a large file. Reading it without pyarrow takes about five times as long. "
                f"{installation_advice('fast')}"
            )
        self._line.show(progress)


def _add_file_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "knowledge", metavar="KNOWLEDGE", nargs="?", help="the network (default: the project's own)"
    )
    parser.add_argument(
        "data",
        metavar="DATA",
        nargs="?",
        help="the rows; - for standard input (default: the project's own)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUTPUT",
        help=f"the prediction; - for standard output (default: {OUTPUT}, which replaces only a previous "
        "prediction)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue an interrupted run; write checkpoints, so that this run can be continued as well",
    )
    parser.add_argument(
        "--on-bad-row",
        choices=("fail", "skip"),
        default="fail",
        help="skip: leave out invalid rows, and write them with the reason to NAME.rejected.csv beside the "
        "prediction (default: fail)",
    )


def _add_column_options(parser: argparse.ArgumentParser) -> None:
    for what, name, role, or_class in (
        ("input", "INPUT_COLUMNS", "inputs", ""),
        ("target", "TARGET_COLUMNS", "expected outputs", ", or of the column with the class as text"),
    ):
        parser.add_argument(
            f"--{what}-columns",
            metavar="A,B",
            help=f"names of the columns that are the {role}{or_class} (default: the environment variable {name}, "
            "otherwise the names in the model card, otherwise by position)",
        )
    parser.add_argument(
        "--keep",
        metavar="A,B",
        help="names of columns that are passed through to the prediction as they are (default: the environment "
        "variable KEEP_COLUMNS, otherwise none)",
    )
    parser.add_argument(
        "--decimal-comma",
        action="store_true",
        help="write CSV with semicolons between cells and decimal commas in numbers",
    )
    parser.add_argument(
        "--ignore-card-names",
        action="store_true",
        help="take columns by position or in the given order, regardless of the names in the model card "
        "(also IGNORE_CARD_NAMES=1)",
    )


def _add_inference_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--precision",
        choices=("float64", "float32"),
        default="float64",
        help="float32 is faster and differs by about 1e-6 (default: float64)",
    )
    parser.add_argument(
        "--threads",
        metavar="N",
        type=int,
        help="maximum number of threads (default: as many as the process may use)",
    )
    parser.add_argument(
        "--scale-inputs", metavar="RULE", help="scale the inputs: x_min..x_max or x_mean,x_std"
    )
    parser.add_argument(
        "--scale-outputs", metavar="RULE", help="undo the scaling of the outputs, by the same rules"
    )
    parser.add_argument(
        "--no-scale", action="store_true", help="ignore the scaling of the model card; names are still used"
    )
    parser.add_argument(
        "--legacy-nesting",
        action="store_true",
        help="compute a feed-forward network inside a recurrent one as PyBrain does: from the second time step on, "
        "it receives no input (also LEGACY_NESTING=1)",
    )
