"""The network of the builds: a loopback interface with one relay, which leads to the package indexes only.

The steps of a build share the network namespace of a container without a network. So they cannot reach any address or
DNS server: not the host, not its bridges, no other container. A relay listens on the loopback interface. It passes
bytes to a proxy, in a container with network access, over a socket on a volume that only these two containers mount.
Package files are kept on another volume, which the proxies of a class share.
"""

from __future__ import annotations

import base64
import time
import zlib
from importlib import resources

from evaluation.engine.package_proxy import CACHE_FOLDER, SOCKET_FOLDER
from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck
from evaluation.result import Protection

PROXY = "http://127.0.0.1:3128"
"""The address of the proxy in a step of a build."""
_BASE = "python:3.11-slim"
# The modules of the program in both containers; each may import those before it.
_MODULES = ("package_cache", "index_pages", "package_index", "package_proxy")


class BuildNetwork:
    """The relay and the proxy, created when the first step needs them and removed with the engine session.

    Steps in the engine's cache need no network, and in a class, most steps are cached. So builds name the relay before
    it exists. If a step is not cached, the engine cannot start it; the network is created, and the build is repeated.

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
        self._cache = f"{engine.image_label.partition('=')[2]}-packages"

    def options(self) -> list[str]:
        """Return the options of `docker build`: the network, and how to reach the proxy in it.

        Builds get no network at all if the proxy could not be created.
        """
        if self._created is False or (self._created and not self._is_up()):
            return ["--network", "none"]
        names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
        arguments = [word for name in names for word in ("--build-arg", f"{name}={PROXY}")]
        # The user's client would add its own exceptions, but the proxy is the only way out.
        arguments += [word for name in ("no_proxy", "NO_PROXY") for word in ("--build-arg", f"{name}=")]
        return ["--network", f"container:{self._relay}", *arguments]

    def is_missing(self, output: str) -> bool:
        """Return whether a build has failed because a step needs the network, which has not been created yet.

        Args:
            output: the output of the build, in which no step has been started so far.
        """
        return self._created is None and output.rstrip().endswith(f"No such container: {self._relay}")

    def _is_up(self) -> bool:
        """Return whether both containers are running; one that a build has stopped is started again."""
        return all(
            self._runs(name) or self.engine.docker("start", name).ok for name in (self._proxy, self._relay)
        )

    def refused(self) -> list[str]:
        """Return the hosts that builds have requested and the proxy has refused so far."""
        return self._hosts("REFUSED ")

    def unreachable(self) -> list[str]:
        """Return the allowed hosts that builds have requested and the proxy could not reach so far."""
        return self._hosts("UNREACHABLE ")

    @property
    def why_missing(self) -> str:
        """Why builds have no network although a step needed it; empty if they have one, or none needed it."""
        if self._created:
            return "" if self._runs(self._proxy) else "the proxy of the builds has stopped"
        return self._why_not if self._created is False else ""

    def _runs(self, name: str) -> bool:
        state = (self.engine.inspect(name) or [{}])[0].get("State") or {}
        return bool(state.get("Running"))

    def packages(self) -> tuple[int, int]:
        """Return how many package files were downloaded and kept, and how many requests were served from them."""
        return len(self._lines("STORED ")), len(self._lines("SHARED "))

    def _hosts(self, word: str) -> list[str]:
        return sorted({line.split()[1] for line in self._lines(word)})

    def _lines(self, word: str) -> list[str]:
        if not self._created:
            return []
        return [
            line for line in self.engine.backend.output(self._proxy).splitlines() if line.startswith(word)
        ]

    def protection(self) -> Protection:
        """Return the entry for the report."""
        title = "Builds reach the package indexes and nothing else"
        if self._created is None:
            return Protection(title, True, "no build needed a network")
        if self._created:
            stored, shared = self.packages()
            hosts = ", ".join(self.allowed)
            how = f"a loopback interface only, no DNS server; a proxy on it connects to: {hosts}"
            kept = (
                f"; package files: {stored} downloaded, {shared} from its cache" if stored or shared else ""
            )
            return Protection(title, True, how + kept)
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
            program = proxy_program()
            hosts = f"ALLOWED_HOSTS={' '.join(self.further_hosts)}"
            cache = self._cache_options()
            self._start(self._proxy, program, "proxy", "--network", "bridge", "--env", hosts, *cache)
            self.allowed = tuple(self._wait(self._proxy, "ALLOWED"))
            self._start(self._relay, program, "relay", "--network", "none")
            self._wait(self._relay, "READY")
            self._created = True
        except CannotCheck as error:
            self._created, self._why_not = False, error.message

    def _cache_options(self) -> list[str]:
        """Return the options that mount the package volume; none if it cannot be created, so that nothing is kept.

        The volume has the label of the images, so it is removed with them, at the end of the class.
        """
        try:
            self.engine.backend.create_volume(self._cache, self.engine.image_label, {})
        except CannotCheck:
            return []
        return ["--volume", f"{self._cache}:{CACHE_FOLDER}"]

    def _start(self, name: str, program: str, role: str, *options: str) -> None:
        self.engine.run_checked(
            "run", "--detach", "--name", name, "--label", self.engine.label, "--read-only", "--cap-drop", "ALL",
            "--security-opt", "no-new-privileges", "--user", "65534:65534", "--memory", "128m",
            "--memory-swap", "128m", "--pids-limit", "100", "--ulimit", "core=0",
            "--log-opt", "max-size=1m", "--log-opt", "max-file=1", "--env", "MALLOC_ARENA_MAX=2",
            "--volume", f"{self._volume}:{SOCKET_FOLDER}:nocopy", *options,
            "--entrypoint", "python3", _BASE, "-B", "-c", program, role,
        )  # fmt: skip

    def _wait(self, name: str, word: str) -> list[str]:
        for _ in range(100):
            for line in self.engine.backend.output(name).splitlines():
                if line.startswith(word):
                    return line.split()[1:]
            time.sleep(0.1)
        raise CannotCheck("its proxy did not start")


def proxy_program() -> str:
    """Return the program of both containers, for `python -c`.

    It is compressed: Windows limits a command line to 32,767 characters.
    """
    folder = resources.files("evaluation.engine")
    modules = {
        f"evaluation.engine.{name}": folder.joinpath(f"{name}.py").read_text("utf-8") for name in _MODULES
    }
    packed = base64.b64encode(zlib.compress(repr(modules).encode(), 9)).decode()
    return (
        "import ast, base64, sys, types, zlib\n"
        f"modules = ast.literal_eval(zlib.decompress(base64.b64decode('{packed}')).decode())\n"
        "for name, text in modules.items():\n"
        "    module = sys.modules[name] = types.ModuleType(name)\n"
        "    exec(compile(text, name, 'exec'), vars(module))\n"
        "module.main()\n"
    )
