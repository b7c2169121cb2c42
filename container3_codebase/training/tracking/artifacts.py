"""Upload artifacts only to the server itself, never to another location in its response."""

from __future__ import annotations

from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

from pybrain_runtime.io.printable import quoted
from training.errors import TrackingRefused
from training.server_address import takes_files_itself
from training.tracking.server import Server


def artifacts_of(server: Server, location: str) -> MlflowArtifactsRepository:
    """Return the artifact repository of a run or model.

    MLflow's client would follow any location in the server's response: for ``file:///home/...`` it would write to a
    folder of this machine.

    Args:
        server: the server.
        location: the artifact location reported by the server.

    Raises:
        TrackingRefused: the server does not store artifacts itself.
    """
    if not takes_files_itself(location):
        raise TrackingRefused(
            f"MLflow at {server.uri} stores artifacts at {quoted(location)}, but they are only sent to the server.",
            hint="Start it with --serve-artifacts, and create experiments without an artifact location.",
            server=server.uri,
        )
    return MlflowArtifactsRepository(location, tracking_uri=server.uri)
