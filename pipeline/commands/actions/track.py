"""Send the records of training runs one after the other, and report on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import PipelineError, UsageError
from pipeline.commands.base.command import Context, Result
from pipeline.stages.track_run import client_packages, recorded_folders, send
from training.server_address import check_address


@dataclass
class TrackResult(Result):
    """The result of `track`.

    Attributes:
        sent: the client's message about each run, by its folder.
        error: the error of the last run that was not sent; None if all were sent.
    """

    sent: dict[str, str] = field(default_factory=dict)
    error: PipelineError | None = None

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        return {"sent": self.sent}


def send_all(context: Context, folders: Sequence[Path], uri: str | None) -> TrackResult:
    """Send the records of training runs.

    Args:
        context: the command's context.
        folders: the results folders; empty for all in output/training.
        uri: the address of the server; None for that of the environment.

    Raises:
        UsageError: no server is configured, or its address is not valid.
        InputMissing: a folder has no record.
        MissingPackage: MLflow's client cannot be installed.
    """
    uri = (uri or context.environment.get("MLFLOW_TRACKING_URI", "")).strip()
    if not uri:
        raise UsageError(
            "No MLflow server is configured.",
            hint="Use --tracking-uri http://HOST:PORT, or set MLFLOW_TRACKING_URI.",
        )
    check_address(uri)
    found = recorded_folders(context.layout, folders)
    environment = client_packages(context.layout, context.environment, context.console.note)
    result = TrackResult()
    for folder in found:
        shown = context.layout.shown(folder)
        try:
            result.sent[shown] = send(folder, uri, environment)
            context.console.print(f"  {shown}: {result.sent[shown]}")
        except PipelineError as error:
            result.error = error
            if len(found) > 1:
                context.console.note(f"{shown}: {error.message}")
    return result
