"""The engine without containers: the same three parts, each as a process with a folder of its own.

What an image would hold is laid out in ``output/local_containers/SERVICE``; the files, the environment names
and the exit status are those of the containers. What only a container can show is reported as not checked.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pipeline import atomic_files
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
from pipeline.errors import BuildFailed, TimedOut
from pipeline.prepared_files import Prepared
from pipeline.process import Ended, Program, run, undisturbed
from pipeline.project import (
    ACTIVATION_FILE,
    ACTIVATIONBASE,
    CARD_FILE,
    CODE_FILE,
    CODEBASE,
    KNOWLEDGE_FILE,
    KNOWLEDGEBASE,
    PREDICTION_CSV,
    PREDICTION_JSON,
    SERVICES,
    SHARED_ACTIVATION_FILE,
    Layout,
)

# What a user sets on the host and codebase gets, as in docker-compose.yml.
_HANDED_ON = ("INPUT_COLUMNS", "TARGET_COLUMNS", "IGNORE_CARD_NAMES", "SCALE_INPUTS", "SCALE_OUTPUTS")
_NO_CONTAINERS = "needs a container engine"


class LocalEngine:
    """Runs the three parts as processes.

    Args:
        layout: the checkout.
        environment: handed to the processes; None takes ours.
        patience: seconds that each may take when it is looked at alone.
    """

    name = "local"

    def __init__(
        self, layout: Layout, environment: Mapping[str, str] | None = None, *, patience: float = LOOK_TIMEOUT
    ) -> None:
        self.layout = layout
        self.patience = patience
        self._environment = dict(os.environ if environment is None else environment)

    def describe(self) -> str:
        return "local processes, no containers"

    def _place(self, service: str) -> Path:
        return self.layout.local_containers / service

    def build(self, *, anew: bool, on_line: Callable[[str], None]) -> list[str]:
        """Lays out what the images would hold; see `Engine.build`."""
        wanted = {
            ACTIVATIONBASE: {f"activationBase/{ACTIVATION_FILE}": self.layout.own_activation},
            KNOWLEDGEBASE: {f"knowledgeBase/{KNOWLEDGE_FILE}": self.layout.own_knowledge},
            CODEBASE: {f"codeBase/{CODE_FILE}": self.layout.code},
        }
        if self.layout.own_card.is_file():
            wanted[KNOWLEDGEBASE][f"knowledgeBase/{CARD_FILE}"] = self.layout.own_card
        for package in ("pybrain", "pybrain3", "pybrain_runtime"):
            root = self.layout.code.parent
            for path in sorted((root / package).rglob("*.py")):
                wanted[CODEBASE][f"opt/pybrain/{path.relative_to(root).as_posix()}"] = path
        return [self._lay_out(service.name, wanted[service.name], anew=anew) for service in SERVICES]

    def _lay_out(self, service: str, wanted: Mapping[str, Path], *, anew: bool) -> str:
        place = self._place(service)
        targets = {place / name: source for name, source in wanted.items()}
        if not anew and not all(atomic_files.same(source, target) for target, source in targets.items()):
            raise BuildFailed(
                f"{service} is not laid out in {self.layout.shown(place)}, or is older than the project",
                hint="Leave --no-build out.",
            )
        atomic_files.folder(place)
        for path in [path for path in place.rglob("*") if path.is_file() and path not in targets]:
            atomic_files.remove(path)
        written = [atomic_files.put(source, target) for target, source in targets.items()]
        return f"{service} {'laid out' if any(written) else 'is up to date'} in {self.layout.shown(place)}"

    # --- stage 2

    def look_at(self, prepared: Prepared) -> list[ContainerReport]:
        """Runs each part alone; see `Engine.look_at`."""
        looks = (self._look_at_activationbase, self._look_at_knowledgebase, self._look_at_codebase)
        reports = []
        for service, look in zip(SERVICES, looks, strict=True):
            started = time.monotonic()
            report = ContainerReport(service.name)
            report.skip("the image can be built", _NO_CONTAINERS)
            report.skip("runs without root, as a number", _NO_CONTAINERS)
            look(report, prepared)
            report.seconds = time.monotonic() - started
            reports.append(report)
        return reports

    def _look_at_activationbase(self, report: ContainerReport, prepared: Prepared) -> None:
        place = self._place(ACTIVATIONBASE) / "activationBase" / ACTIVATION_FILE
        ran = self._alone(report, "-m", "pipeline.engines.data_process", "show", str(place))
        report.output = ran.output
        expected = self.layout.own_activation.read_bytes().decode("utf-8", "replace")
        report.judge("prints the rows and nothing else", ran.ok and ran.output == expected, how_it_ended(ran))

    def _look_at_knowledgebase(self, report: ContainerReport, prepared: Prepared) -> None:
        place = self._place(KNOWLEDGEBASE) / "knowledgeBase"
        ran = self._alone(report, "-m", "pipeline.engines.data_process", "list", str(place))
        report.output = ran.output
        report.judge("lists the network", ran.ok and KNOWLEDGE_FILE in ran.output, how_it_ended(ran))
        same = atomic_files.same(place / KNOWLEDGE_FILE, self.layout.own_knowledge)
        report.judge("holds the network of the project, byte for byte", same)

    def _look_at_codebase(self, report: ContainerReport, prepared: Prepared) -> None:
        imported = self._alone(report, "-c", PYBRAIN_IMPORTS)
        report.judge(
            "imports PyBrain",
            imported.ok and imported.output.split()[-1:] == ["OK"],
            how_it_ended(imported),
        )
        with tempfile.TemporaryDirectory(prefix="app07-") as name:
            folder = Path(name)
            write_one_row(prepared, folder / "row.csv")
            atomic_files.put(prepared.model, folder / KNOWLEDGE_FILE)
            if prepared.card:
                atomic_files.put(prepared.card, folder / CARD_FILE)
            ran = self._alone(
                report, str(self._place(CODEBASE) / "codeBase" / CODE_FILE),
                MODEL_PATH=str(folder / KNOWLEDGE_FILE), DATA_PATH=str(folder / "row.csv"),
                OUTPUT_PATH=str(folder / PREDICTION_CSV),
            )  # fmt: skip
            answer = folder / PREDICTION_CSV
            written = answer.read_text(encoding="utf-8", errors="replace") if answer.is_file() else ""
        report.output = f"{imported.output}{ran.output}{PREDICTION_FOLLOWS}\n{written}"
        holds, seen = same_answer(written, prepared) if ran.ok else (False, how_it_ended(ran))
        report.judge("answers a row as the host does", holds, seen)
        report.skip("holds no compiler", _NO_CONTAINERS)
        report.skip("adds no more than 80 MB to its base", _NO_CONTAINERS)

    def _alone(self, report: ContainerReport, *arguments: str, **environment: str) -> Ended:
        command = [sys.executable, *arguments]
        try:
            ran = run(
                command,
                cwd=self._place(report.name),
                environment=self._for(report.name, environment),
                timeout=self.patience,
            )
        except TimedOut as error:
            text = f"did not end within {self.patience:g} s"
            ran = Ended(tuple(command), error.status, text, self.patience)
        report.inner = report.inner or ran.status
        return ran

    def _for(self, service: str, extra: dict[str, str]) -> dict[str, str]:
        """The environment of a part: what selects files on the host means something else in here."""
        environment = {
            key: value
            for key, value in self._environment.items()
            if key not in ("MODEL_PATH", "DATA_PATH", "OUTPUT_PATH", *_HANDED_ON)
        }
        if service == CODEBASE:
            environment["PYTHONPATH"] = str(self._place(CODEBASE) / "opt" / "pybrain")
        return environment | {"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"} | extra

    # --- stage 3

    def run_stack(self, prepared: Prepared, *, timeout: float, on_line: Callable[[str], None]) -> StackEnd:
        """Runs the three parts in the order of the stack; see `Engine.run_stack`."""
        with tempfile.TemporaryDirectory(prefix="app07-") as name:
            stack = _LocalStack(Path(name), time.monotonic() + timeout, on_line)
            try:
                self._start_all(stack, prepared)
            finally:
                stack.stop()
        return StackEnd("local processes", stack.status(), stack.lives(), "".join(stack.log))

    def _start_all(self, stack: _LocalStack, prepared: Prepared) -> None:
        shared = atomic_files.folder(self.layout.shared_data)
        predictions = (shared / PREDICTION_CSV, shared / PREDICTION_JSON)
        holders = (
            (ACTIVATIONBASE, prepared.data, shared / SHARED_ACTIVATION_FILE, predictions),
            (KNOWLEDGEBASE, prepared.model, shared / KNOWLEDGE_FILE, ()),
        )
        for service, source, target, outdated in holders:
            words = [
                "-m",
                "pipeline.engines.data_process",
                "publish",
                str(stack.ready(service)),
                str(source),
                str(target),
            ]
            command = [sys.executable, *words, *map(str, outdated)]
            stack.start(service, command, self._place(service), self._for(service, {}))
        if not stack.all_ready():
            return
        inside = {
            "MODEL_PATH": str(shared / KNOWLEDGE_FILE),
            "DATA_PATH": str(shared / SHARED_ACTIVATION_FILE),
            "OUTPUT_PATH": str(shared / PREDICTION_CSV),
        }
        handed_on = {key: self._environment[key] for key in _HANDED_ON if key in self._environment}
        command = [sys.executable, str(self._place(CODEBASE) / "codeBase" / CODE_FILE)]
        stack.start(
            CODEBASE, command, self._place(CODEBASE) / "codeBase", self._for(CODEBASE, inside | handed_on)
        )
        stack.follow(CODEBASE)


class _LocalStack:
    """The processes of one run.

    Args:
        folder: for the files by which the holders say that they are ready.
        deadline: of `time.monotonic`.
        on_line: gets every line that a part writes, with its name before it.
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
        return self._folder / f"{service}.ready"

    def start(self, service: str, command: list[str], cwd: Path, environment: Mapping[str, str]) -> None:
        self._programs[service] = Program(command, cwd=cwd, environment=environment)
        self._started[service] = datetime.now(UTC)

    def all_ready(self) -> bool:
        """Waits until every part so far is ready; False where one has ended instead."""
        while not all(self.ready(service).exists() for service in self._programs):
            self._show_pending()
            for service, program in self._programs.items():
                status = program.wait(0.05)
                if status is not None:
                    self._note_end(service, status)
                    return False
            if time.monotonic() > self._deadline:
                raise TimedOut("the data was not ready in the time it was given")
        self._show_pending()
        return True

    def follow(self, service: str) -> None:
        """Shows what a part writes until it ends."""
        program = self._programs[service]
        for line in program.lines(self._deadline):
            self._show(service, line)
        status = program.wait(10.0)
        self._note_end(service, program.stop() if status is None else status)

    def stop(self) -> None:
        """Ends what still runs, the last started first."""
        with undisturbed():
            for service, program in reversed(self._programs.items()):
                if service not in self._ended:
                    self._note_end(service, program.stop(grace=5.0))
        self._show_pending()

    def status(self) -> int:
        """The exit status of codebase; where it never started, that of the part that failed."""
        if CODEBASE in self._ended:
            return self._ended[CODEBASE][1]
        return next((status for _, status in self._ended.values() if status), 70)

    def lives(self) -> tuple[ContainerState, ...]:
        lives = [
            ContainerState(service, started, *self._ended.get(service, (None, None)))
            for service, started in self._started.items()
        ]
        never = [service.name for service in SERVICES if service.name not in self._started]
        return (*lives, *(ContainerState(service, None, None, None, "never started") for service in never))

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
