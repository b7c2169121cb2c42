"""Send the record of a training run with MLflow's client, in a separate process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from common import process
from common.errors import ExitStatus, InputMissing, TrackingFailed
from common.extras import ensure
from common.project import Layout
from training.tracking.record import FILE, FOLDER
from training.tracking.send import PACKAGES_VARIABLE

_EARLIER = f"{FOLDER}/earlier"
_SECONDS = 1800.0


def client_packages(
    layout: Layout, environment: Mapping[str, str], say: Callable[[str], None]
) -> dict[str, str]:
    """Install MLflow's client unless the environment names a folder with it, and return the environment.

    Args:
        layout: the checkout.
        environment: the environment variables.
        say: called with one line before the installation.

    Raises:
        MissingPackage: the client cannot be installed.
    """
    if not environment.get(PACKAGES_VARIABLE):
        ensure("track", layout, say)
    return dict(environment)


def recorded_folders(layout: Layout, folders: Sequence[Path]) -> list[Path]:
    """Return the folders with records: each named folder, after the earlier runs in it.

    Args:
        layout: the checkout.
        folders: the results folders; empty for all in output/training.

    Raises:
        InputMissing: a folder has no record, or there is none at all.
    """
    named = [folder.absolute() for folder in folders]
    if not named and layout.training.is_dir():
        named = [path for path in sorted(layout.training.iterdir()) if (path / FOLDER / FILE).is_file()]
    if not named:
        raise InputMissing(
            f"No training run is recorded in {layout.shown(layout.training)}", path=layout.training
        )
    found = []
    for folder in named:
        if not (folder / FOLDER / FILE).is_file():
            raise InputMissing(
                f"{layout.shown(folder)} has no record of a training run ({FOLDER}/{FILE})",
                hint="Specify the folder that train or refine wrote, with --upload.",
                path=folder,
            )
        earlier = sorted(path.parent.parent for path in (folder / _EARLIER).glob(f"*/{FOLDER}/{FILE}"))
        found += [*earlier, folder]
    return found


def send(folder: Path, uri: str, environment: Mapping[str, str]) -> str:
    """Send the record in a folder, and return a line with the address of the run.

    Args:
        folder: the results folder.
        uri: the address of the server.
        environment: the environment variables.

    Raises:
        TrackingFailed: the record was not sent.
    """
    command = [sys.executable, "-P", "-m", "training.tracking.send", str(folder)]
    ended = process.run(command, environment={**environment, "MLFLOW_TRACKING_URI": uri}, timeout=_SECONDS)
    result = _result(ended.output)
    if ended.ok and result.get("sent") is True:
        return str(result.get("text"))
    text = str(
        result.get("text") or ended.last_lines(1) or f"The MLflow client exited with status {ended.status}."
    )
    raise TrackingFailed(text, status=ended.status or ExitStatus.INTERNAL_ERROR)


def _result(output: str) -> dict[str, object]:
    for line in reversed(output.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and "sent" in found:
            return found
    return {}
