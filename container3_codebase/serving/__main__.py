"""Entry point ``python -m serving``: the main process of the `serving` image target."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pybrain_runtime.errors import PipelineError
from serving.environment import read_settings
from serving.server import bind
from serving.workers import run_workers

_LOG = logging.getLogger("serving")


def main(environment: Mapping[str, str]) -> int:
    """Serve until a signal arrives.

    Args:
        environment: the environment variables.

    Returns:
        The exit status.
    """
    try:
        settings = read_settings(environment)
        _use_own_temporary_folder(socket.gethostname())
        with bind(settings) as bound:
            run_workers(
                settings,
                bound,
                lambda names: _LOG.info(
                    "serving %s on port %d with %d workers", ", ".join(names), settings.port, settings.workers
                ),
            )
    except PipelineError as error:
        print(f"ERROR: {error.message}", file=sys.stderr)
        return error.status
    return 0


def _use_own_temporary_folder(name: str) -> None:
    """Use a temporary folder of this container for tables, emptied of those that a killed run has left."""
    folder = Path(tempfile.gettempdir()) / f"app07-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    tempfile.tempdir = str(folder)


if __name__ == "__main__":
    sys.exit(main(os.environ))
