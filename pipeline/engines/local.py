"""The engine without containers: each of the three services is a process with its own folder.

The contents of the images are copied to ``output/local_containers/SERVICE``. Files, environment variables and exit
status are those of the containers. Checks that need a container are reported as not checked.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from common import atomic_files
from common.console import strip_escapes
from common.container_state import ContainerState
from common.errors import BuildFailed, ExitStatus, TimedOut
from common.process import CompletedProgram, Program, ignore_signals, run, signals_deferred
from common.project import (
    ACTIVATION_FILE,
    ACTIVATIONBASE,
    CARD_FILE,
    CODE_FILE,
    CODE_VARIABLES,
    CODEBASE,
    KNOWLEDGE_FILE,
    KNOWLEDGEBASE,
    PREDICTION_CSV,
    PREDICTION_JSON,
    PYBRAIN_IMPORTS,
    SERVICES,
    SHARED_ACTIVATION_FILE,
    Layout,
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
from pipeline.prepared_files import Prepared

_NO_CONTAINERS = "needs a container engine"


class LocalEngine:
    """Runs the three services as processes.

    Args:
        layout: the checkout.
        environment: the environment variables of the processes; None for those of this process.
        timeout: time limit for each test of a service, in seconds.
        fallback: why the preferred engine, docker, is not used; empty if the local engine was requested.
    """

    name = "local"

    def __init__(
        self,
        layout: Layout,
        environment: Mapping[str, str] | None = None,
        *,
        timeout: float = TEST_TIMEOUT,
        fallback: str = "",
    ) -> None:
        self.layout = layout
        self.fallback = fallback
        self.timeout = timeout
        self._environment = dict(os.environ if environment is None else environment)

    def describe(self) -> str:
        """Return the name of the engine."""
        return "local processes, no containers"

    def _folder(self, service: str) -> Path:
        return self.layout.local_containers / service

    def build(self, *, allowed: bool, on_line: Callable[[str], None]) -> list[str]:
        """Copy the contents of the images; see `Engine.build`."""
        contents = {
            ACTIVATIONBASE: {f"activationBase/{ACTIVATION_FILE}": self.layout.own_activation},
            KNOWLEDGEBASE: {f"knowledgeBase/{KNOWLEDGE_FILE}": self.layout.own_knowledge},
            CODEBASE: {f"codeBase/{CODE_FILE}": self.layout.code},
        }
        if self.layout.own_card.is_file():
            contents[KNOWLEDGEBASE][f"knowledgeBase/{CARD_FILE}"] = self.layout.own_card
        for package in ("pybrain", "pybrain3", "pybrain_runtime"):
            root = self.layout.code.parent
            for path in sorted((root / package).rglob("*.py")):
                contents[CODEBASE][f"opt/pybrain/{path.relative_to(root).as_posix()}"] = path
        return [
            self._copy_contents(service.name, contents[service.name], allowed=allowed) for service in SERVICES
        ]

    def _copy_contents(self, service: str, contents: Mapping[str, Path], *, allowed: bool) -> str:
        folder = self._folder(service)
        targets = {folder / name: source for name, source in contents.items()}
        if not allowed and not all(
            atomic_files.same_content(source, target) for target, source in targets.items()
        ):
            raise BuildFailed(
                f"{service} is missing or outdated in {self.layout.shown(folder)}",
                hint="Omit --no-build.",
            )
        atomic_files.make_folder(folder)
        for path in [path for path in folder.rglob("*") if path.is_file() and path not in targets]:
            atomic_files.remove(path)
        written = [atomic_files.copy_if_changed(source, target) for target, source in targets.items()]
        return f"{service} {'copied to' if any(written) else 'is up to date in'} {self.layout.shown(folder)}"

    # --- stage 2

    def test_containers(self, prepared: Prepared) -> list[ContainerReport]:
        """Test each service on its own; see `Engine.test_containers`."""
        looks = (self._test_activationbase, self._test_knowledgebase, self._test_codebase)
        reports = []
        for service, test in zip(SERVICES, looks, strict=True):
            started = time.monotonic()
            report = ContainerReport(service.name)
            report.skip("the image can be built", _NO_CONTAINERS)
            report.skip("runs as a non-root user, given by numeric UID", _NO_CONTAINERS)
            test(report, prepared)
            report.seconds = time.monotonic() - started
            reports.append(report)
        return reports

    def _test_activationbase(self, report: ContainerReport, prepared: Prepared) -> None:
        path = self._folder(ACTIVATIONBASE) / "activationBase" / ACTIVATION_FILE
        result = self._run(report, "-m", "pipeline.engines.data_process", "show", str(path))
        report.output = result.output
        expected = self.layout.own_activation.read_bytes().decode("utf-8", "replace")
        report.add(
            "prints the rows and nothing else", result.ok and result.output == expected, exit_summary(result)
        )

    def _test_knowledgebase(self, report: ContainerReport, prepared: Prepared) -> None:
        path = self._folder(KNOWLEDGEBASE) / "knowledgeBase"
        result = self._run(report, "-m", "pipeline.engines.data_process", "list", str(path))
        report.output = result.output
        report.add("lists the network", result.ok and KNOWLEDGE_FILE in result.output, exit_summary(result))
        same = atomic_files.same_content(path / KNOWLEDGE_FILE, self.layout.own_knowledge)
        report.add("holds the network of the project, byte for byte", same)

    def _test_codebase(self, report: ContainerReport, prepared: Prepared) -> None:
        imported = self._run(report, "-c", PYBRAIN_IMPORTS)
        report.add(
            "imports PyBrain",
            imported.ok and imported.output.split()[-1:] == ["OK"],
            exit_summary(imported),
        )
        with tempfile.TemporaryDirectory(prefix="app07-") as name:
            folder = Path(name)
            write_first_row(prepared, folder / "row.csv")
            atomic_files.copy_if_changed(prepared.model, folder / KNOWLEDGE_FILE)
            if prepared.card:
                atomic_files.copy_if_changed(prepared.card, folder / CARD_FILE)
            result = self._run(
                report, str(self._folder(CODEBASE) / "codeBase" / CODE_FILE),
                MODEL_PATH=str(folder / KNOWLEDGE_FILE), DATA_PATH=str(folder / "row.csv"),
                OUTPUT_PATH=str(folder / PREDICTION_CSV),
            )  # fmt: skip
            prediction = folder / PREDICTION_CSV
            written = prediction.read_text(encoding="utf-8", errors="replace") if prediction.is_file() else ""
        report.output = f"{imported.output}{result.output}{PREDICTION_FOLLOWS}\n{written}"
        holds, message = same_prediction(written, prepared) if result.ok else (False, exit_summary(result))
        report.add("predicts a row as the host does", holds, message)
        report.skip("contains no compiler", _NO_CONTAINERS)
        report.skip("adds no more than 80 MB to its base", _NO_CONTAINERS)

    def _run(self, report: ContainerReport, *arguments: str, **environment: str) -> CompletedProgram:
        command = [sys.executable, *arguments]
        try:
            result = run(
                command,
                cwd=self._folder(report.name),
                environment=self._environment_of(report.name, environment),
                timeout=self.timeout,
            )
        except TimedOut as error:
            text = f"did not end within {self.timeout:g} s"
            result = CompletedProgram(tuple(command), error.status, text, self.timeout)
        report.exit_status = report.exit_status or result.status
        return result

    def _environment_of(self, service: str, extra: dict[str, str]) -> dict[str, str]:
        """Return the environment variables of a service, without those that select files on the host."""
        environment = {
            key: value
            for key, value in self._environment.items()
            if key not in ("MODEL_PATH", "DATA_PATH", "OUTPUT_PATH", *CODE_VARIABLES)
        }
        if service == CODEBASE:
            environment["PYTHONPATH"] = str(self._folder(CODEBASE) / "opt" / "pybrain")
        return environment | {"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"} | extra

    # --- stage 3

    def run_stack(self, prepared: Prepared, *, timeout: float, on_line: Callable[[str], None]) -> StackEnd:
        """Run the three services in the order of the stack; see `Engine.run_stack`."""
        with tempfile.TemporaryDirectory(prefix="app07-") as name:
            stack = _LocalStack(Path(name), time.monotonic() + timeout, on_line)
            try:
                self._start_all(stack, prepared)
            finally:
                stack.stop()
        return StackEnd("local processes", stack.status(), stack.containers(), "".join(stack.log))

    def _start_all(self, stack: _LocalStack, prepared: Prepared) -> None:
        shared = atomic_files.make_folder(self.layout.shared_data)
        predictions = (shared / PREDICTION_CSV, shared / PREDICTION_JSON)
        data_services = (
            (ACTIVATIONBASE, prepared.data, shared / SHARED_ACTIVATION_FILE, predictions),
            (KNOWLEDGEBASE, prepared.model, shared / KNOWLEDGE_FILE, ()),
        )
        for service, source, target, outdated in data_services:
            words = [
                "-m",
                "pipeline.engines.data_process",
                "publish",
                str(stack.ready(service)),
                str(source),
                str(target),
            ]
            command = [sys.executable, *words, *map(str, outdated)]
            stack.start(service, command, self._folder(service), self._environment_of(service, {}))
        if not stack.all_ready():
            return
        inside = {
            "MODEL_PATH": str(shared / KNOWLEDGE_FILE),
            "DATA_PATH": str(shared / SHARED_ACTIVATION_FILE),
            "OUTPUT_PATH": str(shared / PREDICTION_CSV),
        }
        passed_on = {key: self._environment[key] for key in CODE_VARIABLES if key in self._environment}
        command = [sys.executable, str(self._folder(CODEBASE) / "codeBase" / CODE_FILE)]
        stack.start(
            CODEBASE,
            command,
            self._folder(CODEBASE) / "codeBase",
            self._environment_of(CODEBASE, inside | passed_on),
        )
        stack.follow(CODEBASE)


class _LocalStack:
    """The processes of one run.

    Args:
        folder: the folder of the files that mark services as ready.
        deadline: the time limit on the clock of `time.monotonic`.
        on_line: called with each line of output, which begins with the name of the service.
    """

    def __init__(self, folder: Path, deadline: float, on_line: Callable[[str], None]) -> None:
        self.log: list[str] = []
        self._folder = folder
        self._deadline = deadline
        self._on_line = on_line
        self._programs: dict[str, Program] = {}
        self._started: dict[str, datetime] = {}
        self._ended: dict[str, tuple[datetime, int]] = {}

    def ready(self, service: str) -> Path:
        """Return the file that marks a service as ready."""
        return self._folder / f"{service}.ready"

    def start(self, service: str, command: list[str], cwd: Path, environment: Mapping[str, str]) -> None:
        """Start the process of a service.

        Args:
            service: the name of the service.
            command: the program and its arguments.
            cwd: the working folder of the process.
            environment: all environment variables of the process.
        """
        with signals_deferred():
            self._programs[service] = Program(command, cwd=cwd, environment=environment)
        self._started[service] = datetime.now(UTC)

    def all_ready(self) -> bool:
        """Wait until all started services are ready; return False if one has ended instead."""
        while not all(self.ready(service).exists() for service in self._programs):
            self._show_pending()
            for service, program in self._programs.items():
                status = program.wait(0.05)
                if status is not None:
                    self._note_end(service, status)
                    return False
            if time.monotonic() > self._deadline:
                raise TimedOut("the data services were not ready within the time limit")
        self._show_pending()
        return True

    def follow(self, service: str) -> None:
        """Show the output of a service until it ends."""
        program = self._programs[service]
        for line in program.lines(self._deadline):
            self._show(service, line)
        status = program.wait(10.0)
        self._note_end(service, program.stop() if status is None else status)

    def stop(self) -> None:
        """End the running processes, the last started first."""
        with ignore_signals():
            for service, program in reversed(self._programs.items()):
                if service not in self._ended:
                    self._note_end(service, program.stop(grace=5.0))
        self._show_pending()

    def status(self) -> int:
        """Return the exit status of codebase, or that of the failed service if codebase never started."""
        if CODEBASE in self._ended:
            return self._ended[CODEBASE][1]
        return next((status for _, status in self._ended.values() if status), ExitStatus.INTERNAL_ERROR)

    def containers(self) -> tuple[ContainerState, ...]:
        """Return the state of each service."""
        states = [
            ContainerState(service, started, *self._ended.get(service, (None, None)))
            for service, started in self._started.items()
        ]
        never = [service.name for service in SERVICES if service.name not in self._started]
        return (*states, *(ContainerState(service, None, None, None, "never started") for service in never))

    def _note_end(self, service: str, status: int) -> None:
        self._ended[service] = (datetime.now(UTC), status)

    def _show_pending(self) -> None:
        for service, program in self._programs.items():
            for line in program.pending():
                self._show(service, line)

    def _show(self, service: str, line: str) -> None:
        for part in strip_escapes(line.rstrip()).split("\n"):
            text = f"{service:<14} | {part.rstrip()}"
            self.log.append(text + "\n")
            self._on_line(text)
