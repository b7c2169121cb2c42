"""Builds images out of a submission, within limits on time, memory, disk, processes and network."""

from __future__ import annotations

import re
import shutil
import sys
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from evaluation.compose.safe_stack import BuildRequest
from evaluation.dockerfiles.dockerfile import LONGEST
from evaluation.engine.build_network import BuildNetwork
from evaluation.engine.image_names import is_allowed
from evaluation.engine.session import DISK, EngineSession
from evaluation.errors import ImageRefused
from evaluation.images.build_plan import BuildPlanner, BuildResult, PreparedContext, refused_at
from evaluation.processes import bounded_process
from evaluation.quotas import MIB
from pipeline import process

IMITATED = "imitated"
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
            watch = _StepMonitor(self.engine, steps)
            done = self._carry_out(command, context, watch)
            if watch.imitated:
                done = replace(done, ended=IMITATED)
            if done.ended != bounded_process.BY_ITSELF or not lost_a_layer(done.output):
                break
        output = done.output.replace(recipe.name, wanted.dockerfile).replace(image, "the image")
        output = _without_notice(output)
        about = self.engine.image(image) if done.ok else None
        if about is None:
            watch.forget()
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
        self, command: list[str], context: Path, watch: _StepMonitor
    ) -> bounded_process.BoundedResult:
        try:
            return bounded_process.run_bounded(
                [*_ended_with_us(), *command],
                seconds=self.engine.limits.build_seconds,
                output=self.engine.limits.output,
                cwd=context,
                environment=self.engine.environment({"DOCKER_BUILDKIT": "0"}),
                on_line=watch.line,
                check=watch.check,
                stop=watch.stop,
            )
        except BaseException:
            with process.undisturbed():
                watch.forget()
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


class _StepMonitor:
    """Looks at the container of each step while it runs: the builder says which one it is.

    A step prints into the same output, and can print such lines itself. So what a line names counts only where the
    engine made it after this build began, and an image only where nobody has given it a name; and there are no more
    such lines than steps, or the last steps would be looked at too late.

    Args:
        workshop: where it is built.
        steps: how many steps the build has.
    """

    def __init__(self, engine: EngineSession, steps: int) -> None:
        self.engine = engine
        self.most = steps
        self.running = ""
        self.written: dict[str, int] = {}
        self._began = _seconds(engine.docker("info", "--format", "{{.SystemTime}}").output.strip())
        self._asked = 0.0
        self._steps = 0
        self._layers = 0
        self._made: list[str] = []
        self._latest = ""

    def line(self, line: str) -> None:
        if found := re.match(r"\s*---> ([0-9a-f]{12})$", line):
            self._layers += 1
            if self.running and not self.imitated:
                self._made.append(found.group(1))
            self._latest = found.group(1)
            return
        found = re.match(r"\s*---> Running in ([0-9a-f]{12,64})$", line)
        if found:
            self._steps += 1
            if not self.imitated and self._is_ours(found.group(1), "container"):
                self.running = found.group(1)
                limit = str(self.engine.limits.build_processes)
                # The builder has no option for it; the step gets it as soon as it runs.
                self.engine.docker("update", "--pids-limit", limit, self.running, timeout=20.0)

    @property
    def imitated(self) -> bool:
        """Whether a step has printed such lines: there are more than the engine prints."""
        return self._steps > self.most or self._layers > self.most + 1

    def check(self) -> str | None:
        if self.imitated:
            return IMITATED
        if not self.running or time.monotonic() - self._asked < 1.0:
            return None
        self._asked = time.monotonic()
        size = self.engine.written_bytes(self.running)
        self.written[self.running] = max(size, self.written.get(self.running, 0))
        return DISK if sum(self.written.values()) > self.engine.limits.build_disk else None

    def stop(self) -> None:
        if self.running:
            self.engine.docker("rm", "--force", self.running)

    def forget(self) -> None:
        """Removes the layers of a build that failed; they have no name by which they would be found later."""
        # A step that imitates the engine prints before the engine does: its own layer is the latest one.
        for image in dict.fromkeys([self._latest, *reversed(self._made)]):
            if image and self._is_ours(image, "image"):
                self.engine.docker("image", "rm", image)

    def _is_ours(self, name: str, kind: str) -> bool:
        about = next(iter(self.engine.inspect(name, kind=kind)), {})
        if not about or about.get("RepoTags"):
            return False
        return _seconds(about["Created"]) >= self._began


def _seconds(moment: str) -> float:
    """The engine writes nanoseconds; what cannot be read lies before everything."""
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", moment)).timestamp()
    except ValueError:
        return 0.0
