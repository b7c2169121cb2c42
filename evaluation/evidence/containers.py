"""The contents of a submission's images, and the runs of its single containers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evaluation.compose.safe_stack import BuildRequest
from evaluation.engine.build_network import BuildNetwork
from evaluation.engine.image_names import is_allowed
from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck, MissingPrerequisite
from evaluation.evidence.facts import fact, fact_about
from evaluation.evidence.file_evidence import FileEvidence
from evaluation.images.build_plan import BuildPlanner, BuildResult
from evaluation.images.builder import Builder
from evaluation.images.image_files import find_all, find_file, why_not_interpreter
from evaluation.layout.expected_layout import TASK06, Layout
from evaluation.layout.places import Place
from evaluation.prediction.challenge import Challenge, make_challenge
from evaluation.prediction.replaced_stack import image_with_file
from evaluation.prediction.rerun import fresh_seed
from evaluation.quotas import Limits
from evaluation.sandbox.container_run import ContainerRun, run_container
from evaluation.submission.submission import Submission

_FIND_COMPILERS = (
    "sh",
    "-c",
    "for c in gcc g++ cc c++ clang make ld as gfortran; do command -v $c; done; true",
)


class ContainerEvidence(FileEvidence):
    """The facts that need an image, or a run of one container.

    Args:
        submission: the submission to evaluate.
        limits: the resource limits of the submission.
        engine: the container engine that builds and runs it; None if there is none.
        folder: a folder that only this evaluation uses.
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
        why_no_engine: str = "",
        allowed_hosts: tuple[str, ...] = (),
        layout: Layout = TASK06,
    ) -> None:
        super().__init__(submission, limits, folder, layout)
        self.why_no_engine = why_no_engine
        self._engine = engine
        self.build_network = BuildNetwork(engine, allowed_hosts) if engine else None
        self._builder = (
            Builder(engine, self._planner(), self.build_network, folder)
            if engine and self.build_network
            else None
        )

    def _planner(self) -> BuildPlanner:
        """Return the planner of the builds."""
        return BuildPlanner(self.submission, self.limits)

    @property
    def engine(self) -> EngineSession:
        """The container engine.

        Raises:
            CannotCheck: there is no container engine.
        """
        if self._engine is None:
            raise CannotCheck(
                f"no container engine is available: {self.why_no_engine}",
                hint="Nothing is wrong with the submission: evaluate it on a machine where Docker runs.",
            )
        return self._engine

    # --- images

    @fact_about()
    def build_result(self, role: Place) -> BuildResult:
        """Build the image of a container in its folder, or in the folder that its Dockerfile is written for."""
        return self._build(self.build_request(role))

    def _build(self, request: BuildRequest) -> BuildResult:
        assert self.engine
        assert self._builder is not None
        return self._builder.build(request)

    def image(self, role: Place) -> str:
        """Return the name of a container's image on this machine.

        Raises:
            MissingPrerequisite: the image was not built.
        """
        build = self.build_result(role)
        if not build.ok:
            raise MissingPrerequisite(f"there is no image of {role.folder}: {build.reason}")
        return build.image

    @property
    def refused_hosts(self) -> tuple[str, ...]:
        """The hosts that builds have requested and the proxy has refused so far."""
        return tuple(self.build_network.refused()) if self.build_network is not None else ()

    @fact_about()
    def allowed_by_name(self, image: str) -> bool:
        """Return whether the user has allowed an image by its name."""
        further = self._engine.allowed_images if self._engine else ()
        return is_allowed(image, further) and not is_allowed(image)

    @fact_about()
    def path_in_image(self, role: Place, name: str) -> str:
        """Find a file of the submission in a container's image, byte for byte; empty if it is not in the image.

        Args:
            role: the container.
            name: the file, as the submission calls it.
        """
        file = self.submission.path(name)
        return find_file(self.engine, self.image(role), file, role.inside, self.folder)

    def copies_in_image(self, role: Place, name: str) -> tuple[str, ...]:
        """Return every path in a container's image with the content of a file, and also the usual path.

        Args:
            role: the container.
            name: the file, as the submission calls it.
        """
        return self.copies(self.image(role), role, name)

    @fact_about()
    def copies(self, image: str, role: Place, name: str) -> tuple[str, ...]:
        """Find every path of an image with the content of a file, and the usual path if it contains any file.

        Args:
            image: the name of the image on this machine.
            role: the container, which determines the usual path.
            name: the path of the file in the submission.
        """
        file = self.submission.path(name)
        return tuple(find_all(self.engine, image, file, role.inside, self.folder))

    @fact()
    def why_no_interpreter(self) -> str:
        """Return why the python3 of codebase's image is not a Python interpreter; empty if it can be one."""
        return why_not_interpreter(self.engine, self.image(self.places.codebase), "python3", self.folder)

    # --- runs of one container

    @fact_about()
    def container_run(self, role: Place) -> ContainerRun:
        """Run a container by itself, with its own command."""
        return self._run_container(role)

    @fact()
    def framework_import(self) -> ContainerRun:
        """Import the framework of the knowledge in codebase, as the tutor types it."""
        return self._run_python(
            self.layout.framework.program, lambda run: run.ok and run.output.split()[-1:] == ["OK"]
        )

    @fact()
    def challenge(self) -> tuple[Challenge, ContainerRun]:
        """Run a program of the evaluation that needs Python and PyBrain in codebase; return both."""
        challenge = make_challenge(fresh_seed())
        return challenge, self._run_python(
            challenge.program, lambda run: challenge.has_language_results(run.output)
        )

    @fact()
    def compilers(self) -> ContainerRun:
        """Print the paths of the compilers in the image of codebase."""
        return self._run_container(self.places.codebase, _FIND_COMPILERS, as_entrypoint=True)

    def _run_python(self, program: str, works: Callable[[ContainerRun], bool]) -> ContainerRun:
        """Run a program with the python3 of codebase.

        If the image has an ENTRYPOINT, the command is passed to it, and may not be executed: then the program is run in
        place of the ENTRYPOINT.

        Args:
            program: the program.
            works: returns whether a run shows the output of the program.
        """
        code, command = self.places.codebase, ("python3", "-c", program)
        run = self._run_container(code, command)
        if works(run) or not ((self.engine.image(self.image(code)) or {}).get("Config") or {}).get(
            "Entrypoint"
        ):
            return run
        return self._run_container(code, command, as_entrypoint=True)

    def _run_container(
        self, role: Place, command: tuple[str, ...] = (), *, as_entrypoint: bool = False
    ) -> ContainerRun:
        image = self.image(role)
        self.engine.on_progress(f"running {role.title} alone")
        return run_container(
            self.engine, image, role.image, self.folder, command, as_entrypoint=as_entrypoint
        )

    @fact_about()
    def run_with_empty_folders(self, role: Place, folders: tuple[str, ...]) -> ContainerRun:
        """Run a container by itself, with some of its folders empty.

        Args:
            role: the container.
            folders: the paths of the folders in the container.
        """
        return run_container(self.engine, self.image(role), role.image, self.folder, empty_folders=folders)

    @fact_about()
    def run_with_rows(self, role: Place, name: str, rows: bytes) -> ContainerRun:
        """Run a container by itself, with other rows in place of the submission's.

        Args:
            role: the container.
            name: the path of the file with the rows in the submission.
            rows: the content that replaces the rows.
        """
        tag = f"rows-{role.name}"
        folder = self.folder / tag
        folder.mkdir(exist_ok=True)
        new_rows = self.folder / f"{tag}.csv"
        new_rows.write_bytes(rows)
        paths = self.copies_in_image(role, name)
        image = image_with_file(self.engine, self.image(role), new_rows, paths, folder, tag)
        return run_container(self.engine, image, role.image, self.folder)
