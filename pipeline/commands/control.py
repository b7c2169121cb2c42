"""`control`: the HTTP API that generates compose files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context
from pipeline.commands.base.options import add_host_name_option, add_keys_option

if TYPE_CHECKING:
    from pipeline.commands.actions.control import ControlResult

_EPILOG = (
    "Routes: POST /api/v1/compose/generate, /validate and /bundle, GET /api/v1/compose/schema, /health, /docs.\n"
    "docs/control-api.md describes them. The server listens on this machine only, unless --keys names a file of API\n"
    "keys (`keys add NAME --scope compose:generate --scope compose:bundle`). SIGTERM and Ctrl-C end it after the\n"
    "requests in flight. Logs are JSON lines on standard error; the audit log is a file.\n\n"
    "exit status: 0 done, 2 wrong usage, the port is in use, or others could reach the server without a key,\n"
    "65 the key file is invalid, 66 the key file is not found, 69 a package is missing, 70 internal error,\n"
    "73 cannot write"
)


class ControlCommand(Command):
    """Generate compose files over HTTP.

    Attributes:
        host: the address to listen on.
        port: the port; 0 for a free one.
        keys: the file of the API keys; None where clients need none.
        rate: the request limit per key or address.
        bundle_rate: the limit on bundles per key or address.
        rate_storage: where requests are counted; None for the value of the environment, otherwise this process.
        allow_host: domain names of the server.
        allow_source: hosts that files are fetched from, regardless of their addresses.
        audit_log: the file of the audit log; None for the default file in output/.
        log_requests: whether every request is logged.
    """

    name = "control"
    position = 127
    summary = "Generate compose files over HTTP, and bundles with everything that they need."
    epilog = _EPILOG

    host: str
    port: int
    keys: Path | None
    rate: str
    bundle_rate: str
    rate_storage: str | None
    allow_host: list[str]
    allow_source: list[str]
    audit_log: Path | None
    log_requests: bool

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument(
            "--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)"
        )
        parser.add_argument(
            "--port", type=_port, default=8080, help="the port (default: 8080; 0 for a free one)"
        )
        add_keys_option(parser)
        parser.add_argument(
            "--rate",
            default="120/min",
            metavar="RATE",
            help="limit each key, or without --keys each address, to RATE (default: 120/min; none for no limit)",
        )
        parser.add_argument(
            "--bundle-rate",
            default="100/day",
            metavar="RATE",
            help="limit on bundles per key or address (default: 100/day; none for no limit)",
        )
        parser.add_argument(
            "--rate-storage",
            metavar="URI",
            help="count requests in Redis, redis://HOST:PORT/0, to share the limits among servers (default: the"
            " environment variable CONTROL_RATE_STORAGE, otherwise this process)",
        )
        add_host_name_option(parser)
        parser.add_argument(
            "--allow-source",
            metavar="HOST[:PORT]",
            action="append",
            default=[],
            help="fetch files from this host even if its address is not public or its port is not 80 or 443;"
            " may be repeated",
        )
        parser.add_argument(
            "--audit-log",
            type=Path,
            metavar="FILE",
            help="the audit log (default: output/control/audit.jsonl)",
        )
        parser.add_argument(
            "--log-requests", action="store_true", help="log every request, not only those with an error"
        )

    def needs_checkout(self) -> bool:
        """Return true: the archives hold code of the checkout."""
        return True

    def run(self, context: Context) -> ControlResult:
        """Serve until a signal ends the server.

        Raises:
            UsageError: the address cannot be used, or an option is not valid.
            InputMissing: the key file is not found.
            KeyFileError: the key file is not valid.
            MissingPackage: a package cannot be installed.
            CannotWrite: the folder of the audit log cannot be created.
        """
        from pipeline.commands.actions.control import control

        return control(context, self)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text[:40]!a} is not a valid port; expected 0 to 65535")
    return int(text)
