"""The facts from the runs of the stack."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import cast

from common.errors import PipelineError
from evaluation.engine.image_names import is_allowed, misspelled_image
from evaluation.errors import ImageRefused, MissingPrerequisite
from evaluation.evidence.containers import ContainerEvidence
from evaluation.evidence.facts import T, fact, fact_about
from evaluation.layout.patterns import find_files
from evaluation.prediction.find_prediction import ObservedPrediction
from evaluation.prediction.labels import find_shown
from evaluation.prediction.mistakes import Mistake, recognize_mistake
from evaluation.prediction.output import Output, find_output
from evaluation.processes.messages import decode, encode
from evaluation.sandbox import timeline
from evaluation.sandbox.stack import Stack
from evaluation.sandbox.stack_run import StackRun
from evaluation.sandbox.volumes import VolumeEntry


class RunEvidence(ContainerEvidence):
    """The facts that need a run of the stack."""

    def image_of(self, service: str) -> str:
        """Return the image that a service of the compose file runs, by its name on this machine.

        Raises:
            CannotCheck: there is no such image; the message names the service.
        """
        settings = self.safe_stack.services[service]
        for role in self.places.containers:
            if role.is_build(settings.image) and (role.exists or "/" not in settings.image):
                return self.image(role)
        if settings.build is not None:
            build = self._build(settings.build)
            if not build.ok:
                raise MissingPrerequisite(
                    f"the image of the service {service} was not built: {build.reason}", hint=build.hint
                )
            return build.image
        own = [role.image for role in self.places.containers]
        if not is_allowed(settings.image, self.engine.allowed_images) and (
            meant := misspelled_image(settings.image, own)
        ):
            raise ImageRefused(
                f"there is no image {settings.image}, and nothing in the submission builds it",
                hint=f"Did you mean {meant}?",
            )
        self.engine.ensure_image(settings.image)
        return settings.image

    @fact(for_workers=False)
    def stack(self) -> Stack:
        """Prepare the stack, so that it can be run.

        Raises:
            CannotCheck: an image is missing.
        """
        safe = self.safe_stack
        images = {name: self.image_of(name) for name in safe.services}
        roles = self.roles
        return Stack(
            self.engine,
            self.submission,
            safe,
            images,
            roles.shared,
            roles.code,
            self.folder,
            abort=self.layout.abort_on_exit,
        )

    @fact()
    def compose_error(self) -> str:
        """Return the error that ``docker-compose config`` reports; empty if it accepts the file."""
        return self.stack.check()

    @fact()
    def runs(self) -> tuple[StackRun, ...]:
        """Run the stack, and run it again if it did not succeed: a single failure may be chance."""
        if missing := self.missing_folders:
            raise MissingPrerequisite(f"the stack cannot be started: there is no folder {missing[0]}")
        first = self.stack.run()
        if first.stopped or (timeline.in_order(first, self.roles) and self.is_right(first)):
            return (first,)
        return (first, self.stack.run())

    @fact()
    def run(self) -> StackRun:
        """Return the run of the stack that counts: the better one."""
        return max(self.runs, key=lambda run: (timeline.succeeded(run, self.roles), self.is_right(run)))

    @fact()
    def full_run(self) -> StackRun:
        """Run the stack without ``--abort-on-container-exit``, so that each container ends by itself."""
        return self.stack.run(look=True)

    @fact()
    def late_files(self) -> tuple[str, ...]:
        """Return the files that arrived only after codebase had failed without them."""
        missed = timeline.late_inputs(self.run, self.roles)
        if not missed or self.is_right(self.run):
            return ()
        return tuple(name for name in missed if name in self.full_run.shared)

    @property
    def run_for_files(self) -> StackRun:
        """The run whose files count.

        If the stack stopped at the first exit, or before the files could be copied, it is chance which files were
        copied by then; in that case, it is the run in which every container ends by itself.
        """
        incomplete = timeline.wrong_first_exit(self.run, self.roles) or self.late_files
        return self.full_run if incomplete else self.run

    def results_of(self, run: StackRun) -> Mapping[str, VolumeEntry]:
        """Return what a run left in the shared folder, without the files that the data containers deliver."""
        delivered = find_files(tuple(self.roles.data.values()), list(run.shared))
        return {name: entry for name, entry in run.shared.items() if name not in delivered}

    @fact_about(lambda self, run: "what the run left and printed")
    def observed_prediction(self, run: StackRun) -> ObservedPrediction:
        """Look for the prediction in what a run printed and left."""
        lines = run.lines_of(self.roles.code)
        return find_shown(self.expected.outputs, self.expected.labels, self.results_of(run), lines)

    @fact_about(lambda self, run: "what the run left and printed")
    def shown_readings(self, run: StackRun) -> tuple[str, ...]:
        """Return the correct readings whose prediction a run shows, as strings; the first one if it shows none."""
        lines = run.lines_of(self.roles.code)
        right = self.expected.right
        labels = self.expected.labels
        shown = [
            one.text for one in right if find_shown([one.outputs], labels, self.results_of(run), lines).equal
        ]
        return tuple(shown or [one.text for one in right[:1]])

    @fact_about(lambda self, run: "what the run left and printed")
    def mistake(self, run: StackRun) -> Mistake:
        """Recognize the mistake that explains what a run shows instead of the correct prediction."""
        names = (self.places.model, self.places.rows)
        lines = run.lines_of(self.roles.code)
        return recognize_mistake(self.expected, self.submission, names, self.results_of(run), lines)

    @fact_about(lambda self, run: "what the run left and printed")
    def output(self, run: StackRun) -> Output:
        """Find the output of the program in a run."""
        roles = self.roles
        return find_output(self.layout, self.results_of(run), run.lines_of(roles.code))

    def is_right(self, run: StackRun) -> bool:
        """Return whether a run shows the right prediction; a run that cannot be read does not.

        For a framework whose predictions are not recomputed, any output counts.
        """
        try:
            if not self.layout.framework.is_computed:
                return bool(self.output(run).where)
            return self.observed_prediction(run).equal
        except PipelineError:
            return False

    # --- runs are sent to workers as a number, because one may take megabytes

    def to_message(self, value: object) -> object:
        """Return a value as JSON data; a run of the stack as its number."""
        if isinstance(value, StackRun):
            return self.number_of(value)
        if isinstance(value, tuple):
            return [self.to_message(item) for item in value]
        return encode(value)

    def from_message(self, kind: type[T], message: object) -> T:
        """Return the value that `to_message` encoded.

        Args:
            kind: the type of the value.
            message: the message.

        Raises:
            MessageError: the message does not have this type.
        """
        if kind is StackRun:
            return cast(T, self.run_with(decode(int, message)))
        if kind == tuple[StackRun, ...]:
            return cast(T, tuple(map(self.run_with, decode(tuple[int, ...], message))))
        return decode(kind, message)

    @cached_property
    def _numbered(self) -> list[StackRun]:
        return []

    def number_of(self, run: StackRun) -> int:
        """Return the number of a run, which is assigned on the first call."""
        for number, known in enumerate(self._numbered):
            if known is run:
                return number
        self._numbered.append(run)
        return len(self._numbered) - 1

    def run_with(self, number: int) -> StackRun:
        """Return the run that has a number."""
        return self._numbered[number]
