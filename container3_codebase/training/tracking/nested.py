"""Sends the runs that are nested in a run, such as the trials of a search."""

from __future__ import annotations

from pathlib import Path

from training.tracking.children import children_of
from training.tracking.server import Server
from training.tracking.upload import RunUpload


class NestedRuns:
    """Sends the runs that are nested in a run; those to come as well.

    Args:
        folder: the folder of the results of the outer run, which the server knows already.
        server: the server.
    """

    def __init__(self, folder: Path, server: Server) -> None:
        self._folder = folder
        self._server = server
        self._open: dict[Path, RunUpload] = {}
        self._complete: set[Path] = set()

    def send(self) -> None:
        """Send what the server does not have.

        Raises:
            TrackingUnavailable: the server cannot be used now.
            TrackingRefused: it refuses a run.
        """
        for folder in children_of(self._folder, known=self._complete | self._open.keys()):
            self._open[folder] = RunUpload(folder, self._server)
        for folder, upload in list(self._open.items()):
            upload.refresh()
            upload.send()
            if upload.complete:
                self._complete.add(folder)
                del self._open[folder]

    def killed(self) -> None:
        """Say of the runs that have not ended that they never will.

        Raises:
            TrackingUnavailable: the server cannot be used now.
        """
        for upload in self._open.values():
            upload.killed()
