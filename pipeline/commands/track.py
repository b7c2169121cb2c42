"""`track`: send the records of training runs to an MLflow server."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context

if TYPE_CHECKING:
    from pipeline.commands.actions.track import TrackResult

_EPILOG = (
    "Every training run is recorded in OUT/tracking. Runs that the server already has are not sent again, so the\n"
    "command may be repeated at any time.\n\n"
    "exit status: 0 done, 2 wrong usage, 65 a damaged record, 66 no record, 69 the server cannot be used or refuses\n"
    "a run, or a package is missing, 70 internal error, 130 interrupted"
)


class TrackCommand(Command):
    """Send records of training runs.

    Attributes:
        upload: the results folders; empty for all in output/training.
        tracking_uri: the MLflow server; None for that of the environment.
    """

    name = "track"
    position = 120
    reads_env_file = True
    summary = "Send the records of training runs to an MLflow server: parameters, curves, results and models."
    epilog = _EPILOG

    upload: list[Path]
    tracking_uri: str | None

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument(
            "--upload",
            metavar="OUT",
            nargs="*",
            type=Path,
            required=True,
            help="the folders of the results (default: all in output/training)",
        )
        parser.add_argument(
            "--tracking-uri",
            metavar="URL",
            help="the MLflow server (default: the environment variable MLFLOW_TRACKING_URI)",
        )

    def run(self, context: Context) -> TrackResult:
        """Send the records, and print where each run is.

        Raises:
            UsageError: no server is configured, or there is no record.
            TrackingFailed: a run was not sent.
        """
        from pipeline.commands.actions.track import send_all

        return send_all(context, self.upload, self.tracking_uri)
