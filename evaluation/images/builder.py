"""Builds images out of a submission, within limits on time, memory, disk, processes and network."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from evaluation.compose.safe_stack import BuildRequest
from evaluation.dockerfiles.parser import LONGEST
from evaluation.engine.build_network import BuildNetwork
from evaluation.engine.image_names import is_allowed
from evaluation.engine.session import DISK, EngineSession
from evaluation.errors import ImageRefused
from evaluation.images.build_plan import BuildPlanner, BuildResult, PreparedContext, refused_at
from evaluation.images.step_monitor import IMITATED, StepMonitor
from evaluation.processes import bounded_process
from evaluation.quotas import MIB
from pipeline import process

# How often a build is begun, where another evaluation takes away the layers that it builds on.
TRIES = 4
_LOST_LAYER = re.compile(
    r"unknown parent image ID|failed to set parent|[Nn]o such image: sha256|layer does not exist|"
    r"failed to get layer|unknown image ID|unable to find image 'sha256"
)


class Builder:
    """Builds what a submission asks for; each thing once.

    Args:
        workshop: where.
        recipes: what reads the submission's Dockerfiles; in an evaluation a worker does it.
        gate: the way to the package indexes.
        folder: a folder of our own for the copies that are built from.
    """

    def __init__(
        self, engine: EngineSession, planner: BuildPlanner, build_network: BuildNetwork, folder: Path
    ) -> None:
        self.engine = engine
        self.planner = planner
        self.build_network = build_network
        self.folder = folder
        self._done: dict[BuildRequest, BuildResult] = {}

    def build(self, wanted: BuildRequest) -> BuildResult:
        """Builds an image.

        Raises:
            CannotCheck: it cannot be built here, which is not the submission's fault.
        """
        if wanted not in self._done:
            self._done[wanted] = self._build(wanted)
        return self._done[wanted]

    def _build(self, wanted: BuildRequest) -> BuildResult:
        plan = self.planner.plan(wanted)
        if plan.refused is not None:
            return plan.refused
        for image in plan.images:
            try:
                self.engine.ensure_image(image.name)
            except ImageRefused as error:
                path = f"{wanted.context}/{wanted.dockerfile}"
                hint = "Begin with an official image: FROM python:3.11-slim"
                return refused_at(path, image.line, error.message, hint)
        folder = self.folder / f"context{len(self._done)}"
        try:
            variables = {image.name: self._variables(image.name) for image in plan.images}
            recipe = self.planner.prepare(wanted, folder, variables)
            return recipe.refused or self._run(wanted, recipe, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _run(self, wanted: BuildRequest, recipe: PreparedContext, context: Path) -> BuildResult:
        image = f"{self.engine.id}:b{len(self._done)}"
        command = self._command(wanted, image, recipe)
        self.engine.say(f"building {wanted.context}")
        # One instruction a line, and the label that the engine adds.
        steps = len((context / recipe.name).read_bytes().splitlines()) + 2
        for _ in range(TRIES):
            monitor = StepMonitor(self.engine, steps)
            done = self._carry_out(command, context, monitor)
            if monitor.imitated:
                done = replace(done, ended=IMITATED)
            if done.ended != bounded_process.BY_ITSELF or not lost_a_layer(done.output):
                break
        output = done.output.replace(recipe.name, wanted.dockerfile).replace(image, "the image")
        output = _without_notice(output)
        about = self.engine.image(image) if done.ok else None
        if about is None:
            monitor.remove_layers()
            reason, hint = self._why(done, wanted)
            return BuildResult("", False, done.status, reason, hint, output, done.seconds, "", recipe.changes)
        return BuildResult(
            image, True, done.status, "", "", output, done.seconds, about["Id"], recipe.changes
        )

    def _variables(self, image: str) -> dict[str, str]:
        """The variables that an image sets."""
        about = self.engine.image(image) if is_allowed(image, self.engine.allowed_images) else None
        entries = ((about or {}).get("Config") or {}).get("Env") or ()
        return dict(entry.partition("=")[::2] for entry in entries)

    def _carry_out(
        self, command: list[str], context: Path, monitor: StepMonitor
    ) -> bounded_process.BoundedResult:
        try:
            return bounded_process.run_bounded(
                [*_ended_with_us(), *command],
                seconds=self.engine.limits.build_seconds,
                output=self.engine.limits.output,
                cwd=context,
                environment=self.engine.environment({"DOCKER_BUILDKIT": "0"}),
                on_line=monitor.on_line,
                check=monitor.check,
                stop=monitor.stop,
            )
        except BaseException:
            with process.undisturbed():
                monitor.remove_layers()
            raise

    def _command(self, wanted: BuildRequest, image: str, recipe: PreparedContext) -> list[str]:
        limits = self.engine.limits
        network = self.build_network.options() if recipe.runs else ["--network", "none"]
        arguments = [word for name, value in wanted.arguments for word in ("--build-arg", f"{name}={value}")]
        memory = str(limits.build_memory)
        return [
            "docker", "build", "--force-rm", "--label", self.engine.label, "--tag", image, "--file", recipe.name,
            "--memory", memory, "--memory-swap", memory, "--cpu-period", "100000", "--cpu-quota", "200000",
            "--ulimit", f"fsize={limits.build_disk}", "--ulimit", "core=0", "--shm-size", "64m",
            *arguments, *network, ".",
        ]  # fmt: skip

    def _why(self, done: bounded_process.BoundedResult, wanted: BuildRequest) -> tuple[str, str]:
        limits = self.engine.limits
        name = f"the image of {wanted.context}"
        if done.ended == bounded_process.TIME:
            return (
                f"{name} was not built within {limits.build_seconds:g} s and was stopped",
                "Something in the Dockerfile never ends: a RUN is for steps that do.",
            )
        if done.ended == bounded_process.OUTPUT:
            return (
                f"the build of {wanted.context} printed more than {limits.output // MIB} MB and was stopped",
                ("Something in the Dockerfile prints without end."),
            )
        if done.ended == DISK:
            return (
                f"the build of {wanted.context} wrote more than {limits.build_disk // MIB} MB and was stopped",
                ("Leave out what the image does not need."),
            )
        if done.ended == IMITATED:
            return (
                f"the build of {wanted.context} printed the lines by which the engine names its steps, "
                "over and over, and was stopped",
                ("Leave out what prints them."),
            )
        hint = f"Try it yourself: cd {wanted.context} && docker build . ; the last lines say what failed."
        if refused := self.build_network.refused():
            hint = (
                f"The build asked for {', '.join(refused[:4])}. Builds reach the package indexes and nothing else: "
                "what else an image needs belongs into the submission. Whoever evaluates may let builds reach more: "
                + " ".join(f"--allow-host {host.partition(':')[0]}" for host in refused[:4])
            )
        return f"`docker build` ended with status {done.status}: {_last_error(done.output)}", hint


def _ended_with_us() -> list[str]:
    """What has the system end a program when this process ends, also when it is killed; nothing where it has no way.

    The engine stops a build whose client has gone, and its steps carry no label by which they would be found later.
    """
    found = shutil.which("setpriv") if sys.platform.startswith("linux") else None
    return [found, "--pdeathsig", "KILL", "--"] if found else []


def lost_a_layer(output: str) -> bool:
    """Whether a build failed because somebody removed a layer that it had just found in the engine's cache.

    Evaluations at the same time share layers, and each removes its own images at its end.
    """
    # The end of a step that failed holds the words of the step itself, in several lines where it has several.
    failed = re.search(r"^The command '", output[-4 * LONGEST :], re.MULTILINE)
    return not failed and bool(_LOST_LAYER.search(_last_error(output)))


def _without_notice(output: str) -> str:
    """A build's output without the engine's remark on its builder, which stands at the beginning.

    Only there it is looked for: a step that prints the same words over and over would cost hours.
    """
    notice = re.compile(r"^DEPRECATED: The legacy builder.*?\n\s*\n", re.DOTALL | re.MULTILINE)
    return notice.sub("", output[:4000], count=1) + output[4000:]


def _last_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
