"""The engine session of one evaluation: everything that it creates has one label, and is removed at its end."""

from __future__ import annotations

import os
import platform
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import cached_property
from typing import Any

from common import process
from common.docker_command import Compose
from evaluation.engine.backend import Backend, EngineInformation
from evaluation.engine.base_images import refuse_by_name, refuse_by_origin
from evaluation.engine.client_backend import ClientBackend, run_client, run_client_checked
from evaluation.engine.image_lock import images_locked
from evaluation.engine.image_names import is_allowed, is_no_such_image, misspelled_official
from evaluation.errors import CannotCheck, ImageRefused
from evaluation.layout.patterns import plain_name
from evaluation.processes.worker_pool import WorkerPool
from evaluation.quotas import Limits

LABEL = "app07.evaluation"
PULL_SECONDS = 300.0
# The reason for stopping a container or a build that writes too much to its own file system.
DISK = "disk"
# Seconds that a session waits at its end, before it removes its images, for another session that repeats a build.
REMOVAL_PATIENCE = 60.0
# The image of helper containers: the smallest one on the allow-list.
HELPER = "busybox:latest"


class EngineSession:
    """The container engine, as one evaluation uses it. A context manager: everything created in it is removed.

    Args:
        version: the version of the engine.
        compose: the Compose command to use.
        limits: the resource limits of a submission.
        allowed_images: images beyond the allow-list that the user has allowed.
        on_progress: called with a message before each step that takes long.
        workers: the workers that read archives of containers and images.
        backend: the backend for short queries; None for the API if the engine is on this machine, otherwise the
            client.
        image_owner: the id of the session that removes the built images; empty for this one.

    Attributes:
        id: prefix of the names of everything that is created.
        label: the label of everything that is created.
        image_label: the label of the images that are built.
    """

    def __init__(
        self,
        version: str,
        compose: Compose,
        limits: Limits,
        *,
        allowed_images: tuple[str, ...] = (),
        on_progress: Callable[[str], None] = lambda text: None,
        workers: WorkerPool | None = None,
        backend: Backend | None = None,
        image_owner: str = "",
    ) -> None:
        self.version = version
        self.compose = compose
        self.limits = limits
        self.allowed_images = allowed_images
        self.on_progress = on_progress
        self.workers = workers or WorkerPool(limits)
        self._backend = backend
        self._ensured: set[str] = set()
        self._images: dict[str, dict[str, Any]] = {}
        self._information: EngineInformation | None = None
        self._unstarted: dict[str, str] = {}
        self.id = f"{session_prefix(os.getpid())}{uuid.uuid4().hex[:8]}"
        self.label = f"{LABEL}={self.id}"
        self.image_label = f"{LABEL}={image_owner or self.id}"

    def __enter__(self) -> EngineSession:
        return self

    def __exit__(self, *error: object) -> None:
        with process.ignore_signals():
            self.workers.close()
            self.remove_all()

    def describe(self) -> str:
        """Return the versions of the engine and of Compose, in one line."""
        return f"docker {self.version}, {' '.join(self.compose.command)} {self.compose.version}"

    @cached_property
    def backend(self) -> Backend:
        """The backend for short queries and commands."""
        if self._backend is not None:
            return self._backend
        # Only an evaluation in containers needs an HTTP client.
        from evaluation.engine.api_backend import ApiBackend
        from evaluation.engine.engine_api import connect

        api = connect(self.version, os.environ)
        return ClientBackend() if api is None else ApiBackend(api)

    @cached_property
    def cpus(self) -> float:
        """The number of CPUs for one container; the engine rejects more than it has."""
        information = self._information or self.information()
        return min(self.limits.cpus, float(information.processors or 1))

    def information(self) -> EngineInformation:
        """Return what the engine currently reports about itself."""
        self._information = self.backend.information()
        return self._information

    def docker(self, *words: str, timeout: float = 60.0) -> process.CompletedProgram:
        """Run a command of the engine's client.

        Args:
            *words: the arguments of `docker`.
            timeout: time limit in seconds.

        Raises:
            CannotCheck: the time limit was exceeded.
        """
        return run_client(*words, timeout=timeout)

    def run_checked(self, *words: str, timeout: float = 60.0) -> str:
        """Run a command of the engine's client, and return its output.

        Args:
            *words: the arguments of `docker`.
            timeout: time limit in seconds.

        Raises:
            CannotCheck: the command failed, or the time limit was exceeded.
        """
        return run_client_checked(*words, timeout=timeout)

    def inspect(self, *names: str, kind: str = "container") -> list[dict[str, Any]]:
        """Return what `docker inspect` reports.

        Args:
            *names: containers, images, networks or volumes; those that do not exist are left out.
            kind: container, image, network or volume.
        """
        return self.backend.inspect(kind, *names)

    def image(self, name: str) -> dict[str, Any] | None:
        """Return what `docker image inspect` reports about a local image; None if there is none.

        An image that this session has built is inspected once.
        """
        if name in self._images:
            return self._images[name]
        about = next(iter(self.inspect(name, kind="image")), None)
        if about is not None and name.startswith(f"{self.id}:"):
            self._images[name] = about
        return about

    def build_result(self, name: str) -> None:
        """Record that an image was built, and replaces any image of the same name."""
        self._images.pop(name, None)

    def unstarted_container(self, image: str) -> str:
        """Return the id of a container of an image that is never started, so that its files can be read.

        The container is created once for each image, and removed with the session.

        Args:
            image: the local name of an image that this session has built.

        Raises:
            CannotCheck: the engine cannot create the container.
        """
        image_id = str((self.image(image) or {}).get("Id", image))
        if image_id not in self._unstarted:
            self._unstarted[image_id] = self.backend.create_container(image, self.label)
        return self._unstarted[image_id]

    def ensure_image(self, name: str) -> None:
        """Ensure that an allowed image is available locally; pull it if necessary.

        Raises:
            CannotCheck: the image is neither on the allow-list nor allowed by the user, or it cannot be pulled.
            ImageRefused: the image belongs to this project, or is built from such an image.
        """
        if name in self._ensured:
            return
        refuse_by_name(name)
        if not is_allowed(name, self.allowed_images):
            if meant := misspelled_official(name):
                raise ImageRefused(f"there is no image {name}", hint=f"Did you mean {meant}?")
            raise CannotCheck(
                f"the image {name} is not on the allow-list of base images",
                hint=f"The person who evaluates can allow it: --allow-image {plain_name(name)}",
            )
        about = self.image(name)
        if about is None:
            self._pull(name)
            about = self.image(name)
        refuse_by_origin(self, name, about or {}, LABEL)
        self._ensured.add(name)

    def _pull(self, name: str) -> None:
        self.on_progress(f"pulling the image {name}")
        result = self.docker("pull", "--quiet", name, timeout=PULL_SECONDS)
        if not result.ok:
            last = (result.output.strip().splitlines() or ["no reason given"])[-1]
            if is_no_such_image(result.output, official=is_allowed(name)):
                raise ImageRefused(
                    f"there is no image {name}: {last[:200]}", hint="Check its name and its tag."
                )
            raise CannotCheck(
                f"the image {name} is not available locally and cannot be pulled: {last[:200]}",
                hint=f"Run `docker pull {name}`, then evaluate again.",
            )

    def containers(self, *filters: str) -> list[str]:
        """Return the ids of the containers of this session.

        Args:
            *filters: further filters of `docker ps`.
        """
        return self.backend.ids("container", f"label={self.label}", *filters)

    def remove_containers(self, names: Sequence[str]) -> None:
        """Stop and remove containers, with their anonymous volumes."""
        self.backend.remove("container", *names)

    def written_bytes(self, *containers: str) -> int:
        """Return how many bytes a container has written to its own file system; 0 if unknown.

        Args:
            *containers: the containers; of several, the largest number is returned.
        """
        return self.backend.written_bytes(*containers)

    def most_written(self, *filters: str) -> int:
        """Return the largest number of bytes that one of the containers of this session has written.

        Args:
            *filters: further filters of `docker ps`.
        """
        return self.backend.most_written(f"label={self.label}", *filters)

    def kill(self, names: Sequence[str]) -> None:
        """Kill containers, and keep them for inspection."""
        self.backend.kill(*names)

    def create_memory_volume(self, name: str, options: str) -> None:
        """Create a volume in memory.

        Args:
            name: its name.
            options: the mount options of the tmpfs: size, number of files, owner and mode.

        Raises:
            CannotCheck: the engine failed.
        """
        self.backend.create_volume(name, self.label, {"type": "tmpfs", "device": "tmpfs", "o": options})

    def remove_abandoned(self) -> None:
        """Remove what killed evaluations of this machine have left behind."""
        kinds = ("container", "network", "volume", "image")
        names = {name for kind in kinds for name in self.backend.labels(kind, LABEL)}
        for name in sorted(names):
            match = re.fullmatch(session_prefix("(\\d+)") + "[0-9a-f]{8}", name)
            if match and not is_running(int(match.group(1))):
                self.remove_all(f"{LABEL}={name}")

    def remove_all(self, label: str = "") -> list[str]:
        """Remove everything that a session created.

        Args:
            label: the label of the session; empty for this one.

        Returns:
            What could not be removed.
        """
        remaining = []
        selection = f"label={label or self.label}"
        for kind in ("container", "network", "volume", "image"):
            try:
                if names := self.backend.ids(kind, selection):
                    with images_locked(REMOVAL_PATIENCE) if kind == "image" else nullcontext():
                        self.backend.remove(kind, *names)
                    remaining += self.backend.ids(kind, selection)
            except CannotCheck as error:
                remaining.append(str(error))
        return remaining

    def environment(self, further: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of docker and Compose, which compose files can read: only what reaches the engine.

        Args:
            further: further variables.
        """
        names = (
            "PATH",
            "HOME",
            "USERPROFILE",
            "SYSTEMROOT",
            "TMPDIR",
            "TEMP",
            "XDG_RUNTIME_DIR",
            "SSH_AUTH_SOCK",
        )
        inherited = {
            name: value for name, value in os.environ.items() if name in names or name.startswith("DOCKER_")
        }
        return inherited | {"LC_ALL": "C.UTF-8", "COMPOSE_ANSI": "never"} | dict(further or {})


def session_prefix(number: object) -> str:
    """Return the prefix of a process's session names, with the machine's name, because engines are shared.

    Args:
        number: the process id, or an expression that matches it.
    """
    machine = re.sub(r"[^a-z0-9]", "", platform.node().lower())[:16] or "here"
    return f"app07eval-{machine}-{number}-"


def is_running(number: int) -> bool:
    """Return whether a process is running; always True on Windows, where the check would interrupt the process.

    Args:
        number: the process id.
    """
    if process.WINDOWS:
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # a process of another user
    return True
