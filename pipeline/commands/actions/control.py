"""Start the API server, and print its address."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from access_control.rates import Rate, parse_rate
from common.atomic_files import make_folder
from common.errors import UsageError
from common.extras import ensure
from pipeline.commands.base.command import Context, Result

if TYPE_CHECKING:
    from pipeline.control.settings import ControlSettings

_Value = TypeVar("_Value")


@dataclass
class ControlResult(Result):
    """The result of `control`.

    Attributes:
        address: the URL of the server.
    """

    address: str

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        return {"address": self.address}


class Options(Protocol):
    """The options of `control`."""

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


def control(context: Context, options: Options) -> ControlResult:
    """Serve until a signal ends the server.

    Args:
        context: the command's context.
        options: the command's options.

    Raises:
        UsageError: the address cannot be used, or an option is not valid.
        InputMissing: the key file is not found.
        KeyFileError: the key file is not valid.
        MissingPackage: a package cannot be installed.
        CannotWrite: the folder of the audit log cannot be created.
    """
    for part in ("serve", "control"):
        ensure(part, context.layout, context.console.note)
    from pipeline.control.server import bind, run

    with tempfile.TemporaryDirectory(prefix="app07-control-", ignore_cleanup_errors=True) as work:
        settings = _settings(context, options, Path(work))
        with bind(settings) as bound:
            shown = f"[{settings.host}]" if ":" in settings.host else settings.host
            address = f"http://{shown}:{bound.getsockname()[1]}"
            context.console.print(f"  address      {address}  (documentation: {address}/docs)")
            if settings.audit is not None:
                context.console.print(f"  audit log    {context.layout.shown(settings.audit)}")
            run(settings, bound)
    context.console.print("  stopped")
    return ControlResult(address)


def _settings(context: Context, options: Options, work: Path) -> ControlSettings:
    from pipeline.bundles.addresses import parse_source_host
    from pipeline.control.settings import ControlSettings

    audit = options.audit_log or context.layout.root / "output" / "control" / "audit.jsonl"
    make_folder(audit.parent)
    storage = options.rate_storage or context.environment.get("CONTROL_RATE_STORAGE") or "memory://"
    return ControlSettings(
        work=work,
        project=context.layout.code.parent,
        audit=audit,
        host=options.host,
        port=options.port,
        keys=options.keys,
        rate=_parsed("--rate", _rate, options.rate),
        bundle_rate=_parsed("--bundle-rate", _rate, options.bundle_rate),
        rate_storage=storage,
        hosts=tuple(name.lower() for name in options.allow_host),
        named=frozenset(_parsed("--allow-source", parse_source_host, each) for each in options.allow_source),
        log_requests=options.log_requests,
    )


def _rate(text: str) -> Rate | None:
    return None if text == "none" else parse_rate(text)


def _parsed(option: str, parse: Callable[[str], _Value], text: str) -> _Value:
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}.") from None
