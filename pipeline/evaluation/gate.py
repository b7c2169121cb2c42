"""The network of the builds: it leads to one container of our own, which leads to the package indexes alone."""

from __future__ import annotations

import time
from importlib import resources

from pipeline.evaluation.errors import CannotCheck
from pipeline.evaluation.result import Protection
from pipeline.evaluation.workshop import Workshop

_ALIAS = "gate"
_PORT = 3128
_BASE = "python:3.11-slim"


class Gate:
    """Made when the first build needs it; its parts are taken away with the workshop.

    Args:
        workshop: where it is.
        also: hosts beyond the package indexes that the person has allowed.

    Attributes:
        allowed: the hosts that it leads to, as it says itself.
    """

    def __init__(self, workshop: Workshop, also: tuple[str, ...] = ()) -> None:
        self.workshop = workshop
        self.also = also
        self.allowed: tuple[str, ...] = ()
        self._made: bool | None = None
        self._why_not = ""
        self._name = f"{workshop.id}-gate"
        self._network = f"{workshop.id}-builds"

    def options(self) -> list[str]:
        """What `docker build` is given: the network, and how to reach the gate in it.

        Where the gate cannot be made, builds get no network at all.
        """
        if self._made is None:
            self._make()
        if not self._made:
            return ["--network", "none"]
        proxy = f"http://{_ALIAS}:{_PORT}"
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        arguments = [word for name in names for word in ("--build-arg", f"{name}={proxy}")]
        return ["--network", self._network, *arguments]

    def refused(self) -> list[str]:
        """The hosts that builds have asked for in vain so far."""
        if not self._made:
            return []
        said = self.workshop.docker("logs", self._name).output.splitlines()
        return sorted({line.split()[1] for line in said if line.startswith("REFUSED ")})

    def protection(self) -> Protection:
        """What the report says about it."""
        what = "Builds reach the package indexes and nothing else"
        if self._made is None:
            return Protection(what, True, "no build needed a network")
        if self._made:
            how = "a network of their own without a way out but a proxy that leads to: " + ", ".join(
                self.allowed
            )
            return Protection(what, True, how)
        return Protection(
            what, True, f"the network of the builds could not be made ({self._why_not}); they had none"
        )

    def _make(self) -> None:
        shop = self.workshop
        try:
            shop.ensure_image(_BASE)
            # Internal: no route out. Without an address of its own, the host cannot be reached through it either.
            shop.must(
                "network", "create", "--internal", "--label", shop.label,
                "--opt", "com.docker.network.bridge.inhibit_ipv4=true", self._network,
            )  # fmt: skip
            program = resources.files("pipeline.evaluation").joinpath("gate_program.py").read_text("utf-8")
            shop.must(
                "create", "--name", self._name, "--label", shop.label, "--read-only", "--cap-drop", "ALL",
                "--security-opt", "no-new-privileges", "--user", "65534:65534", "--memory", "128m",
                "--pids-limit", "256", "--env", f"ALLOWED_HOSTS={' '.join(self.also)}", "--entrypoint", "python3",
                _BASE, "-B", "-c", program,
            )  # fmt: skip
            shop.must("network", "connect", "--alias", _ALIAS, self._network, self._name)
            shop.must("start", self._name)
            self.allowed = self._wait()
            self._made = True
        except CannotCheck as error:
            self._made, self._why_not = False, error.message

    def _wait(self) -> tuple[str, ...]:
        for _ in range(100):
            for line in self.workshop.docker("logs", self._name).output.splitlines():
                if line.startswith("ALLOWED"):
                    return tuple(line.split()[1:])
            time.sleep(0.1)
        raise CannotCheck("its proxy did not start")
