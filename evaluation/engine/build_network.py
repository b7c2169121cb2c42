"""The network of the builds: a loopback interface with one relay, which leads to the package indexes only.

The steps of a build share the network namespace of a container without a network. So no address can be reached and
no name server can be asked: not the host, not its bridges, no other container. A relay listens on the loopback
interface. It passes bytes to a proxy, in a container with network access, over a socket on a volume that only these
two containers mount.
"""

from __future__ import annotations

import time
from importlib import resources

from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck
from evaluation.result import Protection

_SOCKET_FOLDER = "/proxy"
_PROXY = "http://127.0.0.1:3128"
_BASE = "python:3.11-slim"


class BuildNetwork:
    """The relay and the proxy, created when the first step needs them and removed with the engine session.

    Steps that are in the engine's cache need no network, and in a class most are. So builds name the relay before it
    exists. The engine cannot start a step then; the network is created, and the build is repeated.

    Args:
        engine: the engine session.
        further_hosts: hosts beyond the package indexes that the user has allowed.

    Attributes:
        allowed: the hosts that the proxy connects to, as it reports them.
    """

    def __init__(self, engine: EngineSession, further_hosts: tuple[str, ...] = ()) -> None:
        self.engine = engine
        self.further_hosts = further_hosts
        self.allowed: tuple[str, ...] = ()
        self._created: bool | None = None
        self._why_not = ""
        self._proxy = f"{engine.id}-proxy"
        self._relay = f"{engine.id}-relay"
        self._volume = f"{engine.id}-proxy"

    def options(self) -> list[str]:
        """Return the options of `docker build`: the network, and how to reach the proxy in it.

        Builds get no network at all if the proxy could not be created.
        """
        if self._created is False or (self._created and not self._is_up()):
            return ["--network", "none"]
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        arguments = [word for name in names for word in ("--build-arg", f"{name}={_PROXY}")]
        # The user's client would add its own exceptions; there is no other way out than the proxy.
        arguments += [word for name in ("no_proxy", "NO_PROXY") for word in ("--build-arg", f"{name}=")]
        return ["--network", f"container:{self._relay}", *arguments]

    def is_missing(self, output: str) -> bool:
        """Return whether a build has failed because a step needs the network, which has not been created yet.

        Args:
            output: the output of the build, in which no step has been started so far.
        """
        return self._created is None and output.rstrip().endswith(f"No such container: {self._relay}")

    def _is_up(self) -> bool:
        """Return whether both containers run; one that a build has stopped is started again."""
        for name in (self._proxy, self._relay):
            state = (self.engine.inspect(name) or [{}])[0].get("State") or {}
            if not state.get("Running") and not self.engine.docker("start", name).ok:
                return False
        return True

    def refused(self) -> list[str]:
        """Return the hosts that builds have requested and the proxy has refused so far."""
        return self._hosts("REFUSED ")

    def unreachable(self) -> list[str]:
        """Return the allowed hosts that builds have requested and the proxy could not reach so far."""
        return self._hosts("UNREACHABLE ")

    @property
    def why_missing(self) -> str:
        """Why builds have no network although a step needed it; empty where they have one, or none needed it."""
        return self._why_not if self._created is False else ""

    def _hosts(self, word: str) -> list[str]:
        if not self._created:
            return []
        lines = self.engine.backend.output(self._proxy).splitlines()
        return sorted({line.split()[1] for line in lines if line.startswith(word)})

    def protection(self) -> Protection:
        """Return the entry for the report."""
        title = "Builds reach the package indexes and nothing else"
        if self._created is None:
            return Protection(title, True, "no build needed a network")
        if self._created:
            how = "a loopback interface only, no name server; a proxy on it connects to: " + ", ".join(
                self.allowed
            )
            return Protection(title, True, how)
        return Protection(
            title,
            True,
            f"the network of the builds could not be created ({self._why_not}); builds had no network",
        )

    def create(self) -> None:
        """Start the proxy and the relay. If that fails, the next builds have no network."""
        engine = self.engine
        try:
            engine.ensure_image(_BASE)
            options = "size=1m,nr_inodes=16,uid=65534,gid=65534,mode=0700"
            engine.create_memory_volume(self._volume, options)
            program = resources.files("evaluation.engine").joinpath("package_proxy.py").read_text("utf-8")
            hosts = f"ALLOWED_HOSTS={' '.join(self.further_hosts)}"
            self._start(self._proxy, program, "proxy", "--network", "bridge", "--env", hosts)
            self.allowed = tuple(self._wait(self._proxy, "ALLOWED"))
            self._start(self._relay, program, "relay", "--network", "none")
            self._wait(self._relay, "READY")
            self._created = True
        except CannotCheck as error:
            self._created, self._why_not = False, error.message

    def _start(self, name: str, program: str, role: str, *options: str) -> None:
        self.engine.run_checked(
            "run", "--detach", "--name", name, "--label", self.engine.label, "--read-only", "--cap-drop", "ALL",
            "--security-opt", "no-new-privileges", "--user", "65534:65534", "--memory", "128m",
            "--memory-swap", "128m", "--pids-limit", "100", "--ulimit", "core=0",
            "--log-opt", "max-size=1m", "--log-opt", "max-file=1",
            "--volume", f"{self._volume}:{_SOCKET_FOLDER}:nocopy", *options,
            "--entrypoint", "python3", _BASE, "-B", "-c", program, role,
        )  # fmt: skip

    def _wait(self, name: str, word: str) -> list[str]:
        for _ in range(100):
            for line in self.engine.backend.output(name).splitlines():
                if line.startswith(word):
                    return line.split()[1:]
            time.sleep(0.1)
        raise CannotCheck("its proxy did not start")
