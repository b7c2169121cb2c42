"""Any request is refused or gives a file without access to the host, within a second."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.compose import TARGETS, RequestRefused, generate, read_request
from pipeline.compose.example import EXAMPLE

FAST = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
# Strings of any characters, and strings of parts that are special in YAML, shells, paths, images and URLs.
PARTS = (
    "$", "${", "{{", "{{.Node.Hostname}}", "}", "$(", "$$", "`", "\\", "/", "..", ".", "~", ":", "://", "@",
    "#", " #", "\n", "\t", "\r", " ", "'", "\"", "<<", "&a", "*a", "!!", "- ", "? ", "|", ">", "%", "{", "}",
    "[", "]", ",", "=", "==", "-", "--", ";", "\u0000", "\u0085", "\u2028", "\ufeff", "\u202e", "host", "on",
    "null", "12", "0x", "1e3", "root", "HOME", "etc", "proc", "docker.sock", "busybox", "python", "latest",
    "http", "https", "127.0.0.1", "10.0.0.1", "[::1]", "localhost", "example.com", "shared_data", "privileged",
    "sha256:",
)  # fmt: skip
texts = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PARTS), max_size=8).map("".join))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values of a document."""
    found = [place] if place else []
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            found += places(value[key], (*place, key))
    return found


def names_of(schema: dict[str, Any]) -> list[str]:
    return sorted({name for part in schema["$defs"].values() for name in part.get("properties", {})})


@pytest.fixture(scope="session")
def members() -> list[str]:
    """Return the names of all variables of a request."""
    from pipeline.compose import request_schema

    return names_of(request_schema())


def answer(document: Any) -> dict[str, str]:
    """Return the generated files for a request by target; empty if it is refused."""
    data = json.dumps(document).encode()
    started = time.thread_time()
    try:
        request = read_request(data)
        return {target: generate(request, target=target).text for target in TARGETS}
    except RequestRefused as refusal:
        assert refusal.problems
        return {}
    finally:
        assert time.thread_time() - started < 1


def check(document: Any, findings) -> None:
    for target, text in answer(document).items():
        assert list(findings(text, target)) == [], text


@pytest.mark.slow
@FAST
@given(place=st.sampled_from(places(EXAMPLE)), value=values)
def test_any_value_at_any_path_of_the_example_is_safe(findings, place, value) -> None:
    document: Any = copy.deepcopy(EXAMPLE)
    part = document
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    check(document, findings)


@pytest.mark.slow
@FAST
@given(data=st.data(), number=st.integers(0, 2), value=values)
def test_any_value_for_any_variable_of_a_container_is_safe(findings, members, data, number, value) -> None:
    document: Any = copy.deepcopy(EXAMPLE)
    document["containers"][number][data.draw(st.sampled_from(members))] = value
    check(document, findings)


@pytest.mark.slow
@FAST
@given(
    document=st.dictionaries(st.sampled_from(["containers", *EXAMPLE]) | texts, values, max_size=4) | values
)
def test_any_document_is_safe(findings, document) -> None:
    check(document, findings)


@pytest.mark.slow
@FAST
@given(data=st.binary(max_size=200) | st.text(alphabet='{}[]":,\\u0eE1-+. tfn', max_size=60).map(str.encode))
def test_any_bytes_are_parsed_or_refused(data) -> None:
    try:
        read_request(data)
    except RequestRefused as refusal:
        assert refusal.problems


@pytest.mark.slow
@settings(FAST, max_examples=40)
@given(
    environment=st.dictionaries(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True), texts, max_size=4
    ),
    words=st.lists(texts, min_size=1, max_size=4),
)
def test_accepted_strings_are_read_back_unchanged(environment, words) -> None:
    from ruamel.yaml import YAML

    document: Any = copy.deepcopy(EXAMPLE)
    document["containers"][2] |= {"environment": environment, "command": words}
    found = answer(document)
    for target in ("compose", "swarm") if found else ():
        for read in (yaml.safe_load, YAML(typ="safe", pure=True).load):
            service = json.loads(json.dumps(read(found[target])["services"]["codebase"]).replace("$$", "$"))
            values = {name: service["environment"][name].replace('{{"{{"}}', "{{") for name in environment}
            assert values == environment
            assert service["command"][-len(words) :] == words
