"""The settings of the server: its address, access to it, and limits on requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from access_control.rates import Rate
from pipeline.bundles.addresses import SourceHost
from pipeline.bundles.bundle_limits import MIB, BundleLimits
from serving.settings import RequestLimits

REQUEST_LIMITS = RequestLimits(
    body=MIB,
    bodies=32 * MIB,
    body_seconds=20.0,
    connections=256,
    in_flight=64,
    shutdown_seconds=30,
)
"""The limits on requests. The limits of predictions and tables are not used by this server."""


RATE = Rate(120, "min")
"""The default rate limit on the requests of a key or an address."""
BUNDLE_RATE = Rate(100, "day")
"""The default rate limit on the bundles of a key or an address."""


@dataclass(frozen=True)
class ControlSettings:
    """The settings of the server.

    Attributes:
        work: the folder for the files of bundles until they are sent.
        project: the folder with the packages of this project, which bundles contain copies of.
        audit: the path of the audit log; None for no log.
        host: the address to listen on.
        port: the port to listen on; 0 for any free port.
        keys: the path of the file with API keys; None if clients need no keys.
        rate: the rate limit of a key that has none of its own; without keys, of a client address. None for no limit.
        bundle_rate: the rate limit on bundles of a key or an address; None for no limit.
        rate_storage: the URI of the storage for the counters.
        hosts: additional host names of the server, in lower case.
        named: hosts that files may be fetched from even at private addresses.
        log_requests: whether successful requests are also logged.
        bundles: the number of bundles that are created at the same time.
        bundles_waiting: the number of bundles that may wait.
        bundle_limits: the limits on each bundle.
        limits: the limits on requests.
    """

    work: Path
    project: Path
    audit: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    keys: Path | None = None
    rate: Rate | None = RATE
    bundle_rate: Rate | None = BUNDLE_RATE
    rate_storage: str = "memory://"
    hosts: tuple[str, ...] = ()
    named: frozenset[SourceHost] = frozenset()
    log_requests: bool = False
    bundles: int = 2
    bundles_waiting: int = 8
    bundle_limits: BundleLimits = field(default_factory=BundleLimits)
    limits: RequestLimits = REQUEST_LIMITS
