"""The engine session of one evaluation: everything that it creates has one label, and is removed at its end."""

from __future__ import annotations

import json
import os
import platform
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evaluation.engine.base_images import refuse_by_name, refuse_by_origin
from evaluation.engine.image_names import is_allowed, plain_name
from evaluation.errors import CannotCheck
from evaluation.processes.worker_pool import WorkerPool
from evaluation.quotas import Limits
from pipeline import process
from pipeline.engines.docker_command import Compose
from pipeline.errors import TimedOut

LABEL = "app07.evaluation"
PULL_SECONDS = 300.0
# Why a container or a build is stopped that writes too much to its own file system.
DISK = "disk"
# The image of helper containers: the smallest one of the allow-list.
HELPER = "busybox:latest"


class EngineSession:
    """The container engine, as one evaluation uses it. A context manager: everything created in it is removed.

    Args:
        version: the version of the engine.
        compose: the Compose command to use.
        limits: limits of a submission.
        allowed_images: images beyond the allow-list that the user has allowed.
        on_progress: called with a message before something that takes long.
        workers: the workers that read archives of containers and images.

    Attributes:
        id: prefix of the names of everything that is created.
        label: the label of everything that is created.
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
    ) -> None:
        self.version = version
        self.compose = compose
        self.limits = limits
        self.allowed_images = allowed_images
        self.on_progress = on_progress
        self.workers = workers or WorkerPool(limits)
        self._cpus: float | None = None
        self._ensured: set[str] = set()
        self._images: dict[str, dict[str, Any]] = {}
        self.id = f"{session_prefix(os.getpid())}{uuid.uuid4().hex[:8]}"
        self.label = f"{LABEL}={self.id}"

    def __enter__(self) -> EngineSession:
        return self

    def __exit__(self, *error: object) -> None:
        with process.ignore_signals():
            self.workers.close()
            self.remove_all()

    def describe(self) -> str:
        """Return the versions of the engine and of Compose, in one line."""
        return f"docker {self.version}, {' '.join(self.compose.command)} {self.compose.version}"

    @property
    def cpus(self) -> float:
        """Number of processors for one container; an engine rejects more than it has."""
        if self._cpus is None:
            result = self.docker("info", "--format", "{{.NCPU}}")
            available = float(result.output) if result.ok and result.output.strip().isdigit() else 1.0
            self._cpus = min(self.limits.cpus, available)
        return self._cpus

    def docker(self, *words: str, timeout: float = 60.0) -> process.CompletedProgram:
        """Run a command of the engine's client.

        Args:
            *words: the arguments of `docker`.
            timeout: time limit in seconds.

        Raises:
            CannotCheck: The time limit was exceeded.
        """
        try:
            return process.capture(["docker", *words], timeout=timeout)
        except TimedOut as error:
            raise CannotCheck(
                f"the engine did not answer `docker {words[0]}` within {timeout:g} s"
            ) from error

    def run_checked(self, *words: str, timeout: float = 60.0) -> str:
        """Run a command of the engine's client, and return its output.

        Args:
            *words: the arguments of `docker`.
            timeout: time limit in seconds.

        Raises:
            CannotCheck: The command failed, or the time limit was exceeded.
        """
        completed = self.docker(*words, timeout=timeout)
        if not completed.ok:
            raise CannotCheck(f"`docker {' '.join(words[:2])}` failed: {completed.last_lines(2).strip()}")
        return completed.output.strip()

    def inspect(self, *names: str, kind: str = "container") -> list[dict[str, Any]]:
        """Return what `docker inspect` reports.

        Args:
            *names: containers, images, networks or volumes; those that do not exist are left out.
            kind: container, image, network or volume.
        """
        if not names:
            return []
        reply = self.docker(kind, "inspect", *names)
        if reply.ok:
            return list(json.loads(reply.output))
        # One of several does not exist.
        return [about for name in names for about in self.inspect(name, kind=kind)] if len(names) > 1 else []

    def image(self, name: str) -> dict[str, Any] | None:
        """Return what `docker image inspect` reports of a local image; None if there is none.

        An image that this session has built is inspected once.
        """
        if name in self._images:
            return self._images[name]
        about = next(iter(self.inspect(name, kind="image")), None)
        if about is not None and name.startswith(f"{self.id}:"):
            self._images[name] = about
        return about

    def build_result(self, name: str) -> None:
        """Note that an image was built, in place of one of the same name."""
        self._images.pop(name, None)

    def ensure_image(self, name: str) -> None:
        """Ensure that an allowed image is available locally, and pull it if it is not.

        Raises:
            CannotCheck: It is not on the allow-list and was not allowed by the user, or it cannot be pulled.
            ImageRefused: It is an image of this project, or made from one.
        """
        if name in self._ensured:
            return
        refuse_by_name(name)
        if not is_allowed(name, self.allowed_images):
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
            raise CannotCheck(
                f"the image {name} is not available locally and cannot be pulled: {last[:200]}",
                hint=f"Run `docker pull {name}`, then evaluate again.",
            )

    def containers(self, *filters: str) -> list[str]:
        """Return the ids of the containers of this session.

        Args:
            *filters: further filters of `docker ps`.
        """
        options = [word for text in (f"label={self.label}", *filters) for word in ("--filter", text)]
        result = self.docker("ps", "--all", "--quiet", "--no-trunc", *options)
        return result.output.split() if result.ok else []

    def remove_containers(self, names: Sequence[str]) -> None:
        """Stop and remove containers, with their anonymous volumes."""
        if names:
            self.docker("rm", "--force", "--volumes", *names, timeout=120.0)

    def written_bytes(self, *containers: str) -> int:
        """Return how many bytes a container has written to its own file system; 0 where that is unknown.

        Args:
            *containers: the containers; of several, the largest number is returned.
        """
        if not containers:
            return 0
        result = self.docker("container", "inspect", "--size", "--format", "{{.SizeRw}}", *containers)
        return max((int(line) for line in result.output.splitlines() if line.isdigit()), default=0)

    def kill(self, names: Sequence[str]) -> None:
        """Kill containers, and keep them for inspection."""
        if names:
            self.docker("kill", *names, timeout=60.0)

    def remove_abandoned(self) -> None:
        """Remove what other evaluations of this machine have left whose process was killed."""
        options = ["--filter", f"label={LABEL}", "--format", f'{{{{.Label "{LABEL}"}}}}']
        outputs = [
            self.docker(*words, *options).output
            for words in (("ps", "--all"), ("network", "ls"), ("volume", "ls"))
        ]
        for name in sorted(set("\n".join(outputs).split())):
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
        kinds = (
            (("ps", "--all", "--quiet", "--no-trunc"), ("rm", "--force", "--volumes")),
            (("network", "ls", "--quiet"), ("network", "rm")),
            (("volume", "ls", "--quiet"), ("volume", "rm", "--force")),
            (("image", "ls", "--quiet", "--no-trunc"), ("image", "rm", "--force")),
        )
        for listing, removing in kinds:
            try:
                if names := self._labelled(listing, label):
                    self.docker(*removing, *names, timeout=120.0)
                remaining += self._labelled(listing, label)
            except CannotCheck as error:
                remaining.append(str(error))
        return remaining

    def _labelled(self, listing: Sequence[str], label: str) -> list[str]:
        result = self.docker(*listing, "--filter", f"label={label or self.label}")
        return list(dict.fromkeys(result.output.split())) if result.ok else []

    def environment(self, further: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of docker and Compose: enough to reach the engine, nothing that a file could read.

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
    """Return the prefix of session names of a process. It holds the machine's name, because engines are shared.

    Args:
        number: the process id, or an expression that matches it.
    """
    machine = re.sub(r"[^a-z0-9]", "", platform.node().lower())[:16] or "here"
    return f"app07eval-{machine}-{number}-"


def is_running(number: int) -> bool:
    """Return whether a process runs. On Windows, where the check would interrupt it, True is assumed.

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
