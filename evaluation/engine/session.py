"""Where a submission is built and run: every container, image, network and volume carries one label, and goes."""

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
# What our own helpers are made from: the smallest image that is allowed anyway.
HELPER = "busybox:latest"


class EngineSession:
    """The engine, as one evaluation uses it. A context manager: what was made in it is gone afterwards.

    Args:
        version: the engine's version.
        compose: the Compose to use.
        limits: what a submission may use.
        allowed_images: images beyond the short list that the person has allowed.
        say: where it says what takes its time.
        workers: what reads the archives that the engine hands out.
    """

    def __init__(
        self,
        version: str,
        compose: Compose,
        limits: Limits,
        *,
        allowed_images: tuple[str, ...] = (),
        say: Callable[[str], None] = lambda text: None,
        workers: WorkerPool | None = None,
    ) -> None:
        self.version = version
        self.compose = compose
        self.limits = limits
        self.allowed_images = allowed_images
        self.say = say
        self.workers = workers or WorkerPool(limits)
        self._cpus: float | None = None
        self._ensured: set[str] = set()
        self.id = f"{prefix_of(os.getpid())}{uuid.uuid4().hex[:8]}"
        self.label = f"{LABEL}={self.id}"

    def __enter__(self) -> EngineSession:
        return self

    def __exit__(self, *error: object) -> None:
        with process.undisturbed():
            self.workers.close()
            self.clear()

    def describe(self) -> str:
        return f"docker {self.version}, {' '.join(self.compose.command)} {self.compose.version}"

    @property
    def cpus(self) -> float:
        """Processors for one container; an engine refuses to give more than it has."""
        if self._cpus is None:
            asked = self.docker("info", "--format", "{{.NCPU}}")
            there = float(asked.output) if asked.ok and asked.output.strip().isdigit() else 1.0
            self._cpus = min(self.limits.cpus, there)
        return self._cpus

    def docker(self, *words: str, timeout: float = 60.0) -> process.Ended:
        """Asks the engine something, or tells it to do something that does not take long."""
        try:
            return process.capture(["docker", *words], timeout=timeout)
        except TimedOut as error:
            raise CannotCheck(
                f"the engine did not answer `docker {words[0]}` within {timeout:g} s"
            ) from error

    def must(self, *words: str, timeout: float = 60.0) -> str:
        """The same where nothing can go on without it.

        Raises:
            CannotCheck: the engine refused.
        """
        done = self.docker(*words, timeout=timeout)
        if not done.ok:
            raise CannotCheck(f"`docker {' '.join(words[:2])}` failed: {done.last_lines(2).strip()}")
        return done.output.strip()

    def inspect(self, *names: str, kind: str = "container") -> list[dict[str, Any]]:
        """What the engine knows of containers, images, networks or volumes; those that are not there are left out."""
        found = []
        for name in names:
            asked = self.docker(kind, "inspect", name)
            if asked.ok:
                found += json.loads(asked.output)
        return found

    def image(self, name: str) -> dict[str, Any] | None:
        """What the engine knows of an image that is here."""
        found = self.inspect(name, kind="image")
        return found[0] if found else None

    def ensure_image(self, name: str) -> None:
        """Makes sure that an allowed image is here, and fetches it where it is not, saying so.

        Raises:
            CannotCheck: it is not on the short list and nobody has allowed it, or it cannot be fetched.
            ImageRefused: it is one of ours, or made from one.
        """
        if name in self._ensured:
            return
        refuse_by_name(name)
        if not is_allowed(name, self.allowed_images):
            raise CannotCheck(
                f"the image {name} is not on the short list of images that are used without asking",
                hint=f"Whoever evaluates may allow it: --allow-image {plain_name(name)}",
            )
        if self.image(name) is None:
            self._fetch(name)
        refuse_by_origin(self, name, self.image(name) or {}, LABEL)
        self._ensured.add(name)

    def _fetch(self, name: str) -> None:
        self.say(f"fetching the image {name}")
        pulled = self.docker("pull", "--quiet", name, timeout=PULL_SECONDS)
        if not pulled.ok:
            last = (pulled.output.strip().splitlines() or ["no reason given"])[-1]
            raise CannotCheck(
                f"the image {name} is not here and cannot be fetched: {last[:200]}",
                hint=f"docker pull {name}, then evaluate again.",
            )

    def containers(self, *more: str) -> list[str]:
        """The containers of this evaluation."""
        filters = [word for one in (f"label={self.label}", *more) for word in ("--filter", one)]
        listed = self.docker("ps", "--all", "--quiet", "--no-trunc", *filters)
        return listed.output.split() if listed.ok else []

    def remove_containers(self, names: Sequence[str]) -> None:
        """Ends and removes containers, with the volumes that have no name."""
        if names:
            self.docker("rm", "--force", "--volumes", *names, timeout=120.0)

    def written_bytes(self, container: str) -> int:
        """Return how many bytes a container has written to its own file system; 0 where that is unknown."""
        listed = self.docker("container", "inspect", "--size", "--format", "{{.SizeRw}}", container)
        text = listed.output.strip()
        return int(text) if listed.ok and text.isdigit() else 0

    def kill(self, names: Sequence[str]) -> None:
        """Ends containers at once, and leaves them to be looked at."""
        if names:
            self.docker("kill", *names, timeout=60.0)

    def sweep(self) -> None:
        """Removes what evaluations of this machine have left whose process was killed and could not clear up."""
        form = ["--filter", f"label={LABEL}", "--format", f'{{{{.Label "{LABEL}"}}}}']
        named = [
            self.docker(*words, *form).output
            for words in (("ps", "--all"), ("network", "ls"), ("volume", "ls"))
        ]
        for name in sorted(set("\n".join(named).split())):
            found = re.fullmatch(prefix_of("(\\d+)") + "[0-9a-f]{8}", name)
            if found and not runs(int(found.group(1))):
                self.clear(f"{LABEL}={name}")

    def clear(self, label: str = "") -> list[str]:
        """Removes everything that this evaluation (or another one) made; returns what could not be removed."""
        left = []
        kinds = (
            (("ps", "--all", "--quiet", "--no-trunc"), ("rm", "--force", "--volumes")),
            (("network", "ls", "--quiet"), ("network", "rm")),
            (("volume", "ls", "--quiet"), ("volume", "rm", "--force")),
            (("image", "ls", "--quiet", "--no-trunc"), ("image", "rm", "--force")),
        )
        for listing, removing in kinds:
            try:
                for name in self._labelled(listing, label):
                    self.docker(*removing, name, timeout=120.0)
                left += self._labelled(listing, label)
            except CannotCheck as error:
                left.append(str(error))
        return left

    def _labelled(self, listing: Sequence[str], label: str) -> list[str]:
        listed = self.docker(*listing, "--filter", f"label={label or self.label}")
        return list(dict.fromkeys(listed.output.split())) if listed.ok else []

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of docker and Compose: enough to reach the engine, nothing that a file could read out."""
        wanted = (
            "PATH",
            "HOME",
            "USERPROFILE",
            "SYSTEMROOT",
            "TMPDIR",
            "TEMP",
            "XDG_RUNTIME_DIR",
            "SSH_AUTH_SOCK",
        )
        kept = {
            name: value for name, value in os.environ.items() if name in wanted or name.startswith("DOCKER_")
        }
        return kept | {"LC_ALL": "C.UTF-8", "COMPOSE_ANSI": "never"} | dict(more or {})


def prefix_of(number: object) -> str:
    """What the names of a process's evaluations begin with: the machine is in it, because engines are shared."""
    machine = re.sub(r"[^a-z0-9]", "", platform.node().lower())[:16] or "here"
    return f"app07eval-{machine}-{number}-"


def runs(number: int) -> bool:
    """Whether there is a process of this number; on Windows, where asking would interrupt it, one is assumed."""
    if process.WINDOWS:
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it belongs to somebody else
    return True
