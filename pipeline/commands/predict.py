"""`predict`: send a table to a server, and write the prediction it returns."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context

if TYPE_CHECKING:
    from pipeline.commands.actions.predict import PredictResult

_EPILOG = (
    "ROWS is CSV, JSON lines, Parquet or an Arrow stream, not compressed; the format is recognized by the content.\n"
    "OUTPUT is Parquet if it ends in .parquet, JSON lines if it ends in .jsonl, an Arrow stream if it ends in\n"
    ".arrows, otherwise CSV. It is byte-identical to the output of `activate`, and gets its final name only when\n"
    "complete.\n\n"
    "The API key is read from a file or from the environment variable APP07_API_KEY, so that it is not in the list\n"
    "of processes. Proxies of the environment are not used. Transient failures are retried: no connection, an\n"
    "interrupted response, a server that is overloaded or still starting.\n\n"
    "exit status: 0 done, 2 wrong usage, 65 rows refused by the server, 66 rows or model not found, 69 server not\n"
    "reachable, not available, or access denied, 70 internal error, 73 cannot write, 75 timed out, 130 interrupted"
)


class PredictCommand(Command):
    """Predict a table with a server.

    Attributes:
        rows: the file with the rows, ``-`` for standard input.
        url: the server's URL.
        output: the file of the prediction, ``-`` for standard output; None for prediction.csv.
        model: the model's name; None for the server's default.
        version: the model's version; None for the newest.
        precision: float64 or float32.
        api_key_file: the file with the API key; None for the environment variable.
        ca_file: the certificates that are trusted; None for those of certifi.
        timeout: time limit for the whole command, in seconds; None for no limit.
        retries: maximum number of retries per request.
    """

    name = "predict"
    position = 126
    summary = "Send a table to a server of `serve`, and write the prediction it returns."
    epilog = _EPILOG

    rows: str
    url: str
    output: str | None
    model: str | None
    version: str | None
    precision: str
    api_key_file: str | None
    ca_file: str | None
    timeout: float | None
    retries: int

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument("rows", metavar="ROWS", help="the table; - for standard input")
        parser.add_argument("--url", required=True, help="the address of the server: http://HOST:PORT")
        parser.add_argument(
            "-o",
            "--output",
            metavar="OUTPUT",
            help="the prediction; - for standard output (default: prediction.csv, which then must not exist)",
        )
        parser.add_argument("--model", metavar="NAME", help="the model (default: the server's default model)")
        parser.add_argument("--version", metavar="V", help="the version of the model (default: the newest)")
        parser.add_argument(
            "--precision",
            choices=("float64", "float32"),
            default="float64",
            help="float32 is faster and differs by about 1e-6 (default: float64)",
        )
        _add_connection_options(parser)

    def run(self, context: Context) -> PredictResult:
        """Send the rows, write the prediction, and print what was done.

        Raises:
            PipelineError: the error of the server or of the connection, with the exit status.
        """
        from pipeline.commands.actions.predict import PredictOptions, predict

        options = {field: getattr(self, field) for field in PredictOptions.__dataclass_fields__}
        return predict(context, PredictOptions(**options))


def _add_connection_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--api-key-file",
        metavar="FILE",
        help="the file with the API key (default: the variable APP07_API_KEY)",
    )
    parser.add_argument(
        "--ca-file", metavar="FILE", help="trusted certificates in PEM, for https (default: those of certifi)"
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        help="time limit for the whole command, including retries (default: none, but 10 minutes without receiving "
        "data)",
    )
    parser.add_argument(
        "--retries",
        type=_count,
        default=3,
        metavar="N",
        help="maximum number of retries per request (default: 3)",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e9:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a positive number of seconds")
    return seconds


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and int(text) <= 100):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number from 0 to 100")
    return int(text)
