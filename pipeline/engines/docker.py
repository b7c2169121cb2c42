"""The engine with real containers: the docker command, and whichever Compose is there."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline import atomic_files, process
from pipeline.console import strip_escapes
from pipeline.engines.base import (
    LOOK_TIMEOUT,
    PREDICTION_FOLLOWS,
    PYBRAIN_IMPORTS,
    ContainerReport,
    StackEnd,
    how_it_ended,
    same_answer,
    write_one_row,
)
from pipeline.engines.container_state import ContainerState
from pipeline.engines.docker_command import Compose
from pipeline.errors import BuildFailed, Occupied, TimedOut
from pipeline.prepared_files import Prepared
from pipeline.project import CARD_FILE, KNOWLEDGE_FILE, SERVICES, Layout, Service

BUILD_TIMEOUT = 1800.0
_COMPILERS = "gcc g++ cc c++ clang make ld as tcc"
# How every container is run when it is looked at alone: as it would be in the stack, and under an init, because
# a program that hangs as the first process of a container would not end when it is asked to, and outlive us.
_ALONE = ("--rm", "--init", "--network", "none", "--read-only", "--cap-drop", "ALL",
          "--security-opt", "no-new-privileges", "--pids-limit", "64", "--memory", "1g")  # fmt: skip


class DockerEngine:
    """Drives the real containers.

    Args:
        layout: the checkout.
        version: the engine's version.
        compose: the Compose to use.
        environment: handed to Compose; what would select other files than the prepared ones is taken out.
        patience: seconds that each container may take when it is looked at alone.
    """

    name = "docker"

    def __init__(
        self,
        layout: Layout,
        version: str,
        compose: Compose,
        environment: Mapping[str, str] | None = None,
        *,
        patience: float = LOOK_TIMEOUT,
    ) -> None:
        self.layout = layout
        self.patience = patience
        self.version = version
        self.compose = compose
        self._environment = dict(os.environ if environment is None else environment)
        self.tag = _content_of(layout)
        # Two checkouts may have folders of the same name; their stacks must not.
        place = hashlib.sha256(str(layout.root).encode()).hexdigest()[:8]
        self.project = f"{re.sub(r'[^a-z0-9]', '', layout.root.name.lower()) or 'app'}-{place}"

    def describe(self) -> str:
        return f"docker {self.version}, {' '.join(self.compose.command)} {self.compose.version}"

    # --- images

    def build(self, *, anew: bool, on_line: Callable[[str], None]) -> list[str]:
        """Makes the images whose content is not there yet; see `Engine.build`."""
        done = []
        for service in SERVICES:
            image = f"{service.image}:{self.tag}"
            if self._inspect(image) is not None:
                done.append(f"{service.image} is up to date")
            elif not anew:
                raise BuildFailed(
                    f"{service.image} is missing or older than {service.folder}/",
                    hint="Leave --no-build out.",
                )
            else:
                done.append(self._build(service, image, on_line))
            # What a tutor types has no tag.
            process.capture(["docker", "tag", image, f"{service.image}:latest"])
        self._forget_older_images()
        return done

    def _build(self, service: Service, image: str, on_line: Callable[[str], None]) -> str:
        command = ["docker", "build", "--label", f"app07.checkout={self.project}", "-t", image, "."]
        try:
            built = process.run(
                command, cwd=self.layout.context(service), timeout=BUILD_TIMEOUT, on_line=on_line
            )
        except TimedOut as error:
            raise BuildFailed(f"{service.image} was not built within {BUILD_TIMEOUT:.0f} s") from error
        if not built.ok:
            raise BuildFailed(
                f"{service.image} could not be built (docker build ended with status {built.status}). Its last lines:\n"
                + _indented(strip_escapes(built.last_lines())),
                hint=f"Try it by hand: cd {service.folder} && docker build -t {service.image} .",
            )
        if _content_of(self.layout) != self.tag:
            # The tag stands for what the folders held before; nobody knows what the builder saw.
            process.capture(["docker", "image", "rm", image])
            raise BuildFailed(
                f"the files of the containers changed while {service.image} was built from them",
                hint="Start again when they are complete.",
            )
        return f"{service.image} built in {built.seconds:.1f} s"

    def _forget_older_images(self) -> None:
        """Takes the tags of this checkout's earlier contents away; what is in use stays."""
        for service in SERVICES:
            listed = process.capture(
                ["docker", "image", "ls", "--filter", f"label=app07.checkout={self.project}",
                 "--format", "{{.Repository}}:{{.Tag}}", service.image]
            )  # fmt: skip
            for image in listed.output.split():
                if not image.endswith((f":{self.tag}", ":latest", ":<none>")):
                    process.capture(["docker", "image", "rm", image])

    def _inspect(self, image: str) -> dict[str, Any] | None:
        asked = process.capture(["docker", "image", "inspect", image])
        return json.loads(asked.output)[0] if asked.ok else None

    # --- stage 2

    def look_at(self, prepared: Prepared) -> list[ContainerReport]:
        """Runs each container alone; see `Engine.look_at`."""
        looks = (self._look_at_activationbase, self._look_at_knowledgebase, self._look_at_codebase)
        reports = []
        for service, look in zip(SERVICES, looks, strict=True):
            started = time.monotonic()
            image = f"{service.image}:{self.tag}"
            about = self._inspect(image) or {}
            report = ContainerReport(service.name, image, about.get("Id", ""))
            user = about.get("Config", {}).get("User", "")
            report.judge(
                "runs without root, as a number",
                bool(re.fullmatch(r"[1-9]\d*(:\d+)?", user)),
                f"user {user or 'root'}",
            )
            look(report, prepared)
            report.seconds = time.monotonic() - started
            reports.append(report)
        return reports

    def _look_at_activationbase(self, report: ContainerReport, prepared: Prepared) -> None:
        ran = self._alone(report)
        report.output = ran.output
        expected = self.layout.own_activation.read_bytes().decode("utf-8", "replace")
        report.judge("prints the rows and nothing else", ran.ok and ran.output == expected, how_it_ended(ran))

    def _look_at_knowledgebase(self, report: ContainerReport, prepared: Prepared) -> None:
        ran = self._alone(report)
        report.output = ran.output
        report.judge("lists the network", ran.ok and KNOWLEDGE_FILE in ran.output, how_it_ended(ran))
        digest = self._alone(report, "sha256sum", f"/knowledgeBase/{KNOWLEDGE_FILE}")
        expected = atomic_files.sha256_of(self.layout.own_knowledge)
        report.judge(
            "holds the network of the project, byte for byte",
            digest.output.startswith(expected),
            f"sha256 {expected}",
        )

    def _look_at_codebase(self, report: ContainerReport, prepared: Prepared) -> None:
        imported = self._alone(report, "python3", "-c", PYBRAIN_IMPORTS)
        report.output = imported.output
        report.judge(
            "imports PyBrain", imported.ok and imported.output.split()[-1:] == ["OK"], how_it_ended(imported)
        )
        self._look_at_prediction(report, prepared)
        compilers = self._alone(report, "sh", "-c", f"for c in {_COMPILERS}; do command -v $c; done; true")
        report.judge(
            "holds no compiler",
            compilers.ok and not compilers.output.strip(),
            compilers.output.strip() or "none found",
        )
        self._look_at_size(report)

    def _look_at_prediction(self, report: ContainerReport, prepared: Prepared) -> None:
        with tempfile.TemporaryDirectory(prefix="app07-") as name:
            folder = atomic_files.folder(Path(name))
            atomic_files.put(prepared.model, folder / KNOWLEDGE_FILE)
            if prepared.card:
                atomic_files.put(prepared.card, folder / CARD_FILE)
            write_one_row(prepared, folder / "row.csv")
            ran = self._alone(
                report, "sh", "-c", f"python UE_07_App5.py && echo '{PREDICTION_FOLLOWS}' && cat /tmp/prediction.csv",
                options=("--tmpfs", "/tmp", "-v", f"{folder}:/shared_data:ro",
                         "-e", f"MODEL_PATH=/shared_data/{KNOWLEDGE_FILE}", "-e", "DATA_PATH=/shared_data/row.csv",
                         "-e", "OUTPUT_PATH=/tmp/prediction.csv"),
            )  # fmt: skip
        report.output += ran.output
        _, _, written = ran.output.partition(PREDICTION_FOLLOWS + "\n")
        holds, seen = same_answer(written, prepared) if ran.ok else (False, how_it_ended(ran))
        report.judge("answers a row as the host does", holds, seen)

    def _look_at_size(self, report: ContainerReport) -> None:
        size = int((self._inspect(report.image) or {}).get("Size", 0))
        base = int((self._inspect("python:3.11-slim") or {}).get("Size", 0))
        if base:
            report.judge(
                "adds no more than 80 MB to its base", size - base <= 80e6, f"{(size - base) / 1e6:.1f} MB"
            )
        else:
            report.skip(
                "adds no more than 80 MB to its base", f"the base is not here; {size / 1e6:.1f} MB in all"
            )

    def _alone(self, report: ContainerReport, *command: str, options: Sequence[str] = ()) -> process.Ended:
        whole = ["docker", "run", *_ALONE, *options, report.image, *command]
        try:
            ran = process.run(whole, timeout=self.patience)
        except TimedOut as error:
            text = f"did not end within {self.patience:g} s"
            ran = process.Ended(tuple(whole), error.status, text, self.patience)
        report.inner = report.inner or ran.status
        return ran

    # --- stage 3

    def run_stack(self, prepared: Prepared, *, timeout: float, on_line: Callable[[str], None]) -> StackEnd:
        """Runs the stack to its end and takes it down again; see `Engine.run_stack`."""
        command = self._compose("up", "--abort-on-container-exit", "--no-build")
        environment = self._stack_environment(prepared)
        self._wait_for_others(timeout, on_line)
        self._take_down(environment, on_line)
        log: list[str] = []

        def keep(line: str) -> None:
            clean = strip_escapes(line)
            log.append(clean)
            on_line(clean.rstrip("\n"))

        program = process.Program(command, cwd=self.layout.root, environment=environment)
        try:
            for line in program.lines(program.started + timeout):
                keep(line)
            status = program.wait(10.0)
            lives = self._lives()
        except (TimedOut, KeyboardInterrupt):
            with process.undisturbed():
                program.interrupt()
                if program.wait(8.0) is None:
                    program.stop(grace=2.0)
            raise
        finally:
            with process.undisturbed():
                self._take_down(environment, on_line)
        return StackEnd(" ".join(command), 70 if status is None else status, lives, "".join(log))

    def _wait_for_others(self, patience: float, on_line: Callable[[str], None]) -> None:
        """One stack at a time on one shared_data: one that was started by hand is waited for."""
        deadline = time.monotonic() + patience
        told = False
        while others := self.running_elsewhere():
            if not told:
                on_line(
                    f"another stack runs from this checkout (project {', '.join(others)}); waiting for its end"
                )
                told = True
            if time.monotonic() >= deadline:
                raise Occupied(
                    f"another stack still runs from this checkout (project {', '.join(others)})",
                    hint=f"End it first: {' '.join(self.compose.command)} -p {others[0]} down",
                )
            time.sleep(1.0)

    def running_elsewhere(self) -> list[str]:
        """Projects of other names whose containers run from this very checkout: somebody typed `up` by hand."""
        listed = process.capture(
            ["docker", "ps", "--filter", f"label=com.docker.compose.project.working_dir={self.layout.root}",
             "--format", '{{.Label "com.docker.compose.project"}}']
        )  # fmt: skip
        return sorted(set(listed.output.split()) - {self.project}) if listed.ok else []

    def _compose(self, *words: str) -> list[str]:
        return [
            *self.compose.command,
            "--ansi",
            "never",
            "-p",
            self.project,
            "-f",
            str(self.layout.compose_file),
            *words,
        ]

    def _stack_environment(self, prepared: Prepared) -> dict[str, str]:
        """The prepared files are handed in as a person would do it by hand: with MODEL_PATH and DATA_PATH."""
        selecting = ("MODEL_NAME", "MODEL_FILE", "COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME")
        environment = {key: value for key, value in self._environment.items() if key not in selecting}
        environment |= {"IMAGE_TAG": self.tag, "COMPOSE_IGNORE_ORPHANS": "1"}
        environment |= {"MODEL_PATH": str(prepared.model), "DATA_PATH": str(prepared.data)}
        return environment

    def _take_down(self, environment: Mapping[str, str], on_line: Callable[[str], None]) -> None:
        """Removes the stack's containers; where Compose cannot, the engine is told to."""
        command = self._compose("down", "--volumes", "--timeout", "5")
        try:
            process.run(command, cwd=self.layout.root, environment=environment, timeout=60)
        except TimedOut:
            on_line("compose down did not end within 60 s")
        for container in self._containers():
            process.capture(["docker", "rm", "--force", container])
        if left := self._containers():
            on_line(f"ERROR: these containers could not be removed: {' '.join(left)}")

    def _containers(self) -> list[str]:
        where = f"label=com.docker.compose.project={self.project}"
        listed = process.capture(["docker", "ps", "--all", "--quiet", "--filter", where])
        return listed.output.split() if listed.ok else []

    def _lives(self) -> tuple[ContainerState, ...]:
        containers = self._containers()
        if not containers:
            return ()
        about = process.capture(["docker", "inspect", *containers])
        lives = [_container_state(container) for container in json.loads(about.output)]
        return tuple(sorted(lives, key=lambda life: (life.started is None, life.started)))


def _content_of(layout: Layout) -> str:
    """Twelve digits that stand for all that the three images are built from: equal content, equal tag."""
    digest = hashlib.sha256()
    for service in SERVICES:
        context = layout.context(service)
        for path in sorted(context.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(context).as_posix().encode() + b"\0")
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _container_state(container: Mapping[str, Any]) -> ContainerState:
    """The state of a container, with a remark where it never started or was killed."""
    state = ContainerState.from_inspect(container)
    if state.started is None:
        return replace(state, remark=state.remark or "never started")
    if state.status == 137 and not state.remark:
        return replace(state, remark="killed from outside")
    return state


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
