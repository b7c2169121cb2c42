"""Send a record to an MLflow server, without repeating what the server already has."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mlflow.entities import Metric, Param, Run, RunTag

from pybrain_runtime.errors import InputMissing
from pybrain_runtime.io.printable import in_one_line
from training.errors import TrackingRefused
from training.tracking.artifacts import artifacts_of
from training.tracking.delivery_state import Sent, read_sent, write_sent
from training.tracking.model_upload import ModelUpload
from training.tracking.record import FILE, FOLDER
from training.tracking.record_file import Point, read_added, read_record, read_result
from training.tracking.server import Server
from training.tracking.unsent_runs import STATE

KEY_TAG = "app07.run"
"""The tag with the key of the run, by which the run is found again."""

_KIND = {
    "mlflow.experimentKind": "custom_model_development"
}  # shown as training runs, not as traces of prompts
_POINTS, _PARAMS = 1000, 100


class RunUpload:
    """Sends a run incrementally.

    Attributes:
        remarks: the parts that were not sent, with the reasons.

    Args:
        folder: the folder of the results, with the record.
        server: the server.

    Raises:
        CannotResume: the record is missing or damaged.
    """

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.remarks: list[str] = []
        self._path = folder / FOLDER / FILE
        self._state = folder / FOLDER / STATE
        self._server = server
        self._recorded = read_record(self._path)
        self._sent = read_sent(self._state, server.uri, self._recorded.key)
        self._checked = False
        self._doubt = True
        self._parent = ""
        self._location = ""

    @property
    def complete(self) -> bool:
        """Whether the run has ended and the server has all of it."""
        return self._sent.complete and self._recorded.status is not None

    @property
    def shown(self) -> str:
        """The address of the run's web page."""
        return in_one_line(
            f"{self._server.pages}/#/experiments/{self._sent.experiment_id}/runs/{self._sent.run_id}"
        )

    @property
    def version(self) -> str:
        """The registered name and version of the model; empty if it is not registered."""
        model = self._recorded.model
        version = in_one_line(self._sent.version)
        return f"{model.register} version {version}" if model and version else ""

    def refresh(self) -> None:
        """Read the lines added to the record."""
        read_added(self._path, self._recorded)

    def send(self) -> None:
        """Send everything that the server does not have.

        Raises:
            TrackingUnavailable: the server is temporarily unavailable; what it has acknowledged is remembered.
            TrackingRefused: the server refuses the run.
        """
        if not self._checked:
            self._find_run()
        self._send_points()
        if self._recorded.status is not None:
            self._send_artifacts()
            self._send_model()
            self._end(self._recorded.status, self._recorded.ended)
            self._sent.complete = True
            self._save()

    def killed(self) -> None:
        """Mark the run as killed, because training has ended without recording its end.

        Raises:
            TrackingUnavailable: the server is temporarily unavailable.
        """
        self._end("KILLED", None)

    def _find_run(self) -> None:
        """Find the run by its key, or create it; then send parameters and tags."""
        client, recorded = self._server.client, self._recorded
        found = self._known_run()
        if found is None:
            self._sent = Sent(recorded.key, experiment_id=self._experiment())
            found = self._run_of(recorded.key)
        if found is None:
            tags = {KEY_TAG: recorded.key}
            found = self._server.call(
                client.create_run,
                self._sent.experiment_id,
                start_time=recorded.started,
                tags=tags,
                run_name=recorded.name,
            )
            self._doubt = False
        elif recorded.status is None and found.info.status != "RUNNING":
            run_id = found.info.run_id
            self._server.call(client.update_run, run_id, status="RUNNING")
        self._sent.run_id, self._location = found.info.run_id, str(found.info.artifact_uri)
        self._save()
        self._send_params()
        self._send_tags()
        self._checked = True

    def _known_run(self) -> Run | None:
        run_id = self._sent.run_id
        if not run_id:
            return None
        try:
            found = self._server.call(self._server.client.get_run, run_id)
        except TrackingRefused:
            return None
        mine = found.data.tags.get(KEY_TAG) == self._recorded.key
        return found if mine and found.info.lifecycle_stage == "active" else None

    def _run_of(self, key: str) -> Run | None:
        experiments, words = [self._sent.experiment_id], f"tags.`{KEY_TAG}` = '{key}'"
        found = self._server.call(self._server.client.search_runs, experiments, words, max_results=1)
        return found[0] if found else None

    def _experiment(self) -> str:
        client, name = self._server.client, self._recorded.experiment
        found = self._server.call(client.get_experiment_by_name, name)
        if found is None:
            try:
                return str(self._server.call(client.create_experiment, name, tags=_KIND))
            except TrackingRefused as error:
                if error.code != "RESOURCE_ALREADY_EXISTS":
                    raise
            found = self._server.call(client.get_experiment_by_name, name)
        if found is None or found.lifecycle_stage != "active":
            raise TrackingRefused(
                f"The experiment {name!r} is deleted on MLflow at {self._server.uri}.",
                server=self._server.uri,
            )
        return str(found.experiment_id)

    def _send_params(self) -> None:
        run_id, recorded = self._sent.run_id, self._recorded
        params = [Param(key, value) for key, value in recorded.params.items()]
        for start in range(0, len(params), _PARAMS):
            part = params[start : start + _PARAMS]
            self._server.call(self._server.client.log_batch, run_id, params=part)

    def _send_tags(self) -> None:
        run_id, recorded = self._sent.run_id, self._recorded
        values = dict(recorded.tags)
        if recorded.parent and not self._parent:
            found = self._run_of(recorded.parent)
            self._parent = found.info.run_id if found is not None else ""
        if self._parent:
            values["mlflow.parentRunId"] = self._parent
        tags = [RunTag(key, value) for key, value in values.items()]
        for start in range(0, len(tags), _PARAMS):
            part = tags[start : start + _PARAMS]
            self._server.call(self._server.client.log_batch, run_id, tags=part)

    def _send_points(self) -> None:
        points, run_id = self._recorded.points, self._sent.run_id
        if self._sent.points >= len(points):
            return
        present = self._present(points) if self._doubt else set()
        while self._sent.points < len(points):
            part = points[self._sent.points : self._sent.points + _POINTS]
            metrics = [
                Metric(point.key, point.value, point.time, point.step)
                for point in part
                if (point.key, point.step) not in present
            ]
            self._doubt = True
            if metrics:
                self._server.call(self._server.client.log_batch, run_id, metrics=metrics)
            self._sent.points += len(part)
            self._sent.complete = False
            self._save()
        self._doubt = False

    def _present(self, points: Sequence[Point]) -> set[tuple[str, int]]:
        """Return the metrics and steps that the server already has."""
        client, run_id = self._server.client, self._sent.run_id
        present = set()
        for key in sorted({point.key for point in points}):
            history = self._server.call(client.get_metric_history, run_id, key)
            present |= {(key, metric.step) for metric in history}
        return present

    def _send_artifacts(self) -> None:
        artifacts = artifacts_of(self._server, self._location)
        for name, folder in self._recorded.artifacts.items():
            content = self._content(name)
            if content is None:
                continue
            digest = hashlib.sha256(content).hexdigest()
            if self._sent.artifacts.get(name) == digest:
                continue
            with tempfile.TemporaryDirectory() as copies:  # the file may be replaced while it is sent
                copy = Path(copies) / Path(name).name
                copy.write_bytes(content)
                self._server.call(artifacts.log_artifact, str(copy), folder or None)
            self._sent.artifacts[name] = digest
            self._save()

    def _content(self, name: str) -> bytes | None:
        """Return the content of a file of the run; None, with a remark, if the file no longer exists."""
        try:
            return read_result(self.folder, self._recorded, name)
        except InputMissing as error:
            if error.message not in self.remarks:
                self.remarks.append(error.message)
            return None

    def _send_model(self) -> None:
        model = self._recorded.model
        if model is None:
            return
        content = self._content(model.path)
        if content is None:
            return
        card = self._content(model.path.removesuffix(".pkl") + ".card.json") or b""
        upload = ModelUpload(self._server, self._sent.experiment_id, self._sent.run_id)
        self._sent.model_id = upload.log(content, card, self._recorded.params)
        if model.register:
            self._sent.version = upload.register(model.register, model.alias, content, self._sent.model_id)
        self._save()

    def _end(self, status: str, ended: int | None) -> None:
        if not self._sent.run_id:
            return
        self._send_params()
        self._send_tags()
        self._server.call(
            self._server.client.set_terminated, self._sent.run_id, status=status, end_time=ended
        )

    def _save(self) -> None:
        write_sent(self._state, self._server.uri, self._sent)
