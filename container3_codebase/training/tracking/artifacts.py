"""Where the files of a run go: to the server itself, never to a place that its answer names."""

from __future__ import annotations

from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository

from pybrain_runtime._io.printable import quoted
from training.errors import TrackingRefused
from training.server_address import takes_files_itself
from training.tracking.server import Server


def artifacts_of(server: Server, location: str) -> MlflowArtifactsRepository:
    """Return the artifacts of a run or model.

    MLflow's client would follow the location that the server answers with: ``file:///home/...`` is a folder of this
    machine, which it writes to.

    Args:
        server: the server.
        location: the location, as the server says it.

    Raises:
        TrackingRefused: the server does not take files itself.
    """
    if not takes_files_itself(location):
        raise TrackingRefused(
            f"MLflow at {server.uri} keeps files at {quoted(location)}, and files are sent to the server alone.",
            hint="Start it with --serve-artifacts, and give experiments no artifact location of their own.",
            server=server.uri,
        )
    return MlflowArtifactsRepository(location, tracking_uri=server.uri)
