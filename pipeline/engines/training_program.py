"""The training program: how an engine starts it, and the engine that starts it as a process of this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from common import process
from common.errors import ExitStatus, PipelineError, TrainingFailed
from training.options import PREFIX

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_GRACE = 5.0


class TrainingProgram(Protocol):
    """A training program that is running."""

    def lines(self) -> Iterator[str]:
        """Yield the lines that the program writes, until it ends."""

    def wait(self, seconds: float) -> int | None:
        """Return the exit status; None if the program is still running after `seconds`."""

    def interrupt(self) -> None:
        """Ask the program to stop after the current epoch and write the best network so far."""

    def stop(self) -> None:
        """End the program at once."""

    def shown(self, text: str) -> str:
        """Return output of the program with the paths of this machine."""

    def failure(self, status: int) -> PipelineError:
        """Return the error for a program that ended without a result.

        Args:
            status: the exit status of the program.
        """


class TrainingEngine(Protocol):
    """Starts the training program."""

    name: str

    def describe(self) -> str:
        """Return the name and version of the engine, in one line."""

    def is_built(self) -> bool:
        """Return whether there is nothing to build."""

    def build(self, *, on_line: Callable[[str], None]) -> None:
        """Build the image.

        Args:
            on_line: called with each line of the build.

        Raises:
            BuildFailed: the image cannot be built.
        """

    def run(
        self, scenario: str, options: Mapping[str, object], environment: Mapping[str, str]
    ) -> AbstractContextManager[TrainingProgram]:
        """Start the program, and stop it at the end of the block if it is still running.

        Args:
            scenario: create, refine, evaluate or tune.
            options: the options of the scenario, as JSON values.
            environment: the environment variables.

        Raises:
            PipelineError: the program cannot be started.
        """


class LocalTraining:
    """Starts the training program as a process of this machine, with single-threaded arithmetic."""

    name = "local"

    def describe(self) -> str:
        """Return the name of the engine."""
        return "local process, no container"

    def is_built(self) -> bool:
        """Return True: there is nothing to build."""
        return True

    def build(self, *, on_line: Callable[[str], None]) -> None:
        """Build nothing; see `TrainingEngine.build`."""

    @contextmanager
    def run(
        self, scenario: str, options: Mapping[str, object], environment: Mapping[str, str]
    ) -> Iterator[TrainingProgram]:
        """Start the program; see `TrainingEngine.run`."""
        # -P: do not import a module `training` of the working directory.
        command = [
            sys.executable, "-P", "-m", "training", scenario, "--events", "--end-with-input",
            "--options", json.dumps(options),
        ]  # fmt: skip
        inherited = {key: value for key, value in environment.items() if not key.startswith(PREFIX)}
        started: _LocalProgram | None = None
        try:
            with process.signals_deferred():
                started = _LocalProgram(
                    process.Program(
                        command, environment={**inherited, **dict.fromkeys(_THREADS, "1")}, with_input=True
                    )
                )
            yield started
        finally:
            if started is not None:
                started.stop()


class _LocalProgram:
    def __init__(self, program: process.Program) -> None:
        self._program = program
        self.lines = program.lines
        self.wait = program.wait
        self.interrupt = program.interrupt

    def stop(self) -> None:
        with process.ignore_signals():
            if self.wait(0.0) is None:
                self._program.stop(grace=_GRACE)

    def shown(self, text: str) -> str:
        return text

    def failure(self, status: int) -> PipelineError:
        return TrainingFailed(
            f"The training program exited with status {status} without a result.",
            status=status or ExitStatus.INTERNAL_ERROR,
            hint="--resume continues from its last checkpoint.",
        )
