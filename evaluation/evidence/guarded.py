"""The evidence in the evaluation process: it controls the engine, and workers read the files of a submission."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from common.errors import PipelineError
from evaluation.compose.safe_stack import BuildRequest
from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck, TooCostly
from evaluation.evidence.evidence import FACTS, DetectorResult, Evidence
from evaluation.evidence.facts import Fact, P, T
from evaluation.fault import Fault
from evaluation.images.build_plan import BuildPlan, BuildPlanner, BuildResult, PreparedContext
from evaluation.layout.expected_layout import TASK06, Layout
from evaluation.processes.messages import decode
from evaluation.processes.worker_pool import WorkerPool
from evaluation.quotas import Limits
from evaluation.result import Verdict
from evaluation.submission.submission import Submission


class GuardedBuildPlanner(BuildPlanner):
    """Reads the Dockerfiles of a submission in worker processes.

    Args:
        submission: the submission.
        limits: limits on the size of a build context.
        workers: the workers.
    """

    def __init__(self, submission: Submission, limits: Limits, workers: WorkerPool) -> None:
        super().__init__(submission, limits)
        self.workers = workers

    def plan(self, request: BuildRequest) -> BuildPlan:
        """Plan a build in a worker."""
        try:
            return self.workers.call(BuildPlan, "plan_build", request.path, request=request)
        except TooCostly as error:
            return BuildPlan(BuildResult("", False, reason=error.message, hint=error.hint))

    def prepare(
        self, request: BuildRequest, folder: Path, variables: Mapping[str, Mapping[str, str]]
    ) -> PreparedContext:
        """Copy a build context in a worker.

        Args:
            request: the build.
            folder: an empty folder for the copy of the context.
            variables: the variables of each base image.
        """
        source = f"the build context {request.context}"
        limits = self.limits
        try:
            return self.workers.call(
                PreparedContext, "prepare_context", source, cpu=limits.intake_cpu, seconds=limits.intake_seconds,
                request=request, folder=folder, variables=variables,
            )  # fmt: skip
        except TooCostly as error:
            return PreparedContext(BuildResult("", False, reason=error.message, hint=error.hint))


class GuardedEvidence(Evidence):
    """Evidence whose workers compute every fact that requires reading a file of the submission.

    A context manager that ends the workers.

    Args:
        submission: the submission to evaluate.
        limits: the resource limits of the submission.
        engine: the container engine that builds and runs it; None if there is none.
        folder: a folder that only this evaluation uses.
        workers: the workers; they receive the submission. None for new ones.
        why_no_engine: why there is no container engine.
        allowed_hosts: hosts that builds may reach beyond the package indexes.
        layout: what the rubric expects of a submission.
    """

    def __init__(
        self,
        submission: Submission,
        limits: Limits,
        engine: EngineSession | None,
        folder: Path,
        *,
        workers: WorkerPool | None = None,
        why_no_engine: str = "",
        allowed_hosts: tuple[str, ...] = (),
        layout: Layout = TASK06,
    ) -> None:
        self.workers = workers or WorkerPool(limits)
        context = {"submission": submission, "limits": limits, "folder": folder, "layout": layout}
        self.workers.set_context(context, self._respond)
        super().__init__(
            submission, limits, engine, folder,
            why_no_engine=why_no_engine, allowed_hosts=allowed_hosts, layout=layout,
        )  # fmt: skip

    def _planner(self) -> BuildPlanner:
        return GuardedBuildPlanner(self.submission, self.limits, self.workers)

    def __enter__(self) -> GuardedEvidence:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.workers.__exit__(kind, error, trace)

    # --- what workers do

    def _compute(self, fact: Fact[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if fact.source is None:
            return super()._compute(fact, *args, **kwargs)
        for name in fact.reads:
            # Computed before a worker requests it: otherwise a second worker would compute it while the first waits.
            with suppress(PipelineError):
                self.obtain(FACTS[name])
        arguments = {name: self.to_message(value) for name, value in fact.bind(*args, **kwargs).items()}
        source = fact.source(self, *args, **kwargs)
        return self.workers.call(fact.kind, "fact", source, name=fact.name, arguments=arguments)

    def verdict(
        self, check: str, function: Callable[..., Verdict], parameters: Mapping[str, object]
    ) -> Verdict:
        """Carry out a check in a worker; see `Evidence.verdict`."""
        source = str(parameters.get("file") or parameters.get("path") or f"what the check {check} looks at")
        return self.workers.call(Verdict, "verdict", source, check=check, parameters=parameters)

    def detect(
        self, detector: str, function: Callable[..., Iterable[tuple[str, str]]], limit: int
    ) -> DetectorResult:
        """Look for a trap in a worker; see `Evidence.detect`."""
        source = f"what `{detector.replace('_', ' ')}` looks at"
        return self.workers.call(DetectorResult, "detect", source, detector=detector, limit=limit)

    def diagnose(self, name: str, function: Callable[..., Iterable[Fault]]) -> tuple[Fault, ...]:
        """Look for faults in a worker; see `Evidence.diagnose`."""
        source = f"what `{name.replace('_', ' ')}` looks at"
        return self.workers.call(tuple[Fault, ...], "diagnose", source, name=name)

    # --- what workers ask for

    def _respond(self, name: str, arguments: Mapping[str, object]) -> object:
        if name in ("fact", "known"):
            fact = _asked(decode(str, arguments["name"]))
            encoded = decode(dict[str, object], arguments["arguments"])
            values = {key: self.from_message(kind, encoded[key]) for key, kind in fact.parameters.items()}
            value = self.obtain(fact, **values) if name == "fact" else self.known(fact, **values)
            return self.to_message(value)
        if name == "stack_run":
            return self.run_with(decode(int, arguments["number"]))
        if name == "refused_hosts":
            return self.refused_hosts
        raise CannotCheck(f"a worker requested {name}, which is unknown")


def _asked(name: str) -> Fact[..., object]:
    """Return a fact that workers may request."""
    if name not in FACTS or not FACTS[name].for_workers:
        raise CannotCheck(f"a worker requested the fact {name}, which is not available to workers")
    return FACTS[name]
