"""The engine that runs the training program in a container of the image target `training`."""

from __future__ import annotations

import json
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from common import process
from common.errors import BuildFailed, EngineUnavailable, ExitStatus, PipelineError, TrainingFailed
from common.project import CODEBASE, SERVICES, TRAINING, Layout
from pipeline.engines.image_build import build_image, images_of
from pipeline.engines.image_names import content_tag, project_name
from pipeline.engines.training_mounts import Mounts, container_user, create_folder, open_to, take_back
from pipeline.engines.training_network import network_of
from pipeline.engines.training_program import TrainingProgram
from pybrain_runtime.container.advice import with_advice
from pybrain_runtime.network.model_card import card_path
from training.advice import OPTIONS, advice_for
from training.results.folder import CHECKPOINT, JOURNAL, LOCK, NAMES, REFIT, ResultFolder

_SERVICE = next(service for service in SERVICES if service.name == CODEBASE)
_IMAGE = f"{_SERVICE.image}:{TRAINING}"
_MEMORY = "TRAINING_MEMORY"
_DEFAULT_MEMORY = "4g"
_WRITTEN = (*NAMES, "score.json", CHECKPOINT, REFIT, JOURNAL, LOCK, "tracking", "trials")
# The last digits of results depend on which kernels the libraries use.
_PASSED_ON = ("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", "APP07_DEBUG")
_HARDENED = (
    "--rm", "--init", "--interactive", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
    "--pids-limit", "256", "--tmpfs", "/tmp:size=64m",
)  # fmt: skip


class ContainerTraining:
    """Runs the training program in a container.

    Args:
        layout: the checkout.
        version: the version of the engine.
    """

    name = "docker"

    def __init__(self, layout: Layout, version: str) -> None:
        self._layout = layout
        self._version = version
        self._tag = content_tag(layout, [_SERVICE])
        self.image = f"{_IMAGE}-{self._tag}"

    def describe(self) -> str:
        """Return the version of the engine."""
        return f"docker {self._version}"

    def is_built(self) -> bool:
        """Return whether an image of the present content exists."""
        return process.capture(["docker", "image", "inspect", "--format", "{{.Id}}", self.image]).ok

    def build(self, *, on_line: Callable[[str], None]) -> None:
        """Build the image; see `TrainingEngine.build`."""
        build_image(
            ["--target", TRAINING, "-t", self.image, "-t", _IMAGE],
            self._layout.context(_SERVICE),
            project=project_name(self._layout),
            name=_IMAGE,
            hint="--engine local trains without a container. To build it by hand: "
            f"cd {_SERVICE.folder} && docker build --target {TRAINING} -t {_IMAGE} .",
            on_line=on_line,
        )
        if content_tag(self._layout, [_SERVICE]) != self._tag:
            process.capture(["docker", "image", "rm", self.image])
            raise BuildFailed(
                f"the files of {_SERVICE.folder}/ changed while {_IMAGE} was built",
                hint="Try again when they are complete.",
            )
        self._remove_outdated_images()

    def _remove_outdated_images(self) -> None:
        for image in images_of(project_name(self._layout), _SERVICE.image):
            if image.startswith(f"{_IMAGE}-") and image != self.image:
                process.capture(["docker", "image", "rm", image])

    @contextmanager
    def run(
        self, scenario: str, options: Mapping[str, object], environment: Mapping[str, str]
    ) -> Iterator[TrainingProgram]:
        """Start the program in a container; see `TrainingEngine.run`."""
        out = str(options.get("out") or "")
        created = _prepared(out)
        folder = Path(out) if out else None
        user = container_user(folder, rootless=_is_rootless())
        started: _ContainerProgram | None = None
        try:
            with tempfile.TemporaryDirectory(prefix="app07-") as copies:
                mounts = Mounts(None if user is None else user[0], Path(copies))
                command = self._command(scenario, _mounted(options, mounts), mounts, user, environment)
                if folder is not None and user is not None:
                    open_to(user[0], folder, _WRITTEN)
                with process.signals_deferred():
                    started = _ContainerProgram(command, mounts, environment)
                yield started
        finally:
            with process.ignore_signals():
                if started is not None:
                    started.stop()
                if folder is not None and user is not None:
                    take_back(user[0], folder, _WRITTEN)
                _remove_empty(created)

    def _command(
        self,
        scenario: str,
        options: Mapping[str, object],
        mounts: Mounts,
        user: tuple[int, int] | None,
        environment: Mapping[str, str],
    ) -> list[str]:
        address = str(options.get("tracking_uri") or "")
        network, inside = network_of(address)
        if inside != address:
            options, mounts.paths[inside] = {**options, "tracking_uri": inside}, address
        passed = [f"{key}={environment[key]}" for key in _PASSED_ON if key in environment]
        return [
            "docker", "run", *_HARDENED, "--name", f"app07-training-{uuid.uuid4().hex[:12]}",
            "--label", f"app07.checkout={project_name(self._layout)}",
            "--network", network, "--memory", environment.get(_MEMORY) or _DEFAULT_MEMORY,
            *(["--user", f"{user[0]}:{user[1]}"] if user is not None else []),
            *mounts.words, *(word for value in passed for word in ("--env", value)),
            self.image, scenario, "--events", "--end-with-input", "--options", json.dumps(options),
        ]  # fmt: skip


