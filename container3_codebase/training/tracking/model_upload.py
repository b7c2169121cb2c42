"""Log the network of a run as an MLflow model and register it, unless the server has a model with the same hash."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mlflow.entities import LoggedModelOutput, LoggedModelStatus

from training.errors import TrackingRefused
from training.tracking.artifacts import artifacts_of
from training.tracking.model import write_model
from training.tracking.server import Server

_HASH_TAG, _ALIAS_TAG = "app07.sha256", "app07.alias"


class ModelUpload:
    """Sends the network of one run.

    Args:
        server: the server.
        experiment_id: the ID of the run's experiment.
        run_id: the ID of the MLflow run.
    """

    def __init__(self, server: Server, experiment_id: str, run_id: str) -> None:
        self._server = server
        self._call = server.call
        self._client = server.client
        self._experiment_id = experiment_id
        self._run_id = run_id

    def log(self, content: bytes, card: bytes, params: Mapping[str, str]) -> str:
        """Log a network unless the server already has it, and return the ID of the logged model.

        Args:
            content: the content of the network file.
            card: the content of its card; empty without a card.
            params: the parameters of the run, shown with the model.

        Raises:
            TrackingError: the server is unavailable or refuses the model.
        """
        digest, words = _digest(content), f"source_run_id = '{self._run_id}'"
        for found in self._call(
            self._client.search_logged_models, [self._experiment_id], filter_string=words
        ):
            if found.tags.get(_HASH_TAG) == digest and found.status == LoggedModelStatus.READY:
                return str(found.model_id)
            if found.tags.get(_HASH_TAG) == digest:  # left unfinished by a killed sender
                self._call(self._client.delete_logged_model, found.model_id)
        created = self._call(
            self._client.create_logged_model,
            self._experiment_id,
            name="model",
            source_run_id=self._run_id,
            tags={_HASH_TAG: digest},
            params=dict(params),
            model_type="pybrain",
        )
        model_id = str(created.model_id)
        artifacts = artifacts_of(self._server, str(created.artifact_location))
        with tempfile.TemporaryDirectory() as folder:
            write_model(Path(folder), content, card, model_id=model_id, run_id=self._run_id)
            self._call(artifacts.log_artifacts, folder)
        self._call(self._client.log_outputs, self._run_id, models=[LoggedModelOutput(model_id, step=0)])
        self._call(self._client.finalize_logged_model, model_id, LoggedModelStatus.READY)
        return model_id

    def register(self, name: str, alias: str | None, content: bytes, model_id: str) -> str:
        """Register a logged model unless it is already registered, and return its version.

        Args:
            name: the name of the registered model.
            alias: the alias to set once for the version; later it may be moved to a newer version.
            content: the content of the network file.
            model_id: the ID of the logged model.

        Raises:
            TrackingError: the server is unavailable or refuses the model.
        """
        digest = _digest(content)
        try:
            self._call(self._client.create_registered_model, name)
        except TrackingRefused as error:
            if error.code != "RESOURCE_ALREADY_EXISTS":
                raise
        words = f"name = '{name}' and run_id = '{self._run_id}'"
        versions = self._call(self._client.search_model_versions, words)
        found = next((one for one in versions if one.tags.get(_HASH_TAG) == digest), None)
        if found is None:
            found = self._call(
                self._client.create_model_version,
                name,
                source=f"models:/{model_id}",
                run_id=self._run_id,
                tags={_HASH_TAG: digest},
                model_id=model_id,
                await_creation_for=0,
            )
        version = str(found.version)
        if alias and _ALIAS_TAG not in found.tags:
            self._call(self._client.set_registered_model_alias, name, alias, version)
            self._call(self._client.set_model_version_tag, name, version, _ALIAS_TAG, alias)
        return version


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
