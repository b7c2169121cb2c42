"""Copy trained knowledge to models/, keep the versions that it replaces, and promote it to the current knowledge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from common.errors import CannotWrite
from common.project import CARD_FILE, KNOWLEDGE_FILE, Layout
from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.io.atomic_group import commit_together
from training.options import CONFIG, TrainingOptions, variable


def keep_as(layout: Layout, folder: Path, name: str) -> tuple[Path, Path | None]:
    """Copy the results of a training run to models/NAME.pkl and NAME.card.json.

    Args:
        layout: the checkout.
        folder: the results folder of the training run.
        name: the name of the model.

    Returns:
        The new file, and the file that now holds the replaced version; None if nothing was replaced.

    Raises:
        CannotWrite: a file cannot be written; nothing was changed.
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
    """Make the result of a training run, with its card, the project's current knowledge.

    Args:
        layout: the checkout.
        folder: the results folder of the training run.

    Returns:
        The file of the current knowledge.

    Raises:
        CannotWrite: a file cannot be written; the current knowledge is kept.
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

    A shared file of options may set them, although they replace knowledge or send the result to a server.

    Args:
        options: the options of the run.
        given: the options of the command line.
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