def _mounted(options: Mapping[str, object], mounts: Mounts) -> dict[str, object]:
    """Return the options with the paths in the container."""
    changed = dict(options)
    if data := str(options.get("data") or ""):
        changed["data"] = mounts.read("rows", data)
    if model := str(options.get("model") or ""):
        changed["model"] = mounts.read("knowledge", model, card_path(model))
    if out := str(options.get("out") or ""):
        changed["out"] = mounts.write(out)
    return changed


def _prepared(out: str) -> list[Path]:
    """Create the folder of the results, and return the folders that were created.

    Raises:
        TrainingFailed: the folder cannot be created, or has knowledge that no training run wrote; with the message of
            the training program.
    """
    if not out:
        return []
    created: list[Path] = []
    try:
        with suppress(OSError):  # the next line reports it
            created = create_folder(Path(out))
        ResultFolder(out).prepare()
    except PipelineError as error:
        raise TrainingFailed(with_advice(error, advice_for(error, OPTIONS)), status=error.status) from None
    return created


def _remove_empty(created: list[Path]) -> None:
    """Remove the folders that were created, unless they have results."""
    for folder in created:
        try:
            if [path.name for path in folder.iterdir()] == [LOCK]:
                (folder / LOCK).unlink()
            folder.rmdir()
        except OSError:
            return


def _is_rootless() -> bool:
    if os.name == "nt" or os.geteuid() == 0:
        return False
    asked = process.capture(["docker", "info", "--format", "{{.SecurityOptions}}"])
    return "name=rootless" in asked.output


class _ContainerProgram:
    """The docker command that is attached to a container.

    The container's standard input is a pipe of this process: if this process is killed, the training run ends as well.
    """

    def __init__(self, command: list[str], mounts: Mounts, environment: Mapping[str, str]) -> None:
        self._program = process.Program(command, environment=environment, with_input=True)
        self._name = command[command.index("--name") + 1]
        self._memory = environment.get(_MEMORY) or _DEFAULT_MEMORY
        self._last = ""
        self.shown = mounts.shown
        self.wait = self._program.wait

    def lines(self) -> Iterator[str]:
        for line in self._program.lines():
            self._last = line.strip() or self._last
            yield line

    def interrupt(self) -> None:
        deadline = time.monotonic() + 10.0
        while self.wait(0.0) is None and time.monotonic() < deadline:
            if process.capture(["docker", "kill", "--signal", "INT", self._name]).ok:
                return
            time.sleep(0.1)  # the container has not started yet

    def stop(self) -> None:
        with process.ignore_signals():
            if self.wait(0.0) is None:
                process.capture(["docker", "kill", self._name])
                self._program.stop(grace=5.0)
                # The container may have been created meanwhile.
                process.capture(["docker", "rm", "--force", self._name])

    def failure(self, status: int) -> PipelineError:
        if status in (125, 126, 127):
            return EngineUnavailable(f"the training container could not be started: {self._last}")
        hint = "--resume continues from its last checkpoint."
        if status == 137:
            hint = f"It was killed and may need more memory than {_MEMORY}={self._memory}. {hint}"
        return TrainingFailed(
            f"The training container exited with status {status} without a result.",
            status=status or ExitStatus.INTERNAL_ERROR,
            hint=hint,
        )
