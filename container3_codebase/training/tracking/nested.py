"""Send the nested runs of a run, such as the trials of a search."""

from __future__ import annotations

from pathlib import Path

from training.tracking.nested_runs import children_of
from training.tracking.server import Server
from training.tracking.upload import RunUpload


class NestedRuns:
    """Sends the nested runs of a run, including those that start later.

    Args:
        folder: the folder of the results of the outer run, which the server already has.
        server: the server.
    """

    def __init__(self, folder: Path, server: Server) -> None:
        self._folder = folder
        self._server = server
        self._open: dict[Path, RunUpload] = {}
        self._complete: set[Path] = set()

    def send(self) -> None:
        """Send everything that the server does not have.

        Raises:
            TrackingUnavailable: the server is temporarily unavailable.
            TrackingRefused: the server refuses a run.
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
        """Mark the runs that have not ended as killed.

        Raises:
            TrackingUnavailable: the server is temporarily unavailable.
        """
        for upload in self._open.values():
            upload.killed()
