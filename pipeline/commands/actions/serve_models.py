"""The models that `serve --model` names: networks of the checkout, files, and registered models."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from common.errors import InputMissing, UsageError
from common.project import KNOWLEDGE_FILE, Layout
from pipeline.commands.base.command import Context
from pipeline.stages.registered_models import PREFIX

if TYPE_CHECKING:
    from pipeline.stages.model_registry import Address
    from serving.settings import Source


class ModelOptions(NamedTuple):
    """The options of `serve` that choose the models.

    Attributes:
        models: networks in models/, files, or addresses of registered models; empty for all of the checkout.
        tracking_uri: the MLflow server; None for that of the environment.
        refresh: seconds between checks of the registry; None for no checks.
    """

    models: list[str]
    tracking_uri: str | None = None
    refresh: float | None = None


class Served(NamedTuple):
    """The models of a server.

    Attributes:
        sources: the files and folders.
        on_reload: called when the models are to be reloaded.
    """

    sources: tuple[Source, ...]
    on_reload: Callable[[], None] = lambda: None


@contextmanager
def served_models(context: Context, options: ModelOptions) -> Iterator[Served]:
    """Provide the models of a server; registered models are downloaded, and kept up to date while the block runs.

    Args:
        context: the command's context.
        options: the options that choose the models.

    Raises:
        UsageError: two models have the same name, or a name is not a valid model name.
        InputMissing: a network is not found.
        KnowledgeError: a registered model cannot be loaded.
        RegistryUnavailable: the MLflow server cannot be reached.
    """
    addresses = [word for word in options.models if word.startswith(PREFIX)]
    if not addresses:
        if options.refresh is not None:
            raise UsageError("--refresh is for registered models.", hint="Add --model models:/NAME@ALIAS.")
        yield Served(_sources(context.layout, options.models, {}))
        return
    from pipeline.stages.model_registry import parse_address  # the modules for HTTP take a moment
    from pipeline.stages.served_models import ServedModels, kept_up_to_date

    found = {word: parse_address(word) for word in addresses}
    environment = dict(context.environment)
    if options.tracking_uri is not None:
        environment["MLFLOW_TRACKING_URI"] = options.tracking_uri
    with tempfile.TemporaryDirectory(prefix="app07-models-") as folder:
        registered = {word: (Path(folder) / address.name, address) for word, address in found.items()}
        sources = _sources(context.layout, options.models, registered)
        models = ServedModels(list(found.values()), Path(folder), environment)
        models.download()
        with kept_up_to_date(models, options.refresh) as ask:
            yield Served(sources, ask)


def _sources(
    layout: Layout, models: list[str], registered: Mapping[str, tuple[Path, Address]]
) -> tuple[Source, ...]:
    from serving.settings import Source

    if not models:
        own = KNOWLEDGE_FILE.removesuffix(".pkl")
        return Source(layout.own_knowledge, own), Source(layout.models)
    sources = []
    for word in models:
        if word in registered:
            folder, address = registered[word]
            sources.append(Source(folder, _name(f"{address.name}.pkl"), registered=True))
        else:
            path = _file(layout, word)
            sources.append(Source(path, _name(path.name)))
    names = [source.name for source in sources]
    if len(set(names)) != len(names):
        raise UsageError(f"Two networks have the same name: {', '.join(names)}.")
    return tuple(sources)


def _file(layout: Layout, word: str) -> Path:
    """Return the file of a network in models/, or a file."""
    from serving.models.served_files import MODEL_SUFFIXES

    if os.sep not in word and not Path(word).is_file():
        for suffix in ("", *MODEL_SUFFIXES):
            if (path := layout.models / f"{word}{suffix}").is_file():
                return path
    path = Path(word)
    if not path.is_file():
        raise InputMissing(
            f"{word} is neither a file nor a network in {layout.shown(layout.models)}/.",
            path=path,
            role="knowledge",
        )
    return path.absolute()


def _name(file: str) -> str:
    from serving.models.served_files import model_name

    name = model_name(Path(file))
    if not name:
        raise UsageError(
            f"{file} is not a valid model name.",
            hint="Use letters, digits, '-', '_' and '.', and the extension .pkl, .xml or .npz.",
        )
    return name
