"""Run the stack of a submission with the literal command of the task."""

from __future__ import annotations

import itertools
import json
import math
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import atomic_files, process
from common.container_state import ContainerState
from evaluation.compose.safe_stack import SafeStack
from evaluation.engine.session import DISK, EngineSession
from evaluation.processes.bounded_process import BoundedResult, run_bounded, with_memory_limit
from evaluation.quotas import MIB
from evaluation.sandbox.container_run import why_stopped
from evaluation.sandbox.stack_file import NO_GRACE, StackFile
from evaluation.sandbox.stack_log import StackLog
from evaluation.sandbox.stack_run import StackRun
from evaluation.sandbox.volumes import VolumeEntry, Volumes
from evaluation.submission.submission import Submission

# Duration in seconds of a run that only shows what the containers do when nothing stops them.
LOOK_SECONDS = 30.0
UP = ("up", "--abort-on-container-exit")
# The reason to stop a stack whose data containers keep running after codebase has ended.
CODE_ENDED = "codebase has ended"
# Compose keeps an endless line in memory.
_COMPOSE_MEMORY = 4_000_000 * 1024


class Stack:
    """A safe stack that can be run repeatedly, each time from the same initial state.

    Args:
        engine: the engine session.
        submission: the submission whose files the services mount.
        stack: the checked services.
        images: the local image of each service.
        shared: the source of the folder that the services share.
        code: the name of the codebase service; empty if there is none.
        folder: a working folder of the evaluation.
        abort: whether to run with ``--abort-on-container-exit``; else the stack runs until codebase has ended.
    """

    def __init__(
        self,
        engine: EngineSession,
        submission: Submission,
        stack: SafeStack,
        images: Mapping[str, str],
        shared: str,
        code: str,
        folder: Path,
        *,
        abort: bool = True,
    ) -> None:
        self.engine = engine
        self.submission = submission
        self.stack = stack
        self.images = images
        self.shared = shared
        self.folder = folder
        self.abort = abort
        self.file = StackFile(engine, submission, stack, images, shared, code)
        self.seconds = engine.limits.stack_seconds
        self._number = 0
        self._numbers: Iterator[int] = itertools.count(
            1
        )  # shared with the stacks that are derived from this one

    def with_replacements(self, submission: Submission, images: Mapping[str, str]) -> Stack:
        """Return the same stack with other files and images, for another run.

        Args:
            submission: the submission with replaced files.
            images: the replaced images by service.
        """
        images = {**self.images, **images}
        other = Stack(
            self.engine,
            submission,
            self.stack,
            images,
            self.shared,
            self.file.code,
            self.folder,
            abort=self.abort,
        )
        other.file = replace(
            other.file, idle=self.file.idle, idle_seconds=self.file.idle_seconds, data_grace=NO_GRACE
        )
        other.seconds = self.seconds
        other._numbers = self._numbers
        return other

    def with_time_limit(self, seconds: float) -> Stack:
        """Return the same stack with another time limit for its runs.

        Args:
            seconds: the limit in seconds; at most that of the evaluation.
        """
        other = self.with_replacements(self.submission, {})
        other.seconds = min(seconds, self.seconds)
        return other

    def with_idle(self, services: frozenset[str], seconds: float) -> Stack:
        """Return the same stack in which some services are idle for some time and then end.

        Args:
            services: the names of the idle services.
            seconds: the time in seconds; at most the time limit of a stack.
        """
        other = self.with_replacements(self.submission, {})
        limit = math.floor(self.seconds)
        other.file = replace(other.file, idle=services, idle_seconds=min(math.ceil(seconds), limit))
        return other

    def run(self, *, look: bool = False) -> StackRun:
        """Run the stack until it ends.

        Args:
            look: whether to let each container end by itself, to see what the containers do when nothing stops them.

        Raises:
            CannotCheck: the engine failed.
        """
        self._number = next(self._numbers)
        folder = self.folder / f"stack{self._number}"
        folder.mkdir()
        folder.joinpath("tmp").mkdir()
        try:
            with Volumes(self.engine, self.file.volume_names(), folder / "tmp") as volumes:
                self.file.fill(volumes)
                return self._up(folder, volumes, look)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def check(self) -> str:
        """Return the errors that Compose reports for the file; empty if Compose accepts it."""
        folder = self.folder / "config"
        folder.mkdir(exist_ok=True)
        self._write(folder, Volumes(self.engine, self.file.volume_names(), folder))
        result = run_bounded(
            [*self.engine.compose.command, "config", "--quiet"],
            seconds=60, output=MIB, cwd=folder, environment=self._environment(),
        )  # fmt: skip
        return "" if result.ok else result.last_lines(4).strip() or f"status {result.status}"

    def _write(self, folder: Path, volumes: Volumes) -> None:
        text = json.dumps(self.file.content(volumes))
        folder.joinpath("docker-compose.yml").write_text(text, encoding="utf-8")

    @property
    def _project(self) -> str:
        return f"{self.engine.id}-{self._number}"

    def _environment(self) -> dict[str, str]:
        return self.engine.environment({"COMPOSE_PROJECT_NAME": self._project})

    def _up(self, folder: Path, volumes: Volumes, look: bool) -> StackRun:
        words = UP if self.abort and not look else UP[:1]
        limits = self.engine.limits
        seconds = min(self.seconds, LOOK_SECONDS) if look else self.seconds
        self._write(folder, volumes)
        label = f"label=com.docker.compose.project={self._project}"
        started = float(int(time.time()))  # file times are in whole seconds
        log, clock = StackLog(self.stack.services, self._project), time.monotonic()
        self.engine.on_progress(f"running the stack: docker-compose {' '.join(words)}")
        try:
            result = self._compose(words, folder, seconds, label, log, until_code=not self.abort and not look)
            abouts = self.engine.inspect(*self.engine.containers(label))
            containers, engine_log = _states(abouts), self._engine_log(abouts)
        finally:
            with process.ignore_signals():
                self.engine.remove_containers(self.engine.containers(label))
        shared, other = self._read(volumes, started, folder)
        # Compose prefixes container names with the project name; reports use the service names of the file.
        output = re.sub(rf"{re.escape(self._project)}[-_]", "", result.output)
        code_ended = result.end_reason == CODE_ENDED
        printed = log.printed.get(self.file.code, clock)
        run = StackRun(
            " ".join(["docker-compose", *words]), result.status, result.seconds,
            "" if code_ended else why_stopped(result.end_reason, limits, seconds), containers,
            tuple(log.lines), output, shared, other, engine_log, self.abort,
            max(0.0, printed - clock, *(entry.written - started for entry in shared.values())),
        )  # fmt: skip
        code = run.container(self.file.code)
        if not code_ended or code is None or code.status is None:
            return run
        return replace(run, status=code.status)

    def _compose(
        self,
        words: tuple[str, ...],
        folder: Path,
        seconds: float,
        label: str,
        log: StackLog,
        *,
        until_code: bool,
    ) -> BoundedResult:
        engine = self.engine

        def check() -> str | None:
            return self._over_disk_limit(label) or (
                CODE_ENDED if until_code and self._has_ended(label) else None
            )

        return run_bounded(
            with_memory_limit([*engine.compose.command, *words], _COMPOSE_MEMORY),
            seconds=seconds,
            output=engine.limits.output,
            cwd=folder,
            environment=self._environment(),
            on_line=log.add,
            check=check,
            stop=lambda: engine.kill(engine.containers(label, "status=running")),
        )

    def _has_ended(self, label: str) -> bool:
        """Return whether the container of codebase has ended."""
        service = f"label=com.docker.compose.service={self.file.code}"
        return bool(self.file.code) and bool(self.engine.containers(label, service, "status=exited"))

    def _over_disk_limit(self, label: str) -> str | None:
        return DISK if self.engine.most_written(label) > self.engine.limits.disk else None

    def _engine_log(self, abouts: Sequence[dict[str, Any]]) -> Mapping[str, tuple[str, ...]]:
        lines_by_service = {}
        for details in abouts:
            service = details["Config"]["Labels"].get("com.docker.compose.service", "")
            lines = self.engine.backend.last_lines(details["Id"], 15)
            lines_by_service[service] = tuple(line[:300] for line in lines)
        return lines_by_service

    def _read(
        self, volumes: Volumes, started: float, folder: Path
    ) -> tuple[Mapping[str, VolumeEntry], Mapping[str, Mapping[str, VolumeEntry]]]:
        shared: Mapping[str, VolumeEntry] = {}
        other = {}
        for number, name in enumerate(volumes.names):
            kind, _, source = name.partition(":")
            if kind == "image":
                continue
            entries = volumes.read(name, self.folder / f"{folder.name}-left{number}")
            if source == self.shared:
                shared = self._results_of_run(entries, started)
            else:
                other[source] = entries
        return shared, other

    def _results_of_run(
        self, entries: Mapping[str, VolumeEntry], started: float
    ) -> Mapping[str, VolumeEntry]:
        """Return the entries without unchanged files of the submission: an old prediction is not a result."""
        return {
            name: entry
            for name, entry in entries.items()
            if entry.written >= started or entry.kind != "file" or not self._is_own(name, entry)
        }

    def _is_own(self, name: str, entry: VolumeEntry) -> bool:
        """Return whether a file is an unchanged file of the submission, without loading either into memory."""
        path = self.submission.path(os.path.normpath(f"{self.shared}/{name}"))
        return (
            path.is_file()
            and path.stat().st_size == entry.size
            and atomic_files.sha256_of(path) == entry.sha256
        )


def _states(abouts: Sequence[dict[str, Any]]) -> tuple[ContainerState, ...]:
    """Return the states of containers in the order in which they started."""
    states = [ContainerState.from_inspect(about) for about in abouts]
    return tuple(sorted(states, key=lambda state: (state.started is None, state.started)))
