"""Build images of a submission, within limits on time, memory, disk, processes and network."""

from __future__ import annotations

import re
import shutil
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from common import process
from evaluation.compose.safe_stack import BuildRequest
from evaluation.engine.build_network import BuildNetwork
from evaluation.engine.image_lock import images_locked
from evaluation.engine.image_names import is_allowed
from evaluation.engine.session import DISK, EngineSession
from evaluation.errors import CannotCheck, ImageRefused
from evaluation.images.build_failures import TRIES, is_repeated, last_error
from evaluation.images.build_plan import BuildPlanner, BuildResult, PreparedContext, refused_build
from evaluation.images.environment_failures import BuildEnvironment, environment_reason
from evaluation.images.pip_index import without_index
from evaluation.images.step_monitor import IMITATED, StepMonitor, time_of
from evaluation.processes import bounded_process
from evaluation.quotas import MIB

# Maximum seconds to wait for another evaluation that removes its images, or repeats a build itself.
_REPETITION_PATIENCE = 120.0


class Builder:
    """Builds the images of a submission, each once.

    Args:
        engine: the engine session.
        planner: prepares builds; in an evaluation, in a worker.
        build_network: the network of the builds.
        folder: a folder of the evaluation for build contexts.
    """

    def __init__(
        self, engine: EngineSession, planner: BuildPlanner, build_network: BuildNetwork, folder: Path
    ) -> None:
        self.engine = engine
        self.planner = planner
        self.build_network = build_network
        self.folder = folder
        self._done: dict[BuildRequest, BuildResult | CannotCheck] = {}

    def build(self, request: BuildRequest) -> BuildResult:
        """Build an image, or return the result of its earlier build.

        Raises:
            CannotCheck: the image cannot be built on this machine, for a reason that is not the submission's fault.
        """
        if request not in self._done:
            try:
                self._done[request] = self._build(request)
            except CannotCheck as error:
                self._done[request] = error
        result = self._done[request]
        if isinstance(result, CannotCheck):
            raise result
        return result

    def _build(self, request: BuildRequest) -> BuildResult:
        plan = self.planner.plan(request)
        if plan.refused is not None:
            return plan.refused
        for image in plan.images:
            try:
                self.engine.ensure_image(image.name)
            except ImageRefused as error:
                path = request.path
                hint = error.hint or "Use an official base image: FROM python:3.11-slim"
                return refused_build(path, image.line, error.message, hint)
        folder = self.folder / f"context{len(self._done)}"
        try:
            variables = {image.name: self._variables(image.name) for image in plan.images}
            prepared = self.planner.prepare(request, folder, variables)
            return prepared.refused or self._run(request, prepared, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _run(self, request: BuildRequest, prepared: PreparedContext, context: Path) -> BuildResult:
        image = f"{self.engine.id}:b{len(self._done)}"
        self.engine.on_progress(f"building {request.folder}")
        # One instruction per line, and the label that the engine adds.
        steps = len((context / prepared.name).read_bytes().splitlines()) + 2
        began = time_of(self.engine)
        for attempt in range(TRIES):
            with images_locked(_REPETITION_PATIENCE) if attempt else nullcontext():
                for _ in range(2):
                    monitor = StepMonitor(self.engine, steps, began)
                    result = self._carry_out(self._command(request, image, prepared), context, monitor)
                    if not self.build_network.is_missing(result.output):
                        break
                    self.build_network.create()
            if monitor.imitated:
                result = replace(result, end_reason=IMITATED)
            if not is_repeated(result, attempt + 1):
                break
        output = result.output.replace(prepared.name, request.dockerfile).replace(image, "the image")
        output = without_index(_strip_deprecation_notice(output))
        details = self.engine.image(image) if result.ok else None
        if details is None:
            monitor.remove_layers()
            return self._failed(request, result, prepared, output)
        return BuildResult(
            image, True, result.status, "", "", output, result.seconds, details["Id"], prepared.changes
        )

    def _failed(
        self,
        request: BuildRequest,
        result: bounded_process.BoundedResult,
        prepared: PreparedContext,
        output: str,
    ) -> BuildResult:
        """Return the result of a build that failed.

        Raises:
            CannotCheck: the environment, not the submission, is the reason.
        """
        network = self.build_network
        environment = BuildEnvironment(network.unreachable(), network.refused(), network.why_missing)
        reason, hint = environment_reason(result, environment)
        if reason:
            raise CannotCheck(
                f"the image of {request.folder} could not be built on this machine: {reason}", hint=hint
            )
        reason, hint = self._why(result, request)
        return BuildResult(
            "", False, result.status, reason, hint, output, result.seconds, "", prepared.changes
        )

    def _variables(self, image: str) -> dict[str, str]:
        """Return the environment variables of an image."""
        details = self.engine.image(image) if is_allowed(image, self.engine.allowed_images) else None
        entries = ((details or {}).get("Config") or {}).get("Env") or ()
        return dict(entry.partition("=")[::2] for entry in entries)

    def _carry_out(
        self, command: list[str], context: Path, monitor: StepMonitor
    ) -> bounded_process.BoundedResult:
        try:
            return bounded_process.run_bounded(
                [*_die_with_parent(), *command],
                seconds=self.engine.limits.build_seconds,
                output=self.engine.limits.output,
                cwd=context,
                environment=self.engine.environment({"DOCKER_BUILDKIT": "0"}),
                on_line=monitor.on_line,
                check=monitor.check,
                stop=monitor.stop,
            )
        except BaseException:
            with process.ignore_signals():
                monitor.remove_layers()
            raise

    def _command(self, request: BuildRequest, image: str, prepared: PreparedContext) -> list[str]:
        limits = self.engine.limits
        network = self.build_network.options() if prepared.runs else ["--network", "none"]
        arguments = [word for name, value in request.arguments for word in ("--build-arg", f"{name}={value}")]
        memory = str(limits.build_memory)
        return [
            "docker", "build", "--force-rm", "--label", self.engine.image_label, "--tag", image,
            "--file", prepared.name, "--memory", memory, "--memory-swap", memory,
            "--cpu-period", "100000", "--cpu-quota", "200000",
            "--ulimit", f"fsize={limits.build_disk}", "--ulimit", "core=0", "--shm-size", "64m",
            *arguments, *network, ".",
        ]  # fmt: skip

    def _why(self, result: bounded_process.BoundedResult, request: BuildRequest) -> tuple[str, str]:
        limits = self.engine.limits
        name = f"the image of {request.folder}"
        if result.end_reason == bounded_process.TIME:
            return (
                f"{name} was not built within {limits.build_seconds:g} s and was stopped",
                "A step of the Dockerfile does not end.",
            )
        if result.end_reason == bounded_process.OUTPUT:
            return (
                f"the build of {request.folder} printed more than {limits.output // MIB} MB and was stopped",
                "A step of the Dockerfile prints endlessly.",
            )
        if result.end_reason == DISK:
            return (
                f"the build of {request.folder} wrote more than {limits.build_disk // MIB} MB and was stopped",
                "Remove what the image does not need.",
            )
        if result.end_reason == IMITATED:
            return (
                f"the build of {request.folder} printed lines that look like the builder's own, and was stopped",
                "Remove what prints them.",
            )
        file = "" if request.dockerfile.lower() == "dockerfile" else f"-f {request.dockerfile} "
        where = "the top folder of the submission" if request.context == "." else request.context
        hint = f"Run `docker build {file}.` in {where}: its last lines say what failed."
        if refused := self.build_network.refused():
            hint = (
                f"The build requested {', '.join(refused[:4])}. Builds reach the package indexes only; put everything "
                "else that an image needs into the submission. The person who evaluates can allow more hosts: "
                + " ".join(f"--allow-host {host.partition(':')[0]}" for host in refused[:4])
            )
        return f"`docker build` exited with status {result.status}: {last_error(result.output)}", hint


def _die_with_parent() -> list[str]:
    """Return a command prefix that ends a program when this process ends; empty if the system provides none.

    The engine stops a build whose client has ended. Its steps have no label by which they could be removed later.
    """
    setpriv = shutil.which("setpriv") if sys.platform.startswith("linux") else None
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def _strip_deprecation_notice(output: str) -> str:
    """Return a build's output without the engine's deprecation notice, which comes first.

    Only the beginning is searched: a step that prints the same words repeatedly would cost hours.
    """
    notice = re.compile(r"^DEPRECATED: The legacy builder.*?\n\s*\n", re.DOTALL | re.MULTILINE)
    return notice.sub("", output[:4000], count=1) + output[4000:]
