"""Puts trained knowledge into models/, keeps the versions that it replaces, and makes it the project's current one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import CannotWrite
from pipeline.project import CARD_FILE, KNOWLEDGE_FILE, Layout
from pybrain_runtime._io.atomic_file import AtomicFile
from pybrain_runtime._io.atomic_group import commit_together
from training.options import CONFIG, TrainingOptions, variable


def keep_as(layout: Layout, folder: Path, name: str) -> tuple[Path, Path | None]:
    """Copy the results of a training to models/NAME.pkl and NAME.card.json.

    Args:
        layout: the checkout.
        folder: the results of the training.
        name: the name.

    Returns:
        The new file, and the file that now holds the replaced version; None where nothing was replaced.

    Raises:
        CannotWrite: a file cannot be written; everything is as before.
    """
    model = layout.models / f"{name}.pkl"
    contents = {
        model: (folder / KNOWLEDGE_FILE).read_bytes(),
        _card(model): (folder / CARD_FILE).read_bytes(),
    }
    if not model.exists() or all(_holds(path, content) for path, content in contents.items()):
        _write(contents)
        return model, None
    version = _next_version(layout, name)
    files = {version: model.read_bytes()}
    if _card(model).exists():
        files[_card(version)] = _card(model).read_bytes()
    _write(files)
    _write(contents)
    return model, version


def promote(layout: Layout, folder: Path) -> Path:
    """Make the results of a training the project's current knowledge; its card goes with it.

    Args:
        layout: the checkout.
        folder: the results of the training.

    Returns:
        The file of the current knowledge.

    Raises:
        CannotWrite: a file cannot be written; the current knowledge stays.
    """
    _write(
        {
            layout.own_knowledge: (folder / KNOWLEDGE_FILE).read_bytes(),
            layout.own_card: (folder / CARD_FILE).read_bytes(),
        }
    )
    return layout.own_knowledge


def installation_notes(
    options: TrainingOptions, given: Mapping[str, object], environment: Mapping[str, str]
) -> list[str]:
    """Return a line for each of `name`, `promote` and `tracking_uri` that is set, but not on the command line.

    A file of options that others use as well may set them: they replace knowledge, and name who is sent the result.

    Args:
        options: the options of the run.
        given: those of the command line.
        environment: the environment variables.
    """
    effects = {
        "name": options.name and f"puts the result into models/{options.name}.pkl",
        "promote": options.promote and "makes the result the project's current knowledge",
    }
    if not environment.get("MLFLOW_TRACKING_URI", "").strip():
        effects["tracking_uri"] = options.tracking_uri and (
            f"sends the run to {options.tracking_uri}, with the password or token of the environment"
        )
    file = given.get(CONFIG) or environment.get(variable(CONFIG))
    return [
        f"{variable(option) if variable(option) in environment else f'{option} in {file}'} {effect}."
        for option, effect in effects.items()
        if effect and option not in given
    ]


def _card(model: Path) -> Path:
    return model.with_name(model.name.removesuffix(".pkl") + ".card.json")


def _next_version(layout: Layout, name: str) -> Path:
    number = 1
    while (path := layout.models / f"{name}.{number}.pkl").exists() or _card(path).exists():
        number += 1
    return path


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _write(contents: dict[Path, bytes]) -> None:
    files: list[AtomicFile] = []
    try:
        for path, content in contents.items():
            files.append(AtomicFile(str(path)))
            files[-1].write(content)
            files[-1].finish()
    except CannotWrite:
        for file in files:
            file.discard()
        raise
    commit_together(files)
