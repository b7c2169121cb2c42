"""Reword the messages of checks for a rubric: its container titles and its shared folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

from evaluation.layout.expected_layout import TASK06, Layout

T = TypeVar("T")
# The fields of results, findings and causes that hold a message of the evaluation.
_OF_RESULT = "reason"
_MESSAGES = {_OF_RESULT, "hint", "text", "what", "do_first"}


def words_of(layout: Layout) -> Callable[[T], T]:
    """Return a function that rewords a result, a finding or a cause for a rubric.

    Args:
        layout: the layout of the rubric; with the layout of the task itself, nothing is reworded.
    """
    roles, paths = _titles(layout), _paths(layout)
    words = {**paths, **roles}
    if not words:
        return lambda value: value
    # A role is replaced as a whole word only, not in a path or image name; a path may continue.
    choices = [*map(re.escape, paths), *(f"{re.escape(role)}(?!/)" for role in roles)]
    pattern = re.compile(rf"(?<![\w./*-])(?<!image )(?<!image: )({'|'.join(choices)})(?![\w*-]|\.\w)")

    def reword(value: T) -> T:
        if not is_dataclass(value) or isinstance(value, type):
            return value
        names = {one.name for one in fields(value)}
        # The title of a result is from the rubric; the title of a finding or a cause is from the evaluation.
        reworded = (names & _MESSAGES) | (names & {"title"} if _OF_RESULT not in names else set())
        texts = {name: getattr(value, name) for name in reworded}
        return cast(
            T, replace(value, **{name: _reworded(text, pattern, words) for name, text in texts.items()})
        )

    return reword


def _titles(layout: Layout) -> Mapping[str, str]:
    """Return the titles of the roles that a rubric calls by another name."""
    containers = layout.containers
    return {container.role: container.title for container in containers if container.role != container.title}


def _paths(layout: Layout) -> Mapping[str, str]:
    """Return the rubric's shared paths that differ from the task's, the longest first."""
    paths = {
        TASK06.shared_volume: layout.shared_volume,
        TASK06.shared_path: layout.shared_path,
        TASK06.shared_folders[0]: layout.shared_folders[0],
    }
    return {path: other for path, other in paths.items() if path != other}


def _reworded(text: str, pattern: re.Pattern[str], words: Mapping[str, str]) -> str:
    return pattern.sub(lambda match: words[match.group(1)], text)
