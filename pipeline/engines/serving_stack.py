"""The stack that serves predictions in containers: docker-compose.serving.yml, driven by Compose."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException

from common import atomic_files, process
from common.console import strip_escapes
from common.docker_command import Compose
from common.errors import BuildFailed, CheckoutBusy, EngineUnavailable, ExitStatus, StackFailed
from common.project import CODEBASE, FRONT_SERVICE, KNOWLEDGEBASE, SERVICES, SERVING, Layout
from common.run_lock import Busy, exclusive
from pipeline.engines.image_build import build_image, images_of
from pipeline.engines.image_names import content_tag, indented, project_name

_TARGETS = {CODEBASE: SERVING}
_SERVICES = (
    *(service for service in SERVICES if service.name in (KNOWLEDGEBASE, CODEBASE)),
    FRONT_SERVICE,
)
_UP_TIMEOUT = 120.0
_DOWN_TIMEOUT = 120.0
_READY_SECONDS = 60.0
_NOT_OURS = ("COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME", "MODEL_FILE")


class ServingStack:
    """Builds and runs the servers, and the reverse proxy in front of them.

    Args:
        layout: the checkout.
        version: the version of the engine.
        compose: the version of Compose to use.
        environment: the environment variables for Compose.
    """

    def __init__(
        self, layout: Layout, version: str, compose: Compose, environment: Mapping[str, str]
    ) -> None:
        self._layout = layout
        self._version = version
        self._compose = compose
        self._project = f"{project_name(layout)}-{SERVING}"
        self._tag = f"{SERVING}-{content_tag(layout, _SERVICES)}"
        own = {key: value for key, value in environment.items() if key not in _NOT_OURS}
        self._environment = own | {"IMAGE_TAG": self._tag, "SERVING_TAG": self._tag}

    def describe(self) -> str:
        """Return the versions of Docker and Compose."""
        return f"docker {self._version}, {' '.join(self._compose.command)} {self._compose.version}"

    def missing_images(self) -> list[str]:
        """Return the images that have not been built from the present content."""
        names = [f"{service.image}:{self._tag}" for service in _SERVICES]
        return [name for name in names if not process.capture(["docker", "image", "inspect", name]).ok]

    def build(self, *, on_line: Callable[[str], None]) -> None:
        """Build the images that are missing.

        Args:
            on_line: called with each line of the builds.

        Raises:
            BuildFailed: an image cannot be built.
        """
        missing = self.missing_images()
        for service in _SERVICES:
            image = f"{service.image}:{self._tag}"
            if image not in missing:
                continue
            target = _TARGETS.get(service.name)
            named = ["--target", target, "-t", f"{service.image}:{target}"] if target else []
            build_image(
                [*named, "-t", image],
                self._layout.context(service),
                project=project_name(self._layout),
                name=f"{service.image}:{target}" if target else service.image,
                hint="--engine local serves without containers.",
                on_line=on_line,
            )
        if f"{SERVING}-{content_tag(self._layout, _SERVICES)}" != self._tag:
            for image in missing:
                process.capture(["docker", "image", "rm", image])
            raise BuildFailed(
                "the files of the containers changed while their images were built",
                hint="Try again when they are complete.",
            )
        self._remove_outdated_images()

    def _remove_outdated_images(self) -> None:
        for service in _SERVICES:
            for image in images_of(project_name(self._layout), service.image):
                tag = image.partition(":")[2]
                if tag.startswith(f"{SERVING}-") and tag != self._tag:
                    process.capture(["docker", "image", "rm", image])

    @contextmanager
    def running(self, replicas: int) -> Iterator[str]:
        """Run the stack while the block runs.

        Args:
            replicas: the number of servers.

        Yields:
            The address of the reverse proxy, ``HOST:PORT``.

        Raises:
            CheckoutBusy: another command runs the stack of this checkout.
            EngineUnavailable: the stack cannot be started.
        """
        atomic_files.make_folder(self._layout.output)
        try:
            with exclusive(self._layout.serving_lock, patience=0.0, on_wait=lambda holder: None):
                try:
                    self._up(replicas)
                    yield self._address()
                finally:
                    with process.ignore_signals():
                        self._down()
        except Busy as error:
            raise CheckoutBusy("another command serves this checkout in containers") from error

    def _up(self, replicas: int) -> None:
        words = ["up", "-d", "--no-build", "--scale", f"api={replicas}"]
        started = process.run(
            self._command(*words),
            cwd=self._layout.root,
            environment=self._environment,
            timeout=_UP_TIMEOUT,
        )
        if not started.ok:
            raise EngineUnavailable(
                f"the containers could not be started ({' '.join(self._compose.command)} up exited with status "
                f"{started.status}). Its last lines:\n{indented(strip_escapes(started.last_lines(6)))}",
                hint="--engine local serves without containers.",
            )

    def _address(self) -> str:
        return self._ask("port", "front", "8000").strip()

    def models(self, address: str) -> list[str]:
        """Wait until a server responds, and return the names of its models; empty if it does not report them.

        Args:
            address: the address of the reverse proxy, ``HOST:PORT``.

        Raises:
            StackFailed: no server responds in time.
        """
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            readiness = _readiness(address)
            if "status" in readiness:
                models = readiness.get("models")
                return sorted(models) if isinstance(models, dict) else []
            time.sleep(0.2)
        raise StackFailed(
            f"no server was ready within {_READY_SECONDS:.0f} s. The last lines of their logs:\n"
            + indented(strip_escapes(self._ask("logs", "--tail", "10", "api"))),
            status=ExitStatus.INTERNAL_ERROR,
        )

    def lines(self) -> Iterator[str]:
        """Yield the log lines of all containers until the containers end.

        Raises:
            StackFailed: the containers have ended.
        """
        shown: list[str] = []
        while self._ask("ps", "-q").split():
            program: process.Program | None = None
            try:
                with process.signals_deferred():
                    program = process.Program(
                        self._command("logs", "--follow", *shown),
                        cwd=self._layout.root,
                        environment=self._environment,
                    )
                for line in program.lines():
                    yield strip_escapes(line).rstrip()
            finally:
                if program is not None:
                    with process.ignore_signals():
                        program.stop(grace=1.0)
            # Containers may be restarting: the command follows only those that run when it starts.
            shown = ["--tail", "0"]
            time.sleep(1.0)
        raise StackFailed("the containers were removed by another command", status=ExitStatus.INTERNAL_ERROR)

    def _down(self) -> None:
        process.run(
            self._command("down", "--volumes", "--timeout", "30"),
            cwd=self._layout.root,
            environment=self._environment,
            timeout=_DOWN_TIMEOUT,
        )

    def _ask(self, *words: str) -> str:
        asked = process.run(
            self._command(*words), cwd=self._layout.root, environment=self._environment, timeout=60.0
        )
        return asked.output

    def _command(self, *words: str) -> list[str]:
        return self._compose.words(self._project, [self._layout.serving_compose_file], *words)


def _readiness(address: str) -> dict[str, object]:
    """Return the response of ``/readyz``; empty if there is none."""
    try:
        connection = HTTPConnection(address, timeout=5.0)
        connection.request("GET", "/readyz")
        response = json.loads(connection.getresponse().read(1 << 20))
        connection.close()
    except (OSError, HTTPException, ValueError):
        return {}
    return response if isinstance(response, dict) else {}
