"""Tell the messages of checks in the words of a rubric: the titles of its containers, its shared folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

from evaluation.layout.layout import TASK06, Layout

T = TypeVar("T")
# The fields of a result, a finding and a cause with a message of the evaluation.
_OF_RESULT = "reason"
_MESSAGES = {_OF_RESULT, "hint", "text", "what", "do_first"}


def words_of(layout: Layout) -> Callable[[T], T]:
    """Return a function that tells a result, a finding or a cause in the words of a rubric.

    Args:
        layout: the layout of the rubric; that of the task keeps every word.
    """
    roles, paths = _titles(layout), _paths(layout)
    words = {**paths, **roles}
    if not words:
        return lambda value: value
    # A role is a word and no part of a path or name of an image; a path may go on.
    choices = [*map(re.escape, paths), *(f"{re.escape(role)}(?!/)" for role in roles)]
    pattern = re.compile(rf"(?<![\w./*-])(?<!image )(?<!image: )({'|'.join(choices)})(?![\w*-]|\.\w)")

    def tell(value: T) -> T:
        if not is_dataclass(value) or isinstance(value, type):
            return value
        names = {one.name for one in fields(value)}
        # The title of a result is the rubric's, that of a finding or a cause is the evaluation's.
        told = (names & _MESSAGES) | (names & {"title"} if _OF_RESULT not in names else set())
        texts = {name: getattr(value, name) for name in told}
        return cast(T, replace(value, **{name: _told(text, pattern, words) for name, text in texts.items()}))

    return tell


def _titles(layout: Layout) -> Mapping[str, str]:
    """Return the roles that a rubric has other titles for."""
    containers = layout.containers
    return {container.role: container.title for container in containers if container.role != container.title}


def _paths(layout: Layout) -> Mapping[str, str]:
    """Return the paths of the shared folder that a rubric has others for, the longest first."""
    paths = {
        TASK06.shared_volume: layout.shared_volume,
        TASK06.shared_path: layout.shared_path,
        TASK06.shared_folders[0]: layout.shared_folders[0],
    }
    return {path: other for path, other in paths.items() if path != other}


def _told(text: str, pattern: re.Pattern[str], words: Mapping[str, str]) -> str:
    return pattern.sub(lambda match: words[match.group(1)], text)
