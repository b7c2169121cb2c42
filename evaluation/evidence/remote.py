"""The laboratory as it looks from within a worker: what stands in files is read here, all else is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from evaluation.compose.compose_file import ComposeFile
from evaluation.compose.roles import Roles
from evaluation.compose.safe_stack import SafeStack
from evaluation.dockerfiles.dockerfile import Dockerfile
from evaluation.engine.build_network import BuildNetwork
from evaluation.evidence.evidence import Lab, once
from evaluation.images.build_plan import BuildResult
from evaluation.prediction.challenge import Challenge
from evaluation.prediction.expected import Expected
from evaluation.prediction.find_prediction import ObservedPrediction
from evaluation.prediction.rerun import RerunResult
from evaluation.processes.messages import decode, encode, hints_of
from evaluation.quotas import Limits
from evaluation.sandbox.container_run import ContainerRun
from evaluation.sandbox.stack import Stack
from evaluation.sandbox.stack_run import StackRun
from evaluation.submission.submission import Submission
from pipeline.project import Service

Ask = Callable[[str, Mapping[str, Any]], Any]


class RemoteLab(Lab):
    """A laboratory in a worker.

    Args:
        submission: what is evaluated.
        limits: what it may use.
        folder: a folder of the evaluation.
        ask: asks the evaluation for something.
        gated: whether builds have a way to the package indexes there.
    """

    def __init__(
        self, submission: Submission, limits: Limits, folder: Path, ask: Ask, *, gated: bool
    ) -> None:
        super().__init__(submission, limits, None, folder, why_no_engine="workers have none")
        self._ask = ask
        self._numbers: dict[int, StackRun] = {}
        self.build_network = cast(BuildNetwork, _BuildNetwork(self)) if gated else None

    def asked(self, method: str, **arguments: object) -> Any:
        """What a method of the laboratory comes to there, of the type that it has there."""
        kind = hints_of(getattr(Lab, method))["return"]
        value = self._ask(method, cast(Mapping[str, Any], encode(arguments)))
        return self._stack_run(value) if kind is StackRun else decode(kind, value)

    def _stack_run(self, number: int) -> StackRun:
        """A run is asked for by its number, and fetched once."""
        if number not in self._numbers:
            self._numbers[number] = decode(StackRun, self._ask("stack_run", {"number": number}))
        return self._numbers[number]

    def _number(self, run: StackRun) -> int:
        return next(number for number, known in self._numbers.items() if known is run)

    # --- what was read already, in a worker as well

    @once
    def compose(self) -> ComposeFile:
        return cast(ComposeFile, self.asked("compose"))

    @once
    def safe(self) -> SafeStack:
        return cast(SafeStack, self.asked("safe"))

    @once
    def roles(self) -> Roles:
        return cast(Roles, self.asked("roles"))

    @once
    def dockerfile(self, role: Service) -> Dockerfile:
        return cast(Dockerfile, self.asked("dockerfile", role=role))

    @once
    def expected(self) -> Expected:
        """Computed here, but only where it has been computed once before: a network that is too much ends one worker
        and not every one."""
        self._ask("why_not_expected", {})
        return super().expected()

    def seen(self, run: StackRun) -> ObservedPrediction:
        return decode(ObservedPrediction, self._ask("seen", {"number": self._number(run)}))

    # --- what takes an engine

    @once
    def built(self, role: Service) -> BuildResult:
        return cast(BuildResult, self.asked("built", role=role))

    @once
    def alone(self, role: Service, command: tuple[str, ...] = ()) -> ContainerRun:
        other = (
            {"command": command} if command else {}
        )  # what has been asked is known by what it was asked with
        return cast(ContainerRun, self.asked("alone", role=role, **other))

    @once
    def challenged(self) -> tuple[Challenge, ContainerRun]:
        return cast(tuple[Challenge, ContainerRun], self.asked("challenged"))

    @once
    def interpreter(self) -> str:
        return str(self.asked("interpreter"))

    @once
    def places(self, role: Service, name: str) -> tuple[str, ...]:
        return cast(tuple[str, ...], self.asked("places", role=role, name=name))

    @once
    def without_files(self, role: Service, folders: tuple[str, ...]) -> ContainerRun:
        return cast(ContainerRun, self.asked("without_files", role=role, folders=folders))

    @once
    def with_rows(self, role: Service, name: str, rows: bytes) -> ContainerRun:
        return cast(ContainerRun, self.asked("with_rows", role=role, name=name, rows=rows))

    @once
    def holds(self, role: Service, name: str) -> str:
        return str(self.asked("holds", role=role, name=name))

    def stack(self) -> Stack:
        self._ask("stack", {})
        return cast(Stack, _Stack(self))

    @once
    def run(self) -> StackRun:
        return cast(StackRun, self.asked("run"))

    @once
    def run_to_the_ends(self) -> StackRun:
        return cast(StackRun, self.asked("run_to_the_ends"))

    @once
    def late_files(self) -> tuple[str, ...]:
        return cast(tuple[str, ...], self.asked("late_files"))

    @once
    def probe(self) -> RerunResult:
        return cast(RerunResult, self.asked("probe"))

    def named_by_hand(self, image: str) -> bool:
        return bool(self.asked("named_by_hand", image=image))

    def if_known(self, name: str, *arguments: object) -> Any:
        value = self._ask("if_known", {"name": name, "arguments": encode(arguments)})
        if value is None:
            return None
        kind = hints_of(getattr(Lab, name))["return"]
        return self._stack_run(value) if kind is StackRun else decode(kind, value)

    @property
    def runs(self) -> list[StackRun]:
        """The runs of the stack so far."""
        return [self._stack_run(number) for number in self._ask("runs", {})]

    @runs.setter
    def runs(self, value: list[StackRun]) -> None:
        """Nothing: the evaluation has them."""

    def known_run(self, number: int) -> StackRun:
        """A run by its number."""
        return self._stack_run(number)


class _BuildNetwork:
    def __init__(self, lab: RemoteLab) -> None:
        self._lab = lab

    def refused(self) -> list[str]:
        return decode(list[str], self._lab._ask("refused", {}))


class _Stack:
    def __init__(self, lab: RemoteLab) -> None:
        self._lab = lab

    def check(self) -> str:
        return decode(str, self._lab._ask("check_stack", {}))
