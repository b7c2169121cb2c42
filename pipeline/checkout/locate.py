"""Locate the checkout that a command works in. Uses only the standard library."""

from __future__ import annotations

from pathlib import Path

from common.project import PROJECT, Layout


def is_installed(layout: Layout = PROJECT) -> bool:
    """Return whether these packages were installed from a wheel, so that there is no checkout around them.

    Args:
        layout: the folder of the packages.
    """
    return not layout.code.parent.is_dir()


def locate(command: str, *, needs_checkout: bool, layout: Layout = PROJECT) -> Layout:
    """Return the checkout of a command: the one that these packages belong to, otherwise the current folder.

    Args:
        command: the name of the command, for the message.
        needs_checkout: whether the command cannot run in another folder.
        layout: the folder of the packages.

    Raises:
        InputMissing: the command needs a checkout and the current folder is not one, or was removed.
    """
    if not is_installed(layout):
        return layout
    from pybrain_runtime.errors import InputMissing  # not importable before `.venv` exists

    try:
        current = Layout(Path.cwd())
    except OSError as error:
        raise InputMissing(f"The current folder cannot be used: {error.strerror}.") from error
    missing = current.missing()
    if needs_checkout and missing:
        raise InputMissing(
            f"`{command}`, as typed, needs a checkout of the project, but {current.root} is not one: "
            f"{missing[0]} is missing.",
            hint="`app07 init FOLDER` creates one; run the command in that folder. activate, inspect, convert and "
            "evaluate need no checkout if their files are given.",
        )
    return current
