"""Everything that is looked at in one submission, each thing once and only when somebody asks for it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from evaluation.compose.compose_file import ComposeFile, read_compose
from evaluation.compose.interpolation import read_env
from evaluation.compose.roles import Roles, find_roles
from evaluation.compose.safe_stack import BuildRequest, SafeStack, make_safe
from evaluation.dockerfiles.dockerfile import Dockerfile
from evaluation.dockerfiles.parser import read_dockerfile
from evaluation.engine.build_network import BuildNetwork
from evaluation.engine.image_names import is_allowed, plain_name
from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck
from evaluation.images.build_plan import BuildPlanner, BuildResult
from evaluation.images.builder import Builder
from evaluation.images.image_files import find_all, holds, why_not_interpreter
from evaluation.prediction.challenge import Challenge, make_challenge
from evaluation.prediction.expected import Expected, data_name, expect_of, model_name
from evaluation.prediction.find_prediction import ObservedPrediction, find_prediction
from evaluation.prediction.replacement import ReplacementFiles, load_replacement, save_replacement
from evaluation.prediction.replacement_search import find_replacement
from evaluation.prediction.rerun import (
    RerunInputs,
    RerunResult,
    delivered,
    fresh_seed,
    image_with_file,
    judge_rerun,
    not_rerun,
    rerun_stack,
)
from evaluation.quotas import Limits
from evaluation.result import Verdict
from evaluation.sandbox import timeline
from evaluation.sandbox.container_run import ContainerRun, run_container
from evaluation.sandbox.stack import Stack
from evaluation.sandbox.stack_run import StackRun
from evaluation.submission.submission import Submission
from pipeline.engines.base import PYBRAIN_IMPORTS
from pipeline.errors import PipelineError
from pipeline.project import ACTIVATIONBASE, CODEBASE, KNOWLEDGEBASE, SERVICES, Service

P = ParamSpec("P")
T = TypeVar("T")
_MOST_SIGHTINGS = 10_000


@dataclass(frozen=True)
class Sightings:
    """Where a submission steps into one trap.

    Attributes:
        seen: the first places, with what is the matter there.
        count: of all places.
    """

    seen: tuple[tuple[str, str], ...]
    count: int


def once(method: Callable[P, T]) -> Callable[P, T]:
    """Remembers what a method came to for each of its arguments, an error as well."""

    @functools.wraps(method)
    def remembered(*arguments: P.args, **options: P.kwargs) -> T:
        lab = arguments[0]
        known: dict[object, tuple[T | None, PipelineError | None]] = lab.__dict__.setdefault("_known", {})
        key = (method.__name__, arguments[1:], tuple(sorted(options.items())))
        if key not in known:
            try:
                known[key] = (method(*arguments, **options), None)
            except PipelineError as error:
                known[key] = (None, error)
        value, failure = known[key]
        if failure is not None:
            raise failure
        return value  # type: ignore[return-value]

    return remembered


class Lab:
    """One submission, and what is needed to look at it.

    Args:
        submission: what is evaluated.
        limits: what it may use.
        workshop: where it is built and run; None where there is no engine.
        why_no_engine: why there is none, in words.
        folder: a folder of our own.
        allowed_hosts: hosts that builds may reach beyond the package indexes.
    """

    def __init__(
        self,
        submission: Submission,
        limits: Limits,
        engine: EngineSession | None,
        folder: Path,
        *,
        why_no_engine: str = "",
        allowed_hosts: tuple[str, ...] = (),
    ) -> None:
        self.submission = submission
        self.limits = limits
        self.folder = folder
        self.why_no_engine = why_no_engine
        self._engine = engine
        self.build_network = BuildNetwork(engine, allowed_hosts) if engine else None
        self._builder = (
            Builder(engine, self._planner(), self.build_network, folder)
            if engine and self.build_network
            else None
        )
        self.runs: list[StackRun] = []

    def _planner(self) -> BuildPlanner:
        """What reads Dockerfiles."""
        return BuildPlanner(self.submission, self.limits)

    @property
    def engine(self) -> EngineSession:
        """The engine.

        Raises:
            CannotCheck: there is none.
        """
        if self._engine is None:
            raise CannotCheck(
                f"there is no container engine here: {self.why_no_engine}",
                hint="Nothing is wrong with the submission: evaluate it where Docker runs.",
            )
        return self._engine

    # --- what stands in the files

    @once
    def compose(self) -> ComposeFile:
        name = self.submission.compose_name
        if not name:
            mistake = "there is no docker-compose.yml"
            return ComposeFile("docker-compose.yml", {}, (mistake,), {})
        return read_compose(name, self.submission.bytes(name), read_env(self.submission.text(".env")))

    @once
    def safe(self) -> SafeStack:
        return make_safe(self.compose(), self.submission, self.limits)

    @once
    def roles(self) -> Roles:
        return find_roles(self.safe())

    @once
    def dockerfile(self, role: Service) -> Dockerfile:
        return read_dockerfile(self.submission.text(f"{role.folder}/Dockerfile"))

    # --- images and containers

    @once
    def built(self, role: Service) -> BuildResult:
        """The image that a tutor builds in the folder of a container."""
        return self._build(BuildRequest(role.folder, "Dockerfile"))

    def _build(self, wanted: BuildRequest) -> BuildResult:
        assert self.engine
        assert self._builder is not None
        return self._builder.build(wanted)

    def image(self, role: Service) -> str:
        """Its name here.

        Raises:
            CannotCheck: it was not built.
        """
        built = self.built(role)
        if not built.ok:
            raise CannotCheck(f"there is no image of {role.folder}: {built.reason}")
        return built.image

    @once
    def alone(self, role: Service, command: tuple[str, ...] = ()) -> ContainerRun:
        """A container by itself; with its own command, or with another."""
        image = self.image(role)
        self.engine.say(f"running {role.name} alone")
        return run_container(self.engine, image, role.image, self.folder, command)

    def pybrain(self) -> ContainerRun:
        """Whether codebase has PyBrain: what the task's tutor types."""
        return self.alone(SERVICES[2], ("python3", "-c", PYBRAIN_IMPORTS))

    @once
    def challenged(self) -> tuple[Challenge, ContainerRun]:
        """What codebase's Python and its PyBrain say to a program of ours."""
        asked = make_challenge(fresh_seed())
        return asked, self.alone(SERVICES[2], ("python3", "-c", asked.program))

    @once
    def interpreter(self) -> str:
        """Why the python3 in the image of codebase is no interpreter, in words; empty where it can be one."""
        return why_not_interpreter(self.engine, self.image(SERVICES[2]), "python3", self.folder)

    @once
    def places(self, role: Service, name: str) -> tuple[str, ...]:
        """All places of a container's image that hold a file of the submission, and the usual one."""
        wanted = self.submission.path(name)
        return tuple(find_all(self.engine, self.image(role), wanted, role.inside, self.folder))

    @once
    def without_files(self, role: Service, folders: tuple[str, ...]) -> ContainerRun:
        """A container by itself, with empty folders: what it shows then is not what lies in them."""
        return run_container(self.engine, self.image(role), role.image, self.folder, hidden=folders)

    @once
    def with_rows(self, role: Service, name: str, rows: bytes) -> ContainerRun:
        """A container by itself, with other rows in the place of the submission's."""
        tag = f"rows-{role.name}"
        folder = self.folder / tag
        folder.mkdir(exist_ok=True)
        new = self.folder / f"{tag}.csv"
        new.write_bytes(rows)
        image = image_with_file(self.engine, self.image(role), new, self.places(role, name), folder, tag)
        return run_container(self.engine, image, role.image, self.folder)

    @once
    def holds(self, role: Service, name: str) -> str:
        """Where the image of a container holds a file of the submission, byte for byte; empty where it does not."""
        image = self.image(role)
        return holds(self.engine, image, self.submission.path(name), role.inside, self.folder)

    # --- the stack

    def image_of(self, service: str) -> str:
        """The image that a service of the compose file runs, as it is called here.

        Raises:
            CannotCheck: it cannot be had; in words that name the service.
        """
        about = self.safe().services[service]
        name, _, tag = plain_name(about.image).partition(":")
        for role in SERVICES:
            if name == role.image and tag in ("", "latest"):
                return self.image(role)
        if about.build is not None:
            built = self._build(about.build)
            if not built.ok:
                raise CannotCheck(f"the image of the service {service} was not built: {built.reason}")
            return built.image
        self.engine.ensure_image(about.image)
        return about.image

    @once
    def stack(self) -> Stack:
        """The stack, ready to be run.

        Raises:
            CannotCheck: an image is missing.
        """
        safe = self.safe()
        images = {name: self.image_of(name) for name in safe.services}
        roles = self.roles()
        code = roles.service(CODEBASE)
        return Stack(self.engine, self.submission, safe, images, roles.shared, code, self.folder)

    @once
    def run(self) -> StackRun:
        """The run of the stack that counts: the first, or the second where the first failed and it did not."""
        if missing := self.missing_folders():
            raise CannotCheck(f"the stack cannot be started: there is no folder {missing[0]}")
        stack, roles = self.stack(), self.roles()
        for _ in range(2):
            run = stack.run()
            self.runs.append(run)
            if run.stopped or (timeline.in_order(run, roles) and self.is_right(run)):
                break
        return max(self.runs, key=lambda run: (timeline.succeeded(run, roles), self.is_right(run)))

    @once
    def run_to_the_ends(self) -> StackRun:
        """A run without `--abort-on-container-exit`: what each container does when nobody stops it, for a while."""
        return self.stack().run(abort=False)

    @once
    def late_files(self) -> tuple[str, ...]:
        """The files that came when codebase had failed for want of them. One that never comes is not late."""
        run = self.run()
        missed = timeline.late_inputs(run, self.roles())
        if not missed or self.is_right(run):
            return ()
        return tuple(name for name in missed if name in self.run_to_the_ends().shared)

    def run_for_files(self) -> StackRun:
        """The run whose files count. Where the stack stopped at the first exit, or before the files could be there,
        what was copied by then is chance: then it is a run in which every container comes to its own end."""
        by_chance = timeline.wrong_first_exit(self.run(), self.roles()) or self.late_files()
        return self.run_to_the_ends() if by_chance else self.run()

    def missing_folders(self) -> list[str]:
        """Folders that a volume needs and Compose does not make."""
        services = self.safe().services.values()
        return sorted({mount.source for one in services for mount in one.mounts if mount.kind == "missing"})

    def if_known(self, name: str, *arguments: object) -> Any:
        """What a method came to, where it has been asked already and did not fail; else None."""
        known: dict[object, tuple[Any, PipelineError | None]] = self.__dict__.get("_known", {})
        return known.get((name, arguments, ()), (None, None))[0]

    # --- the prediction

    @once
    def expected(self) -> Expected:
        """What the safe runtime computes."""
        return expect_of(self.submission)

    def seen(self, run: StackRun) -> ObservedPrediction:
        """What a run shows of the prediction."""
        return find_prediction(
            self.expected().outputs, run.shared, run.lines_of(self.roles().service(CODEBASE))
        )

    def is_right(self, run: StackRun) -> bool:
        """Whether a run shows the right prediction. One that cannot be read costs its own check, no other."""
        try:
            return self.seen(run).equal
        except PipelineError:
            return False

    @once
    def probe(self) -> RerunResult:
        """Whether the prediction follows other rows and another network."""
        roles = self.roles()
        if why := self.why_not_expected():
            return not_rerun(why)
        missing = [role.name for role in SERVICES if not roles.service(role.name)]
        if missing:
            return not_rerun(f"no service runs {missing[0]}", counts_against=True)
        files = RerunInputs(
            data_name(self.submission), model_name(self.submission), self.is_right(self.run()),
            self.exchanged, self.judged,
        )  # fmt: skip
        return rerun_stack(self.stack(), roles, files, self.folder, fresh_seed(), self.engine.say)

    def why_not_expected(self) -> str:
        """Why no prediction can be computed from the submission's files, in words; empty where one can."""
        expected = self.expected()
        return "" if expected.outputs else expected.why_not

    def exchanged(self, folder: Path, seed: int) -> ReplacementFiles | None:
        """Other rows and another network, in files of ours; None where there are none.

        Args:
            folder: an empty folder of our own; they lie there afterwards.
            seed: they are made from it.
        """
        model, data = model_name(self.submission), data_name(self.submission)
        model_path, data_path = self.submission.path(model), self.submission.path(data)
        made = find_replacement(model_path, data_path, self.expected().outputs, folder, seed)
        return None if made is None else save_replacement(made, folder)

    def judged(self, run: StackRun, made: ReplacementFiles) -> RerunResult:
        """What a run with exchanged files shows."""
        code = self.roles().service(CODEBASE)
        probe = judge_rerun(load_replacement(made), run.shared, run.lines_of(code))
        model, data = model_name(self.submission), data_name(self.submission)
        old = {ACTIVATIONBASE: self.submission.path(data), KNOWLEDGEBASE: self.submission.path(model)}
        return replace(probe, delivered=delivered(made, old, run.shared))

    # --- what is looked at

    def verdict(self, check: str, function: Callable[..., Verdict], parameters: Mapping[str, Any]) -> Verdict:
        """What one check says.

        Args:
            check: its name.
            function: what it does.
            parameters: what the rubric gives it.
        """
        return function(self, parameters)

    def sightings(
        self, number: int, detect: Callable[..., Iterable[tuple[str, str]]], most: int
    ) -> Sightings:
        """Where the submission steps into a trap.

        Args:
            number: the trap's place in the table of detectors.
            detect: looks for it.
            most: how many places are told.
        """
        seen = list(dict.fromkeys(itertools.islice(detect(self), _MOST_SIGHTINGS)))
        return Sightings(tuple(seen[:most]), len(seen))

    def named_by_hand(self, image: str) -> bool:
        """Whether the person who evaluates has allowed an image by its name."""
        also = self._engine.allowed_images if self._engine else ()
        return is_allowed(image, also) and not is_allowed(image)
