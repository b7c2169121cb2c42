"""The laboratory of an evaluation: it drives the engine itself, and reads nothing of a submission but in workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from pipeline.evaluation.builds import Built
from pipeline.evaluation.composefile import ComposeFile
from pipeline.evaluation.dockerfile import Dockerfile
from pipeline.evaluation.errors import CannotCheck, TooCostly
from pipeline.evaluation.expected import data_name, model_name
from pipeline.evaluation.lab import Lab, Sightings, once
from pipeline.evaluation.limits import Limits
from pipeline.evaluation.prediction_seen import Seen
from pipeline.evaluation.probe import Probe
from pipeline.evaluation.result import Verdict
from pipeline.evaluation.roles import Roles
from pipeline.evaluation.safestack import BuildWanted, SafeStack
from pipeline.evaluation.stackrun import StackRun
from pipeline.evaluation.submitted import Submission
from pipeline.evaluation.wire import decode, hints_of
from pipeline.evaluation.worker import Workers
from pipeline.evaluation.workshop import Workshop
from pipeline.layout import Service


class GuardedLab(Lab):
    """A laboratory whose reading is done by workers. A context manager: they are gone afterwards.

    Args:
        submission: what is evaluated.
        limits: what it may use.
        workshop: where it is built and run; None where there is no engine.
        folder: a folder of our own.
        why_no_engine: why there is none, in words.
        allowed_hosts: hosts that builds may reach beyond the package indexes.
    """

    def __init__(
        self,
        submission: Submission,
        limits: Limits,
        workshop: Workshop | None,
        folder: Path,
        *,
        why_no_engine: str = "",
        allowed_hosts: tuple[str, ...] = (),
    ) -> None:
        super().__init__(
            submission, limits, workshop, folder, why_no_engine=why_no_engine, allowed_hosts=allowed_hosts
        )
        self._numbered: list[StackRun] = []
        context = {
            "submission": submission,
            "limits": limits,
            "folder": folder,
            "gated": self.gate is not None,
        }
        self.workers = Workers(limits, context, self._answer)

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
    def expectable(self) -> bool:
        """Whether the prediction can be computed at all within the limits.

        Raises:
            TooCostly: the model or the rows are too much.
        """
        names = [name for name in (model_name(self.submission), data_name(self.submission)) if name]
        return self.workers.call(bool, "expectable", " with ".join(names) or "the model")

    def seen(self, run: StackRun) -> Seen:
        return self._seen(self._number(run))

    @once
    def _seen(self, number: int) -> Seen:
        self.expectable()
        return self.workers.call(Seen, "seen", "what the run left and printed", number=number)

    def changed_rows(self) -> Path | None:
        self.expectable()
        return self.workers.call(Path | None, "changed_rows", data_name(self.submission) or "the rows")  # type: ignore[arg-type]

    def judged(self, run: StackRun, rows: Path) -> Probe:
        what = "what the run with other rows left and printed"
        return self.workers.call(Probe, "judged", what, number=self._number(run), rows=rows)

    def verdict(self, check: str, function: Callable[..., Verdict], parameters: Mapping[str, Any]) -> Verdict:
        what = str(parameters.get("file") or parameters.get("path") or f"what the check {check} looks at")
        return self.workers.call(Verdict, "verdict", what, check=check, parameters=parameters)

    def sightings(
        self, number: int, detect: Callable[..., Iterable[tuple[str, str]]], most: int
    ) -> Sightings:
        what = f"what `{detect.__name__.replace('_', ' ')}` looks at"
        return self.workers.call(Sightings, "sightings", what, number=number, most=most)

    def _build(self, wanted: BuildWanted) -> Built:
        assert self.workshop
        path = f"{wanted.context}/{wanted.dockerfile}"
        try:
            # What has been read within the limits once can be read again without them: it comes to the same.
            self.workers.call(bool, "readable_recipe", path, wanted=wanted)
        except TooCostly as error:
            return Built("", False, reason=error.message, hint=error.hint)
        return super()._build(wanted)

    # --- what workers ask for

    def _answer(self, name: str, arguments: Mapping[str, Any]) -> object:
        if name in ("compose", "safe", "roles", "late_files", "probe", "expectable"):
            return getattr(self, name)()
        if name in ("dockerfile", "built", "alone", "holds", "named_by_hand"):
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
            return list(self.gate.refused()) if self.gate is not None else []
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
