"""The engine that runs containers, with the docker command and Compose."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import atomic_files, process
from common.console import strip_escapes
from common.container_state import ContainerState
from common.docker_command import Compose
from common.errors import BuildFailed, CheckoutBusy, ExitStatus, TimedOut
from common.project import (
    ACTIVATIONBASE,
    CARD_FILE,
    CODEBASE,
    FAST_SERVICE,
    GPU_SERVICE,
    KNOWLEDGE_FILE,
    LEARNINGBASE,
    PYBRAIN_IMPORTS,
    SERVICES,
    SERVING,
    TRAINING,
    Layout,
    Service,
)
from pipeline.engines.base import (
    PREDICTION_FOLLOWS,
    TEST_TIMEOUT,
    ContainerReport,
    StackEnd,
    exit_summary,
    same_prediction,
    write_first_row,
)
from pipeline.engines.image_build import build_image, images_of
from pipeline.engines.image_names import content_tag, project_name
from pipeline.prepared_files import Prepared

_COMPILERS = "gcc g++ cc c++ clang make ld as tcc"
# The options of every tested container: those of the stack, and an init process, because a program that hangs as the
# first process of a container would ignore SIGTERM.
_RUN_OPTIONS = ("--rm", "--init", "--network", "none", "--read-only", "--cap-drop", "ALL",
          "--security-opt", "no-new-privileges", "--pids-limit", "64", "--memory", "1g")  # fmt: skip


# Variables that select networks, images or compose files; the engine makes its own selection.
_SELECTING = (
    *("MODEL_NAME", "MODEL_FILE", "CODE_IMAGE", "COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"),
    "COMPOSE_PATH_SEPARATOR",
)
# A tracking server may run beside the stack, and servers of predictions with a knowledgebase that has its own volume.
_USING_SHARED_DATA = (ACTIVATIONBASE, CODEBASE, LEARNINGBASE, TRAINING)


class DockerEngine:
    """Builds, tests and runs the containers.

    Args:
        layout: the checkout.
        version: the version of the engine.
        compose: the version of Compose to use.
        environment: the environment variables for Compose, except those that select files; None for those of this
            process.
        timeout: time limit for each test of a container, in seconds.
        profile: the hardware profile of the stack, one of `PROFILES`; empty for none.
        arrow: whether the rows can only be read with pyarrow, so that codebase needs an image that has it.
    """

    name = "docker"
    fallback = ""

    def __init__(
        self,
        layout: Layout,
        version: str,
        compose: Compose,
        environment: Mapping[str, str] | None = None,
        *,
        timeout: float = TEST_TIMEOUT,
        profile: str = "",
        arrow: bool = False,
    ) -> None:
        self.layout = layout
        self.timeout = timeout
        self.version = version
        self.compose = compose
        self._environment = dict(os.environ if environment is None else environment)
        self.tag = content_tag(layout, SERVICES)
        self.project = project_name(layout)
        self._fast = arrow and profile != "gpu-nvidia"  # the GPU image has pyarrow
        # The profile cpu selects the default image, which the stack also uses without a profile.
        self._profile = "" if self._fast and profile == "cpu" else profile
        others = ((FAST_SERVICE, self._fast), (GPU_SERVICE, profile == "gpu-nvidia"))
        self._services = (*SERVICES, *(service for service, is_used in others if is_used))
        self._platform = (
            "linux/arm64" if profile == "arm64" else self._environment.get("PLATFORM", "").strip()
        )

    def describe(self) -> str:
        """Return the versions of Docker and Compose."""
        return f"docker {self.version}, {' '.join(self.compose.command)} {self.compose.version}"

    # --- images

    def build(self, *, allowed: bool, on_line: Callable[[str], None]) -> list[str]:
        """Build the images whose content has changed; see `Engine.build`."""
        results = []
        for service in self._services:
            image = f"{service.image}:{self.tag}"
            if (details := self._inspect(image)) is not None and _fits(details, self._platform):
                results.append(f"{service.image} is up to date")
            elif not allowed:
                raise BuildFailed(
                    f"{service.image} is missing or outdated: it was not built from the files in {service.folder}/",
                    hint="Omit --no-build.",
                )
            else:
                results.append(self._build(service, image, on_line))
            # The commands of the task use the image without a tag.
            process.capture(["docker", "tag", image, f"{service.image}:latest"])
        self._remove_outdated_images()
        return results

    def _build(self, service: Service, image: str, on_line: Callable[[str], None]) -> str:
        target = ["--target", service.target] if service.target else []
        target += [word for argument in service.build_arguments for word in ("--build-arg", argument)]
        platform = ["--platform", self._platform] if self._platform else []
        seconds = build_image(
            [*target, *platform, "-t", image],
            self.layout.context(service),
            project=self.project,
            name=service.image,
            hint=f"To build it by hand: cd {service.folder} && "
            f"{' '.join(['docker build', *(target if service.suffix else []), '-t', service.image, '.'])}",
            on_line=on_line,
        )
        if content_tag(self.layout, SERVICES) != self.tag:
            # The tag is a hash of the previous content, so the content of the image is unknown.
            process.capture(["docker", "image", "rm", image])
            raise BuildFailed(
                f"the files of the containers changed while {service.image} was built",
                hint="Try again when they are complete.",
            )
        return f"{service.image} built in {seconds:.1f} s"

    def _remove_outdated_images(self) -> None:
        """Remove the images of previous contents of this checkout; images in use are kept."""
        for service in (*SERVICES, FAST_SERVICE, GPU_SERVICE):
            for image in images_of(self.project, service.image):
                if image.endswith((f":{self.tag}", ":latest", ":<none>")):
                    continue
                if not image.partition(":")[2].startswith((TRAINING, SERVING)):
                    process.capture(["docker", "image", "rm", image])

    def _inspect(self, image: str) -> dict[str, Any] | None:
        asked = process.capture(["docker", "image", "inspect", image])
        return json.loads(asked.output)[0] if asked.ok else None

    # --- stage 2

    def test_containers(self, prepared: Prepared) -> list[ContainerReport]:
        """Test each container on its own; see `Engine.test_containers`."""
        looks = (self._test_activationbase, self._test_knowledgebase, self._test_codebase)
        reports = []
        for service, test in zip(SERVICES, looks, strict=True):
            started = time.monotonic()
            image = f"{service.image}:{self.tag}"
            details = self._inspect(image) or {}
            report = ContainerReport(service.name, image, details.get("Id", ""))
            user = details.get("Config", {}).get("User", "")
            report.add(
                "runs as a non-root user, given by numeric UID",
                bool(re.fullmatch(r"[1-9]\d*(:\d+)?", user)),
                f"user {user or 'root'}",
            )
            test(report, prepared)
            report.seconds = time.monotonic() - started
            reports.append(report)
        return reports

    def _test_activationbase(self, report: ContainerReport, prepared: Prepared) -> None:
        result = self._run_container(report)
        report.output = result.output
        expected = self.layout.own_activation.read_bytes().decode("utf-8", "replace")
        report.add(
            "prints the rows and nothing else", result.ok and result.output == expected, exit_summary(result)
        )

    def _test_knowledgebase(self, report: ContainerReport, prepared: Prepared) -> None:
        result = self._run_container(report)
        report.output = result.output
        report.add("lists the network", result.ok and KNOWLEDGE_FILE in result.output, exit_summary(result))
        digest = self._run_container(report, "sha256sum", f"/knowledgeBase/{KNOWLEDGE_FILE}")
        expected = atomic_files.sha256_of(self.layout.own_knowledge)
        report.add(
            "holds the network of the project, byte for byte",
            digest.output.startswith(expected),
            f"sha256 {expected}",
        )

    def _test_codebase(self, report: ContainerReport, prepared: Prepared) -> None:
        imported = self._run_container(report, "python3", "-c", PYBRAIN_IMPORTS)
        report.output = imported.output
        report.add(
            "imports PyBrain", imported.ok and imported.output.split()[-1:] == ["OK"], exit_summary(imported)
        )
        self._test_prediction(report, prepared)
        compilers = self._run_container(
            report, "sh", "-c", f"for c in {_COMPILERS}; do command -v $c; done; true"
        )
        report.add(
            "contains no compiler",
            compilers.ok and not compilers.output.strip(),
            compilers.output.strip() or "none found",
        )
        self._test_size(report)

    def _test_prediction(self, report: ContainerReport, prepared: Prepared) -> None:
        with tempfile.TemporaryDirectory(prefix="app07-") as name:
            folder = atomic_files.make_folder(Path(name))
            atomic_files.copy_if_changed(prepared.model, folder / KNOWLEDGE_FILE)
            if prepared.card:
                atomic_files.copy_if_changed(prepared.card, folder / CARD_FILE)
            write_first_row(prepared, folder / "row.csv")
            result = self._run_container(
                report, "sh", "-c", f"python UE_07_App5.py && echo '{PREDICTION_FOLLOWS}' && cat /tmp/prediction.csv",
                options=("--tmpfs", "/tmp", "-v", f"{folder}:/shared_data:ro",
                         "-e", f"MODEL_PATH=/shared_data/{KNOWLEDGE_FILE}", "-e", "DATA_PATH=/shared_data/row.csv",
                         "-e", "OUTPUT_PATH=/tmp/prediction.csv"),
            )  # fmt: skip
        report.output += result.output
        _, _, written = result.output.partition(PREDICTION_FOLLOWS + "\n")
        holds, message = same_prediction(written, prepared) if result.ok else (False, exit_summary(result))
        report.add("predicts a row as the host does", holds, message)

    def _test_size(self, report: ContainerReport) -> None:
        size = int((self._inspect(report.image) or {}).get("Size", 0))
        base = int((self._inspect("python:3.11-slim") or {}).get("Size", 0))
        if base:
            report.add(
                "adds no more than 80 MB to its base", size - base <= 80e6, f"{(size - base) / 1e6:.1f} MB"
            )
        else:
            report.skip(
                "adds no more than 80 MB to its base",
                f"the base image is not available; {size / 1e6:.1f} MB in total",
            )

    def _run_container(
        self, report: ContainerReport, *command: str, options: Sequence[str] = ()
    ) -> process.CompletedProgram:
        platform = ("--platform", self._platform) if self._platform else ()
        docker_run = ["docker", "run", *_RUN_OPTIONS, *platform, *options, report.image, *command]
        try:
            result = process.run(docker_run, timeout=self.timeout)
        except TimedOut as error:
            text = f"did not end within {self.timeout:g} s"
            result = process.CompletedProgram(tuple(docker_run), error.status, text, self.timeout)
        report.exit_status = report.exit_status or result.status
        return result

    # --- stage 3

    def run_stack(self, prepared: Prepared, *, timeout: float, on_line: Callable[[str], None]) -> StackEnd:
        """Run the stack and take it down; see `Engine.run_stack`."""
        command = self._compose("up", "--abort-on-container-exit", "--no-build")
        environment = self._stack_environment(prepared)
        self._wait_for_others(timeout, on_line)
        self._take_down(environment, on_line)
        log: list[str] = []

        def keep(line: str) -> None:
            clean = strip_escapes(line)
            log.append(clean)
            on_line(clean.rstrip("\n"))

        program: process.Program | None = None
        try:
            with process.signals_deferred():
                program = process.Program(command, cwd=self.layout.root, environment=environment)
            for line in program.lines(program.started + timeout):
                keep(line)
            status = program.wait(10.0)
            states = self._container_states()
        except (TimedOut, KeyboardInterrupt):
            if program is not None:
                with process.ignore_signals():
                    program.interrupt()
                    if program.wait(8.0) is None:
                        program.stop(grace=2.0)
            raise
        finally:
            with process.ignore_signals():
                self._take_down(environment, on_line)
        return StackEnd(
            " ".join(command), ExitStatus.INTERNAL_ERROR if status is None else status, states, "".join(log)
        )

    def _wait_for_others(self, patience: float, on_line: Callable[[str], None]) -> None:
        """Wait for a stack that was started by hand, because both would use the same shared_data."""
        deadline = time.monotonic() + patience
        warned = False
        while running := self.running_elsewhere():
            if not warned:
                on_line(f"another stack of this checkout is running (project {', '.join(running)}); waiting")
                warned = True
            if time.monotonic() >= deadline:
                raise CheckoutBusy(
                    f"another stack of this checkout is still running (project {', '.join(running)})",
                    hint=f"Stop it first: {' '.join(self.compose.command)} -p {running[0]} down",
                )
            time.sleep(1.0)

    def running_elsewhere(self) -> list[str]:
        """Return the names of other Compose projects whose containers run from this checkout."""
        result = process.capture(
            ["docker", "ps", "--filter", f"label=com.docker.compose.project.working_dir={self.layout.root}",
             "--format", '{{.Label "com.docker.compose.project"}} {{.Label "com.docker.compose.service"}}']
        )  # fmt: skip
        running = [line.split() for line in result.output.splitlines()] if result.ok else []
        using = {project for project, service in running if service in _USING_SHARED_DATA}
        return sorted(using - {self.project})

    def _compose(self, *words: str) -> list[str]:
        files = [self.layout.compose_file]
        if self._profile:
            files.append(self.layout.profile_file(self._profile))
        return self.compose.words(self.project, files, *words)

    def _stack_environment(self, prepared: Prepared) -> dict[str, str]:
        """Return the environment for Compose, in which MODEL_PATH and DATA_PATH select the prepared files."""
        environment = {key: value for key, value in self._environment.items() if key not in _SELECTING}
        environment |= {"IMAGE_TAG": self.tag, "COMPOSE_IGNORE_ORPHANS": "1"}
        if self._fast:
            environment["CODE_IMAGE"] = FAST_SERVICE.image
        environment |= {"MODEL_PATH": str(prepared.model), "DATA_PATH": str(prepared.data)}
        return environment

    def _take_down(self, environment: Mapping[str, str], on_line: Callable[[str], None]) -> None:
        """Remove the containers of the stack, with Compose or, if that fails, with the engine."""
        command = self._compose("down", "--volumes", "--timeout", "5")
        try:
            process.run(command, cwd=self.layout.root, environment=environment, timeout=60)
        except TimedOut:
            on_line("compose down did not end within 60 s")
        for container in self._containers():
            process.capture(["docker", "rm", "--force", container])
        if remaining := self._containers():
            on_line(f"ERROR: these containers could not be removed: {' '.join(remaining)}")

    def _containers(self) -> list[str]:
        label = f"label=com.docker.compose.project={self.project}"
        result = process.capture(["docker", "ps", "--all", "--quiet", "--filter", label])
        return result.output.split() if result.ok else []

    def _container_states(self) -> tuple[ContainerState, ...]:
        containers = self._containers()
        if not containers:
            return ()
        result = process.capture(["docker", "inspect", *containers])
        states = [_container_state(container) for container in json.loads(result.output)]
        return tuple(sorted(states, key=lambda state: (state.started is None, state.started)))


def _container_state(container: Mapping[str, Any]) -> ContainerState:
    """Return the state of a container, with a remark if it never started or was killed."""
    state = ContainerState.from_inspect(container)
    if state.started is None:
        return replace(state, remark=state.remark or "never started")
    if state.status == 137 and not state.remark:
        return replace(state, remark="killed from outside")
    return state


def _fits(details: dict[str, Any], platform: str) -> bool:
    """Return whether an image is for a platform, ``OS/ARCHITECTURE[/VARIANT]``; empty for that of the engine."""
    return not platform or platform.split("/")[:2] == [details.get("Os"), details.get("Architecture")]
