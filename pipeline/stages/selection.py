"""Select network and rows: by options, then by environment variables, otherwise the project's own.

The variables MODEL_PATH, MODEL_NAME, MODEL_FILE and DATA_PATH have the same meaning as in docker-compose.yml; as there,
an empty variable counts as unset.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from common.errors import InputMissing, UsageError
from common.project import Layout
from pipeline.prepared_files import Selection
from pipeline.stages.registered_models import PREFIX, local_knowledge
from pybrain_runtime import Knowledge
from pybrain_runtime.container.settings import rule, switch

_OPTIONS = {
    "INPUT_COLUMNS": "--input-columns",
    "TARGET_COLUMNS": "--target-columns",
    "KEEP_COLUMNS": "--keep",
}
_NOT_A_MODEL = (".card.json", ".md", ".sh", ".csv")


def select(
    layout: Layout, environment: Mapping[str, str], *, model: str | None, data: str | None
) -> Selection:
    """Select the files of a run.

    Args:
        layout: the checkout.
        environment: the environment variables.
        model: the option ``--model``; None if it is not given.
        data: the option ``--data``; None if it is not given.

    Raises:
        InputMissing: a file does not exist; the hint lists the existing files.
        UsageError: an option is empty.
    """
    model_path, model_from = _model(layout, environment, model)
    data_path, data_from = _data(layout, environment, data)
    return Selection(model_path.resolve(), data_path.resolve(), model_from, data_from)


def network_path(layout: Layout, environment: Mapping[str, str], text: str) -> str:
    """Return the file of a network given by its path, its name in models/, or an address in the registry.

    Args:
        layout: the checkout.
        environment: the environment variables.
        text: the path, name or address.

    Raises:
        InputMissing: the path is a Windows path, or the file or network does not exist; the message lists the existing
            networks.
    """
    if text.startswith(PREFIX):
        return local_knowledge(layout, environment, text)
    check_no_windows_path(text)
    path = _from_user(text)
    if os.path.lexists(path) or _looks_like_a_path(text) or not text.strip():
        return str(path) if text.startswith("~") else text
    try:
        return os.path.relpath(_named(layout, text, text))
    except InputMissing:
        if "." in text:  # a file name, which is then reported as missing
            return text
        raise


def check_no_windows_path(text: str) -> None:
    """Check that a path is not a Windows path, which WSL and other systems cannot use.

    Raises:
        InputMissing: the path is a Windows path; the hint has the path under WSL.
    """
    found = re.match(r"([A-Za-z]):[\\/](.*)", text, re.DOTALL)
    if found is None or os.name == "nt" or os.path.lexists(text):
        return
    inside = found[2].replace("\\", "/")
    raise InputMissing(
        f"{text} is a Windows path.", hint=f"Under WSL it is /mnt/{found[1].lower()}/{inside}", path=text
    )


def columns(environment: Mapping[str, str], name: str, option: str | None = None) -> list[str] | None:
    """Parse column names that are separated by commas.

    Args:
        environment: the environment variables.
        name: the variable, such as ``INPUT_COLUMNS``.
        option: the value of the corresponding option, which takes precedence; None if it is not given.

    Returns:
        The names; None if neither is set.

    Raises:
        UsageError: a name is empty.
    """
    text = environment.get(name) if option is None else option
    if text is None:
        return None
    names = [column.strip() for column in text.split(",")]
    if not all(names):
        setting, how_to_omit = (name, "unset it") if option is None else (_OPTIONS[name], "omit it")
        raise UsageError(
            f"{setting} is empty or has an empty column name", hint=f"List column names, or {how_to_omit}."
        )
    return names


def scaled(knowledge: Knowledge, environment: Mapping[str, str]) -> Knowledge:
    """Return the network with the scaling of SCALE_INPUTS and SCALE_OUTPUTS.

    Args:
        knowledge: the network.
        environment: the environment variables.

    Raises:
        UsageError: a variable is empty or not a valid rule, or the model card already has a scaling.
        KnowledgeError: an array that a rule names is not in the file.
    """
    inputs, outputs = (rule(environment, name) for name in ("SCALE_INPUTS", "SCALE_OUTPUTS"))
    return knowledge.scaled_by(inputs=inputs, outputs=outputs) if inputs or outputs else knowledge


def nested(knowledge: Knowledge, environment: Mapping[str, str], *, legacy: bool = False) -> Knowledge:
    """Return the network, with nested networks computed as in PyBrain if that is requested.

    Args:
        knowledge: the network.
        environment: the environment variables; ``LEGACY_NESTING=1`` requests it.
        legacy: whether an option requests it.

    Raises:
        UsageError: the variable is neither 0 nor 1.
    """
    asked = switch(environment, "LEGACY_NESTING") or legacy
    return knowledge.with_legacy_nesting() if asked else knowledge


def _model(layout: Layout, environment: Mapping[str, str], option: str | None) -> tuple[Path, str]:
    if option is not None:
        _refuse_empty("--model", option)
        if option.startswith(PREFIX):
            return Path(local_knowledge(layout, environment, option)), f"--model {option}"
        check_no_windows_path(option)
        path = _from_user(option)
        if path.exists() or _looks_like_a_path(option):
            return _existing(path, f"--model {option}", "network"), "--model"
        return _named(layout, option, f"--model {option}"), "--model"
    if path_text := environment.get("MODEL_PATH"):
        if path_text.startswith(PREFIX):
            return Path(local_knowledge(layout, environment, path_text)), f"MODEL_PATH={path_text}"
        check_no_windows_path(path_text)
        return _existing(_from_project(layout, path_text), f"MODEL_PATH={path_text}", "network"), "MODEL_PATH"
    if name := environment.get("MODEL_NAME"):
        return _named(layout, name, f"MODEL_NAME={name}"), "MODEL_NAME"
    if file := environment.get("MODEL_FILE"):
        folder = layout.own_knowledge.parent
        return _existing(folder / file, f"MODEL_FILE={file}", "network"), "MODEL_FILE"
    return layout.own_knowledge, "the project's own"


def _data(layout: Layout, environment: Mapping[str, str], option: str | None) -> tuple[Path, str]:
    if option is not None:
        _refuse_empty("--data", option)
        check_no_windows_path(option)
        return _existing(_from_user(option), f"--data {option}", "CSV file"), "--data"
    if path_text := environment.get("DATA_PATH"):
        check_no_windows_path(path_text)
        return _existing(_from_project(layout, path_text), f"DATA_PATH={path_text}", "CSV file"), "DATA_PATH"
    return layout.own_activation, "the project's own"


def _refuse_empty(option: str, value: str) -> None:
    if not value.strip():
        raise UsageError(f"{option} is empty", hint="Specify a file, or omit the option.")


def _from_user(text: str) -> Path:
    """Return the path of an option, which is relative to the working directory."""
    return Path(text).expanduser()


def _from_project(layout: Layout, text: str) -> Path:
    """Return the path of a variable, which is relative to docker-compose.yml, as for Compose."""
    return layout.root / Path(text).expanduser()


def _looks_like_a_path(text: str) -> bool:
    return "/" in text or "\\" in text


def _named(layout: Layout, name: str, setting: str) -> Path:
    """Return a network by its name in models/, with or without the extension, or the project's own by its name."""
    if _looks_like_a_path(name):
        raise UsageError(
            f"{setting} is a path; expected the name of a file in models/",
            hint="For a path, use MODEL_PATH or --model.",
        )
    for candidate in (layout.models / name, layout.models / f"{name}.pkl"):
        if candidate.is_file():
            return candidate
    if name in (layout.own_knowledge.name, layout.own_knowledge.stem):
        return layout.own_knowledge
    models = ", ".join(_models_in(layout.models)) or "none"
    raise InputMissing(
        f"{setting}: there is no such network; models/ has: {models}",
        hint="Specify one of these names, or a path to a file.",
        path=layout.models / name,
    )


def _models_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    names = (path.name for path in folder.iterdir() if path.is_file())
    return sorted(name for name in names if not name.startswith(".") and not name.endswith(_NOT_A_MODEL))


def _existing(path: Path, setting: str, description: str) -> Path:
    if path.is_dir():
        raise InputMissing(
            f"{setting} is a folder; a {description} was expected", hint=_beside(path), path=path
        )
    if not path.exists():
        raise InputMissing(f"{setting}: there is no such file", hint=_beside(path.parent), path=path)
    return path


def _beside(folder: Path) -> str:
    if not folder.is_dir():
        return f"The folder {folder} does not exist either."
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    return f"{folder} has: {listed or 'no files'}."
