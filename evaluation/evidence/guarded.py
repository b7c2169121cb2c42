"""The laboratory of an evaluation: it drives the engine itself, and reads nothing of a submission but in workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from evaluation.compose.compose_file import ComposeFile
from evaluation.compose.roles import Roles
from evaluation.compose.safe_stack import BuildRequest, SafeStack
from evaluation.dockerfiles.dockerfile import Dockerfile
from evaluation.errors import CannotCheck, TooCostly
from evaluation.evidence.evidence import Lab, Sightings, once
from evaluation.images.build_plan import BuildPlan, BuildPlanner, BuildResult, PreparedContext
from evaluation.prediction.expected import data_name, model_name
from evaluation.prediction.find_prediction import ObservedPrediction
from evaluation.prediction.replacement import ReplacementFiles
from evaluation.prediction.rerun import RerunResult
from evaluation.processes.messages import decode, hints_of
from evaluation.processes.worker_pool import WorkerPool
from evaluation.quotas import Limits
from evaluation.result import Verdict
from evaluation.sandbox.stack_run import StackRun
from evaluation.submission.submission import Submission
from pipeline.project import Service

# The methods of the laboratory that a worker may ask for by their names.
_ASKED = frozenset(
    [
        *("compose", "safe", "roles", "dockerfile", "built", "holds", "places", "interpreter", "challenged"),
        *("alone", "without_files", "with_rows", "late_files", "probe", "why_not_expected", "named_by_hand"),
    ]
)


class GuardedBuildPlanner(BuildPlanner):
    """Reads the Dockerfiles of a submission in workers.

    Args:
        submission: whose.
        limits: how much a context may hold.
        workers: what reads.
    """

    def __init__(self, submission: Submission, limits: Limits, workers: WorkerPool) -> None:
        super().__init__(submission, limits)
        self.workers = workers

    def plan(self, wanted: BuildRequest) -> BuildPlan:
        path = f"{wanted.context}/{wanted.dockerfile}"
        try:
            return self.workers.call(BuildPlan, "plan_build", path, wanted=wanted)
        except TooCostly as error:
            return BuildPlan(BuildResult("", False, reason=error.message, hint=error.hint))

    def prepare(
        self, wanted: BuildRequest, folder: Path, variables: Mapping[str, Mapping[str, str]]
    ) -> PreparedContext:
        what = f"the build context {wanted.context}"
        limits = self.limits
        try:
            return self.workers.call(
                PreparedContext, "prepare_context", what, cpu=limits.intake_cpu, seconds=limits.intake_seconds,
                wanted=wanted, folder=folder, variables=variables,
            )  # fmt: skip
        except TooCostly as error:
            return PreparedContext(BuildResult("", False, reason=error.message, hint=error.hint))


class GuardedLab(Lab):
    """A laboratory whose reading is done by workers. A context manager: they are gone afterwards."""

    @cached_property
    def workers(self) -> WorkerPool:
        """What reads; each is told the submission when it starts."""
        context = {
            "submission": self.submission, "limits": self.limits, "folder": self.folder,
            "gated": self.build_network is not None,
        }  # fmt: skip
        return WorkerPool(self.limits, context, self._answer)

    @cached_property
    def _numbered(self) -> list[StackRun]:
        """The runs of the stack that workers know by a number."""
        return []

    def _planner(self) -> BuildPlanner:
        return GuardedBuildPlanner(self.submission, self.limits, self.workers)

    def __enter__(self) -> GuardedLab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.workers.__exit__(kind, error, trace)

    # --- what workers read

    @once
    def compose(self) -> ComposeFile:
        return self.workers.call(ComposeFile, "compose", self.submission.compose_name or "docker-compose.yml")

    @once
    def safe(self) -> SafeStack:
        name = self.compose().name
        return self.workers.call(SafeStack, "safe", name)

    @once
    def roles(self) -> Roles:
        name = self.compose().name
        self.safe()
        return self.workers.call(Roles, "roles", name)

    @once
    def dockerfile(self, role: Service) -> Dockerfile:
        return self.workers.call(Dockerfile, "dockerfile", f"{role.folder}/Dockerfile", role=role)

    @once
    def why_not_expected(self) -> str:
        names = [name for name in (model_name(self.submission), data_name(self.submission)) if name]
        return self.workers.call(str, "why_not_expected", " with ".join(names) or "the model")

    def seen(self, run: StackRun) -> ObservedPrediction:
        return self._seen(self._number(run))

    @once
    def _seen(self, number: int) -> ObservedPrediction:
        self.why_not_expected()
        return self.workers.call(ObservedPrediction, "seen", "what the run left and printed", number=number)

    def exchanged(self, folder: Path, seed: int) -> ReplacementFiles | None:
        self.why_not_expected()
        what = f"{model_name(self.submission)} with {data_name(self.submission)}"
        found = self.workers.call(tuple[ReplacementFiles, ...], "exchanged", what, folder=folder, seed=seed)
        return found[0] if found else None

    def judged(self, run: StackRun, made: ReplacementFiles) -> RerunResult:
        what = "what the run with other rows and another network left and printed"
        return self.workers.call(RerunResult, "judged", what, number=self._number(run), made=made)

    def verdict(self, check: str, function: Callable[..., Verdict], parameters: Mapping[str, Any]) -> Verdict:
        what = str(parameters.get("file") or parameters.get("path") or f"what the check {check} looks at")
        return self.workers.call(Verdict, "verdict", what, check=check, parameters=parameters)

    def sightings(
        self, number: int, detect: Callable[..., Iterable[tuple[str, str]]], most: int
    ) -> Sightings:
        what = f"what `{detect.__name__.replace('_', ' ')}` looks at"
        return self.workers.call(Sightings, "sightings", what, number=number, most=most)

    # --- what workers ask for

    def _answer(self, name: str, arguments: Mapping[str, Any]) -> object:
        if name in _ASKED:
            method = getattr(self, name)
            kinds = hints_of(getattr(Lab, name))
            read = {key: decode(kinds[key], value) for key, value in arguments.items() if key != "return"}
            return method(*read.values())
        return self._about_runs(name, arguments)

    def _about_runs(self, name: str, arguments: Mapping[str, Any]) -> object:
        if name in ("run", "run_to_the_ends"):
            return self._number(getattr(self, name)())
        if name == "stack_run":
            return self._numbered[decode(int, arguments["number"])]
        if name == "seen":
            return self._seen(decode(int, arguments["number"]))
        if name == "runs":
            return [self._number(run) for run in self.runs]
        if name == "stack":
            return self.stack() is not None
        if name == "check_stack":
            return self.stack().check()
        if name == "refused":
            return list(self.build_network.refused()) if self.build_network is not None else []
        if name == "if_known":
            return self._if_known(decode(str, arguments["name"]), decode(list[Any], arguments["arguments"]))
        raise CannotCheck(f"a worker asks for {name}, which there is not")

    def _if_known(self, name: str, arguments: list[Any]) -> object:
        kinds = list(hints_of(getattr(Lab, name)).values())
        read = [decode(kind, value) for kind, value in zip(kinds, arguments, strict=False)]
        value = self.if_known(name, *read)
        return self._number(value) if isinstance(value, StackRun) else value

    def _number(self, run: StackRun) -> int:
        for number, known in enumerate(self._numbered):
            if known is run:
                return number
        self._numbered.append(run)
        return len(self._numbered) - 1
