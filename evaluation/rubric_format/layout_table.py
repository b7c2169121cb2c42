"""Read the table ``[layout]`` of a rubric; missing keys have the values of the task's own layout."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from evaluation.layout.expected_layout import PYBRAIN, TASK06, ContainerLayout, Framework, Layout
from evaluation.rubric_format.key_lines import Where
from evaluation.rubric_format.tables import Tables

_WHERE: Where = ("layout",)
LAYOUT_KEYS = (
    "container",
    "compose_files",
    "shared_folders",
    "shared_path",
    "framework",
    "import",
    "abort_on_container_exit",
    "output_files",
    "output_lines",
)
CONTAINER_KEYS = (
    *("role", "title", "folders", "dockerfiles", "files", "inside", "images", "services", "shared_file"),
)
# Maximum number of services that an evaluation runs.
_MOST_CONTAINERS = 10
# Each `**` in a pattern multiplies the number of ways to match a path.
_MOST_DEEP = 3


def read_layout(tables: Tables, value: object) -> Layout:
    """Read the layout of a rubric.

    Args:
        tables: the tables of the rubric.
        value: the value of ``layout``; None if the rubric has none.

    Raises:
        RubricError: the layout is invalid; the message names line and key.
    """
    if value is None:
        return TASK06
    return _LayoutReader(tables).layout(tables.table(_WHERE, "layout", value, LAYOUT_KEYS))


class _LayoutReader:
    """Reads the keys of the table ``[layout]``.

    Args:
        tables: the tables of the rubric.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def layout(self, table: Mapping[str, Any]) -> Layout:
        tables = self._tables
        abort = TASK06.abort_on_exit
        if "abort_on_container_exit" in table:
            abort = tables.value(_WHERE, table, "abort_on_container_exit", bool)
        return Layout(
            containers=self._containers(table),
            compose_files=self._paths(_WHERE, table, "compose_files", TASK06.compose_files),
            shared_folders=tables.texts(_WHERE, table, "shared_folders", TASK06.shared_folders),
            shared_path=self._checked(_WHERE, table, "shared_path", TASK06.shared_path, _not_absolute),
            framework=self._framework(table),
            abort_on_exit=abort,
            output_files=self._paths(
                _WHERE, table, "output_files", () if "output_lines" in table else TASK06.output_files
            ),
            output_lines=self._checked(
                _WHERE,
                table,
                "output_lines",
                "" if "output_files" in table else TASK06.output_lines,
                _not_a_pattern,
            ),
        )

    def _framework(self, table: Mapping[str, Any]) -> Framework:
        name = self._tables.text(_WHERE, table, "framework", PYBRAIN)
        if "import" not in table and (error := _not_a_word(name)):
            raise self._tables.wrong(
                _WHERE, "framework", f"{error}; set `import` to the statement that imports it"
            )
        default = TASK06.framework.statement if name == PYBRAIN else f"import {name}"
        return Framework(name, self._tables.text(_WHERE, table, "import", default))

    def _containers(self, table: Mapping[str, Any]) -> tuple[ContainerLayout, ...]:
        if "container" not in table:
            return TASK06.containers
        entries = self._tables.value(_WHERE, table, "container", list)
        if not 1 <= len(entries) <= _MOST_CONTAINERS:
            raise self._tables.wrong(
                _WHERE, "container", f"a layout has 1 to {_MOST_CONTAINERS} containers, got {len(entries)}"
            )
        containers: list[ContainerLayout] = []
        for number, entry in enumerate(entries):
            container = self._container(("layout", number), number + 1, entry)
            if container.role in [other.role for other in containers]:
                raise self._tables.wrong(("layout", number), "role", f"{container.role!r} is used twice")
            containers.append(container)
        return tuple(containers)

    def _container(self, where: Where, number: int, entry: object) -> ContainerLayout:
        tables = self._tables
        table = tables.table(where, "layout.container", entry, CONTAINER_KEYS)
        tables.value(where, table, "role", str)
        role = self._checked(where, table, "role", "", _not_a_word)
        usual = TASK06.container(role) or _any_container(role)
        files = self._paths(where, table, "files", usual.files)
        return ContainerLayout(
            role=role,
            number=number,
            title=tables.label(where, table, "title") if "title" in table else role,
            folders=self._paths(where, table, "folders", usual.folders),
            files=files,
            inside=self._checked(where, table, "inside", usual.inside, _not_absolute),
            images=tables.texts(where, table, "images", usual.images),
            services=tables.texts(where, table, "services", usual.services),
            shared_file=self._checked(where, table, "shared_file", "", _not_relative),
            dockerfiles=self._paths(where, table, "dockerfiles", usual.dockerfiles),
        )

    def _paths(
        self, where: Where, table: Mapping[str, Any], key: str, default: tuple[str, ...]
    ) -> tuple[str, ...]:
        paths = self._tables.texts(where, table, key, default)
        for path in paths:
            if error := _not_relative(path):
                raise self._tables.wrong(where, key, error)
        return paths

    def _checked(
        self, where: Where, table: Mapping[str, Any], key: str, default: str, rule: Callable[[str], str]
    ) -> str:
        text = self._tables.text(where, table, key, default)
        if key in table and (error := rule(text)):
            raise self._tables.wrong(where, key, error)
        return text


def _any_container(role: str) -> ContainerLayout:
    return ContainerLayout(
        role=role,
        number=0,
        title=role,
        folders=(f"*{role}*", f"*/*{role}*"),
        files=("*",),
        inside=f"/{role}/",
        images=(f"*{role}*",),
        services=(f"*{role}*",),
    )


def _not_a_word(text: str) -> str:
    return (
        ""
        if re.fullmatch(r"[A-Za-z][\w.-]*", text)
        else f"{text!r} is not a valid name: use letters, digits, '_' and '-'"
    )


def _not_absolute(text: str) -> str:
    wrong = not text.startswith("/") or ".." in text.split("/")
    return f"{text!r} is not an absolute path in a container; it must begin with /" if wrong else ""


def _not_relative(text: str) -> str:
    if text.count("**") > _MOST_DEEP:
        return f"{text[:100]!r} contains `**` more than {_MOST_DEEP} times"
    wrong = text.startswith(("/", "~")) or "\\" in text or ".." in text.split("/")
    return f"{text!r} is not a relative path with forward slashes" if wrong else ""


def _not_a_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        return f"{text!r} is not a regular expression: {error}"
    return ""
