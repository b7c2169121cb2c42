"""`activate`: a network answers a file of any size, without containers."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.cli import Session
    from pybrain_runtime import Knowledge, Outcome, Progress, StreamOptions

SUMMARY = "Let a network answer a file of rows of any size: CSV, JSON lines or Parquet, in bounded memory."

OUTPUT = "prediction.csv"

_BESIDE = 12
"""Names of what lies beside the network that are listed at most."""

_TELLING = 10_000
"""Rows that it takes for a speed to say anything."""

_EPILOG = (
    "DATA is CSV, TSV or JSON lines, each also packed with gzip, or Parquet; its content decides, not its name.\n"
    "OUTPUT is Parquet where it ends in .parquet, JSON lines where it ends in .jsonl, else CSV. A report of the\n"
    "run stands beside it, with the ending .json. Both appear whole or not at all.\n\n"
    "--scale-inputs and --scale-outputs take what lies beside the network in its file, by name:\n"
    "x_min..x_max scales that range to 0..1, x_mean,x_std subtracts and divides.\n\n"
    "exit status: 0 done, 2 wrong usage, 65 bad data, or another run than the one to resume, 66 input missing,\n"
    "69 a package is missing (pip install 'app07[fast]' brings pyarrow), 70 a defect of ours, 73 cannot write,\n"
    "130 interrupted"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds what `activate` takes."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "knowledge", metavar="KNOWLEDGE", nargs="?", help="the network (default: the project's own)"
    )
    parser.add_argument(
        "data",
        metavar="DATA",
        nargs="?",
        help="the rows; - reads standard input (default: the project's own)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUTPUT",
        help=f"the prediction (default: {OUTPUT}, which then replaces nothing but an earlier prediction)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with a run that broke off; keep this one, too"
    )
    parser.add_argument(
        "--on-bad-row",
        choices=("fail", "skip"),
        default="fail",
        help="skip: rows that cannot be answered are left out, and kept with the reason in "
        "NAME.rejected.csv beside the prediction (default: fail)",
    )
    _columns(parser)
    parser.add_argument(
        "--ignore-card-names",
        action="store_true",
        help="take columns in the order that they have or are given, whatever the card names "
        "(also IGNORE_CARD_NAMES=1)",
    )
    _computing(parser)
    parser.add_argument(
        "--card", metavar="FILE", help="the network's card (default: NAME.card.json beside it)"
    )
    parser.add_argument("--sha256", metavar="HEX", help="what the hash of KNOWLEDGE must be, 64 digits")


def _columns(parser: argparse.ArgumentParser) -> None:
    for what, name, role in (
        ("input", "INPUT_COLUMNS", "go in"),
        ("target", "TARGET_COLUMNS", "are the expected outputs"),
    ):
        parser.add_argument(
            f"--{what}-columns",
            metavar="A,B",
            help=f"names of the columns that {role} (default: {name} of the environment, else those that the card "
            "names, else by position)",
        )


def _computing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--precision",
        choices=("float64", "float32"),
        default="float64",
        help="float32 is faster, and off by about 1e-6 (default: float64)",
    )
    parser.add_argument(
        "--threads",
        metavar="N",
        type=int,
        help="how many at most (default: as many as the process is allowed)",
    )
    parser.add_argument(
        "--scale-inputs", metavar="RULE", help="scale the inputs: x_min..x_max or x_mean,x_std"
    )
    parser.add_argument("--scale-outputs", metavar="RULE", help="turn the answers back, by the same rule")
    parser.add_argument("--no-scale", action="store_true", help="leave out the card's scaling; names stay")


def run(session: Session) -> dict[str, Any]:
    """Answers the file, and says what was written.

    Raises:
        PipelineError: as `activate_file` does.
        Interrupted: somebody asked for the end; nothing half is left, with `--resume` what is needed to go on.
    """
    from pipeline.errors import CannotWrite, Interrupted, UsageError
    from pipeline.progress import ProgressLine
    from pybrain_runtime import activate_file, load_knowledge
    from pybrain_runtime._io.report_files import check_default_output

    options = session.options
    if options.output is None:
        options.output = OUTPUT
        check_default_output(OUTPUT)
    if options.output == "-":
        raise UsageError(
            "The prediction is written to a file, with its report beside it, not to standard output.",
            hint="Name a file with -o.",
        )
    knowledge = _scaled(
        load_knowledge(_knowledge(session), card=options.card, sha256=options.sha256), session
    )
    line = ProgressLine(session.console.err)
    told = False

    def show(progress: Progress) -> None:
        nonlocal told
        if progress.light and not told:
            told = True
            _advise(session)
        line.show(progress)

    try:
        done = activate_file(
            knowledge, _data(session), options.output, _stream_options(session), on_progress=show
        )
    except KeyboardInterrupt:
        line.clear()
        raise Interrupted("interrupted; no half prediction is left", hint=_kept(options)) from None
    except CannotWrite as error:
        error.hint = " ".join(filter(None, (error.hint, _kept(options))))
        raise
    finally:
        line.clear()
    _say(session, knowledge, done)
    return _json(done)


def _knowledge(session: Session) -> str:
    return session.options.knowledge or str(session.layout.own_knowledge)


def _data(session: Session) -> str:
    return session.options.data or str(session.layout.own_activation)


def _scaled(knowledge: Knowledge, session: Session) -> Knowledge:
    from pipeline.stages.selection import scaled

    options = session.options
    if options.no_scale:
        knowledge = knowledge.without_scaling()
    if options.scale_inputs is not None or options.scale_outputs is not None:
        return knowledge.scaled_by(inputs=options.scale_inputs, outputs=options.scale_outputs)
    return knowledge if options.no_scale else scaled(knowledge, session.environment)


def _stream_options(session: Session) -> StreamOptions:
    from pipeline.stages.selection import columns
    from pybrain_runtime import StreamOptions
    from pybrain_runtime.container.settings import switch

    options = session.options
    return StreamOptions(
        input_columns=columns(session.environment, "INPUT_COLUMNS", options.input_columns),
        target_columns=columns(session.environment, "TARGET_COLUMNS", options.target_columns),
        ignore_card_names=options.ignore_card_names or switch(session.environment, "IGNORE_CARD_NAMES"),
        precision=options.precision,
        threads=options.threads,
        skip=options.on_bad_row == "skip",
        resume=options.resume,
    )


def _advise(session: Session) -> None:
    from pipeline.advice import OPTIONS

    session.console.remark(
        f"This is a large file, and it is read without pyarrow, four times as slowly. {OPTIONS.packages}."
    )


def _kept(options: argparse.Namespace) -> str:
    """What a run that broke off leaves, in words; nothing where it leaves nothing."""
    from pybrain_runtime.errors import PipelineError
    from pybrain_runtime.runs.checkpoint import Checkpoint

    try:
        notes = Checkpoint(options.output).read() if options.resume else None
    except PipelineError:  # the run that begins next says what is wrong with them
        return ""
    if notes is None:
        return ""
    return f"{notes['activation'][0]:,} rows are kept; the same command goes on with them."


def _say(session: Session, knowledge: Knowledge, done: Outcome) -> None:
    say, options, prediction = session.console.say, session.options, done.prediction
    report: Any = prediction.report
    path = options.knowledge or f"{session.layout.shown(session.layout.own_knowledge)}, the project's own"
    say(f"  knowledge   {path} ({knowledge.format})")
    say(f"              {knowledge.kind}, {knowledge.indim} inputs, {knowledge.outdim} outputs; "
        f"scaling: {knowledge.scaling}")  # fmt: skip
    _say_companions(session, knowledge)
    say(f"  activation  {report['activation']['file']}, {_rows(prediction.rows)}")
    say(f"              {done.columns.summary()}")
    if done.continued:
        say(f"              {done.continued:,} of them answered by the run that broke off")
    if done.given_up:
        say("              what the run that broke off had written is damaged; all rows were answered anew")
    if done.rejected_path:
        say(f"  rejected    {_rows(done.rejected)}, with the reasons in {done.rejected_path}")
    say(f"  prediction  {prediction.path} ({report['prediction']['size']:,} bytes)")
    say(f"              sha256 {report['prediction']['sha256']}")
    if prediction.errors:
        say(f"  compared    {_figures(prediction.errors)}")
    if prediction.not_finite:
        say(f"  warning     {prediction.warning()}")
    say(f"  report      {prediction.report_path}")
    answered = prediction.rows - done.continued
    speed = f", {answered / done.seconds:,.0f} rows/s" if answered >= _TELLING else ""
    say(f"  time        {done.seconds:.2f} s{speed}")


def _say_companions(session: Session, knowledge: Knowledge) -> None:
    """Says what lies beside the network in its file and is not used."""
    from pipeline.advice import OPTIONS
    from pybrain_runtime.container.advice import scaling_advice

    if knowledge.scaling.startswith(("inputs", "outputs")):
        return
    if knowledge.companions:
        names = list(knowledge.companions)
        more = f" and {len(names) - _BESIDE:,} more" if len(names) > _BESIDE else ""
        listed = ", ".join(names[:_BESIDE])
        session.console.say(f"              beside it in the file, not used: {listed}{more}")
    if found := knowledge.unused_scaling:
        session.console.say(f"              {scaling_advice(found, OPTIONS)}")


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _figures(errors: Mapping[str, float | int | None]) -> str:
    return ", ".join(
        f"{name} {'not finite' if value is None else f'{value:.6g}'}" for name, value in errors.items()
    )


def _json(done: Outcome) -> dict[str, Any]:
    return {
        "prediction": done.prediction.path,
        "report": done.prediction.report,
        "rejected": done.rejected,
        "rejected_file": done.rejected_path,
        "continued": done.continued,
        "given_up": done.given_up,
        "seconds": round(done.seconds, 3),
    }
