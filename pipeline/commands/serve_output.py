"""Starts the server, and says where it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.command import Context, Result
from pipeline.errors import InputMissing, UsageError
from pipeline.extras import ensure
from pipeline.project import KNOWLEDGE_FILE, Layout

if TYPE_CHECKING:
    from pipeline.commands.serve_access import AccessOptions
    from serving.settings import Source

_ENDINGS = (".pkl", ".xml", ".npz", ".pkl.gz", ".pkl.bz2", ".xml.gz", ".npz.gz")


@dataclass
class ServeResult(Result):
    """The result of `serve`.

    Attributes:
        address: where it was.
    """

    address: str

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        return {"address": self.address}


def serve(
    context: Context,
    models: list[str],
    *,
    host: str,
    port: int,
    workers: int,
    log_requests: bool,
    access: AccessOptions,
    sessions: Path | None = None,
) -> ServeResult:
    """Serve until a signal ends it.

    Args:
        context: of the command.
        models: networks in models/, or files; empty for all.
        host: the address to listen on.
        port: the port; 0 for a free one.
        workers: number of processes.
        sessions: the folder that keeps the sessions; None for a private one.
        log_requests: whether every request is logged.
        access: who may use the server.

    Raises:
        UsageError: the address cannot be used.
        InputMissing: a network or the key file is not found.
        KeyFileError: the key file is not valid.
        MissingPackage: a package cannot be installed.
    """
    ensure("serve", context.layout, context.console.note)
    from serving.server import bind
    from serving.settings import SessionSettings, Settings
    from serving.workers import run_workers

    settings = Settings(
        sources=_sources(context.layout, models),
        host=host,
        port=port,
        workers=workers,
        sessions=SessionSettings(folder=sessions),
        log_requests=log_requests,
    )
    settings = access.applied_to(settings)
    bound = bind(settings)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{bound.getsockname()[1]}"

    def say(names: list[str]) -> None:
        context.console.print(f"  serving      {', '.join(names) or 'no model yet'}")
        context.console.print(f"  address      {address}  (documentation: {address}/docs)")

    with bound:
        run_workers(settings, bound, say)
    context.console.print("  stopped")
    return ServeResult(address)


def _sources(layout: Layout, models: list[str]) -> tuple[Source, ...]:
    from serving.settings import Source

    if not models:
        own = KNOWLEDGE_FILE.removesuffix(".pkl")
        return Source(layout.own_knowledge, own), Source(layout.models)
    sources = tuple(Source(path, _name(path)) for path in (_file(layout, word) for word in models))
    names = [source.name for source in sources]
    if len(set(names)) != len(names):
        raise UsageError(f"Two networks have the same name: {', '.join(names)}.")
    return sources


def _file(layout: Layout, word: str) -> Path:
    """Return the file of a network in models/, or a file."""
    if os.sep not in word and not Path(word).is_file():
        for ending in ("", *_ENDINGS):
            if (path := layout.models / f"{word}{ending}").is_file():
                return path
    path = Path(word)
    if not path.is_file():
        raise InputMissing(
            f"{word} is neither a file nor a network in {layout.shown(layout.models)}/.",
            path=path,
            role="knowledge",
        )
    return path.absolute()


def _name(path: Path) -> str:
    from serving.models.files import model_name

    name = model_name(path)
    if not name:
        raise UsageError(
            f"{path.name} cannot be the name of a model.",
            hint="Names have letters, digits, '-', '_' and '.', and end in .pkl, .xml or .npz.",
        )
    return name
