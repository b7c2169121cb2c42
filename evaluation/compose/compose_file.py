"""Parse a compose file as data, and find the mistakes for which Compose would reject it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from evaluation.compose.interpolation import CannotInterpolate, interpolate

LARGEST = 256 * 1024
# A file of ten lines can expand to a billion values (anchors in anchors).
MOST_VALUES = 20_000
_LARGEST_NUMBER = 2**63


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Loads plain values only, and rejects duplicate keys, as Compose does."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    names = set[str]()
    entries: dict[Any, Any] = {}
    merged: dict[Any, Any] = {}
    for key, value in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            # One dictionary at a time: PyYAML's own merging grows without bounds for nested merges.
            for mapping in _mappings(loader.construct_object(value, deep=True), key.start_mark):
                merged = {**mapping, **merged}
            continue
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if name in names:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {name!r} is duplicated", key.start_mark
            )
        names.add(name)
        entries[loader.construct_object(key, deep=True)] = loader.construct_object(value, deep=True)
    return {**merged, **entries}


def _mappings(value: Any, mark: Any) -> list[dict[Any, Any]]:
    mappings = value if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in mappings):
        raise yaml.constructor.ConstructorError(
            None, None, "<<: must be a mapping or a list of mappings", mark
        )
    return mappings


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
# Compose reads dates as text.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", yaml.SafeLoader.construct_yaml_str)


@dataclass(frozen=True)
class ComposeFile:
    """A compose file that was parsed.

    Attributes:
        name: its file name.
        data: its content after interpolation; empty if the file could not be parsed.
        mistakes: why Compose would reject it.
        lines: the lines where the top-level keys and the services begin, counted from 1.
        unset: the variables in the file that are not set and have no default.
    """

    name: str
    data: Mapping[str, Any]
    mistakes: tuple[str, ...]
    lines: Mapping[str, int]
    unset: tuple[str, ...] = ()

    @property
    def services(self) -> Mapping[str, Mapping[str, Any]]:
        """The services that are mappings."""
        services = self.data.get("services")
        if not isinstance(services, Mapping):
            return {}
        return {str(name): service for name, service in services.items() if isinstance(service, Mapping)}

    def where(self, key: str) -> str:
        """Return the file name and the line of a top-level key or a service."""
        line = self.lines.get(key)
        return f"{self.name}:{line}" if line else self.name


def read_compose(name: str, content: bytes, values: Mapping[str, str]) -> ComposeFile:
    """Parse a compose file.

    Args:
        name: its file name.
        content: its bytes.
        values: the variables of the submission's `.env`.
    """
    if len(content) > LARGEST:
        too_large = f"{name} is too large for a compose file: {len(content):,} bytes, at most {LARGEST:,}"
        return ComposeFile(name, {}, (too_large,), {})
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return ComposeFile(name, {}, (f"{name} is not UTF-8 (byte {error.start})",), {})
    lines: dict[str, int] = {}
    try:
        lines = _lines(text)
        data = yaml.load(text, _Loader)
        mistakes = _shape(name, data)
        if mistakes:
            return ComposeFile(name, {}, tuple(mistakes), lines)
        interpolation = _Interpolation(values)
        interpolated = interpolation.of(data)
    except yaml.YAMLError as error:
        return ComposeFile(name, {}, (_yaml_mistake(name, error),), lines)
    except (CannotInterpolate, _TooManyValues, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        text = "its values are nested too deeply" if deep else str(error)
        return ComposeFile(name, {}, (f"{name}: {text}",), lines)
    except (ValueError, TypeError) as error:  # an invalid date, or a value that cannot be a key
        return ComposeFile(name, {}, (f"{name}: {error}",), lines)
    return ComposeFile(name, interpolated, (), lines, tuple(interpolation.unset))


def _yaml_mistake(name: str, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    if "\\t" in problem or "'\\t'" in problem:
        problem = "a tab character; YAML is indented with spaces"
    return f"{name} line {mark.line + 1}: {problem}" if mark else f"{name}: {problem}"


def _shape(name: str, data: Any) -> list[str]:
    if not isinstance(data, dict):
        return [f"{name} has no services"]
    services = data.get("services")
    if not isinstance(services, dict) or not services:
        return [f"{name} has no `services:` with services under it"]
    return [
        f"{name}: the service {service} has no content"
        for service, content in services.items()
        if not isinstance(content, dict)
    ]


def _lines(text: str) -> dict[str, int]:
    root = yaml.compose(text, yaml.SafeLoader)
    lines: dict[str, int] = {}
    if not isinstance(root, yaml.MappingNode):
        return lines
    for key, value in root.value:
        lines.setdefault(str(key.value), key.start_mark.line + 1)
        if key.value == "services" and isinstance(value, yaml.MappingNode):
            for service, _ in value.value:
                lines[str(service.value)] = service.start_mark.line + 1
    return lines


class _TooManyValues(ValueError):
    pass


class _Interpolation:
    """Interpolates every string of a value, and copies the value, so that anchors no longer share anything."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.unset: dict[str, None] = {}
        self.count = 0
        self.characters = 0

    def of(self, value: Any) -> Any:
        self.count += 1
        if self.count > MOST_VALUES:
            raise _TooManyValues("it expands to too many values (anchors inside anchors)")
        if isinstance(value, dict):
            return {str(key): self.of(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.of(inner) for inner in value]
        if isinstance(value, str):
            return self._short(interpolate(value, self.values, on_unset=self._record))
        if isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
            raise _TooManyValues("it has a number that is too large")
        if value is not None and not isinstance(value, (bool, int, float)):
            raise _TooManyValues(
                f"it has a value of a type that Compose does not support ({type(value).__name__})"
            )
        return value

    def _record(self, name: str) -> None:
        self.unset[name] = None

    def _short(self, text: str) -> str:
        """Return a string, and limit the total length of all expanded strings."""
        self.characters += len(text)
        if self.characters > 4 * LARGEST:
            raise _TooManyValues("its variables expand to more text than a compose file may contain")
        return text
