"""Where the server listens, who may use it, and what a request may cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from access_control.rates import Rate
from pipeline.bundles.addresses import SourceHost
from pipeline.bundles.limits import MIB, BundleLimits
from serving.settings import RequestLimits

REQUEST_LIMITS = RequestLimits(
    body=MIB,
    bodies=32 * MIB,
    body_seconds=20.0,
    connections=256,
    in_flight=64,
    shutdown_seconds=30,
)
"""The limits on requests; what predictions and tables need beside these is not used here."""


RATE = Rate(120, "min")
"""The requests of a key or an address, unless the administrator sets another rate."""
BUNDLE_RATE = Rate(100, "day")
"""The bundles of a key or an address."""


@dataclass(frozen=True)
class ControlSettings:
    """The settings of a server.

    Attributes:
        work: a folder for the files of bundles until they are sent.
        project: the folder that has the packages of this project, of which bundles get copies.
        audit: the file of the audit log; None for none.
        host: the address to listen on.
        port: the port; 0 for a free one.
        keys: the file of the API keys; None where clients need none.
        rate: of a key without a rate of its own; without keys, of a client's address. None for no limit.
        bundle_rate: of the bundles of a key or an address; None for no limit.
        rate_storage: the URI of the storage of the counters.
        hosts: further names of the server, in lower case.
        named: hosts that files are fetched from, whatever their addresses are.
        log_requests: whether requests without an error are logged.
        bundles: bundles that are made at the same time.
        bundles_waiting: further bundles that wait for it.
        bundle_limits: the limits on a bundle.
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
