"""The types of the values in a compose file: Compose rejects a file in which a value has another type.

The rules are those on which Compose 1.29 and 2 agree. What only one of them accepts is accepted: a boolean in place of
a string (`restart: no`), a number written as a string.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

_TEXT, _TEXTS, _LIST, _MAPPING, _NUMBER = "a string", "a list of strings", "a list", "a mapping", "a number"
_NAMED = "a mapping, or a list of NAME=VALUE"
_WORDS = "a string, or a list of strings"

# The types that Compose accepts for the keys of a service; a key that is not listed may have any value.
_KEYS: Mapping[str, str] = {
    **dict.fromkeys(
        ["image", "user", "working_dir", "hostname", "domainname", "container_name", "restart", "platform",
         "network_mode", "stop_signal", "stop_grace_period", "pid", "ipc", "runtime"], _TEXT,
    ),
    **dict.fromkeys(["command", "entrypoint", "dns", "dns_search", "tmpfs"], _WORDS),
    **dict.fromkeys(["profiles", "cap_add", "cap_drop", "security_opt", "links", "external_links", "devices"], _TEXTS),
    **dict.fromkeys(["ports", "expose", "volumes", "group_add"], _LIST),
    **dict.fromkeys(["environment", "labels", "extra_hosts", "sysctls"], _NAMED),
    **dict.fromkeys(["healthcheck", "deploy", "logging"], _MAPPING),
}  # fmt: skip
_HEALTHCHECK: Mapping[str, str] = {
    "test": _WORDS, "interval": _TEXT, "timeout": _TEXT, "start_period": _TEXT, "start_interval": _TEXT,
    "retries": _NUMBER, "disable": "",
}  # fmt: skip
# Without a value, Compose uses that of the image, or none.
_MAY_BE_EMPTY = ("command", "entrypoint", "deploy")
_SERVICE_NAME = re.compile(r"[a-zA-Z0-9._-]+")


def wrong_at_the_top(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield why Compose rejects the top level of a file.

    Args:
        data: the content of the file.
    """
    version = data.get("version", "")
    if not isinstance(version, str):
        yield f'`version:` must be a string: write version: "{version}", or omit the line'
    for name in data.get("services") or {}:
        if not _SERVICE_NAME.fullmatch(name):
            yield f"the service name {name!r} may contain only letters, digits, `.`, `_` and `-`"


def wrong_in_service(name: str, content: Mapping[str, Any], networks: Any) -> Iterator[str]:
    """Yield why Compose rejects a service.

    Args:
        name: the service.
        content: its keys and values.
        networks: the networks that the file declares.
    """
    for key, value in content.items():
        expected = _KEYS.get(key)
        if expected and not (value is None and key in _MAY_BE_EMPTY) and not _fits(value, expected):
            yield f"`{key}:` of {name} must be {expected}{_instead(value)}"
        elif key in ("command", "entrypoint") and isinstance(value, str) and not _is_closed(value):
            yield f"a quotation mark in `{key}:` of {name} is not closed"
    yield from _wrong_entries(name, content)
    yield from _wrong_networks(name, content, networks)
    if isinstance(check := content.get("healthcheck"), Mapping):
        yield from _wrong_healthcheck(name, check)


def _fits(value: Any, expected: str) -> bool:
    scalar = isinstance(value, (str, bool))
    if expected == _TEXT:
        return scalar
    if expected == _NUMBER:
        return isinstance(value, int) or (isinstance(value, str) and value.strip().isdecimal())
    if expected == _WORDS and scalar:
        return True
    if expected in (_WORDS, _TEXTS):
        return isinstance(value, list) and all(isinstance(one, (str, bool)) for one in value)
    if expected == _LIST:
        return isinstance(value, list)
    if expected == _MAPPING:
        return isinstance(value, Mapping)
    if isinstance(value, Mapping):
        return all(one is None or isinstance(one, (str, bool, int, float)) for one in value.values())
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _instead(value: Any) -> str:
    if value is None:
        return ", but it is empty"
    if isinstance(value, (bool, int, float)):
        return f", but it is the number {value}; write it in quotation marks"
    if isinstance(value, list):
        other = next((one for one in value if not isinstance(one, str)), None)
        if isinstance(other, (int, float)):
            return f"; {other} in it is a number: write it in quotation marks"
        return "; it contains a mapping: write A=B without a space, or A: B without a dash" if other else ""
    return f", but it is the {'mapping' if isinstance(value, Mapping) else 'string'} {str(value)[:60]!r}"


def _is_closed(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError as error:
        return "quotation" not in str(error)
    return True


def _wrong_entries(name: str, content: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong in `ports:` and `depends_on:`."""
    ports = content.get("ports")
    for entry in ports if isinstance(ports, list) else ():
        numbers = re.findall(r"\d+", str(entry)) if isinstance(entry, (str, int)) else []
        if isinstance(entry, str) and not re.search(r"\d(?:/(?:tcp|udp))?$", entry):
            yield f"{entry[:60]!r} in `ports:` of {name} is not a valid port"
        elif numbers and int(numbers[-1][:9]) > 65535:
            yield f"the port {numbers[-1][:9]} of {name} is larger than 65535"
    waits = content.get("depends_on", [])
    if waits is None:
        yield f"`depends_on:` of {name} is empty"
    elif isinstance(waits, list) and len({str(one) for one in waits}) < len(waits):
        yield f"`depends_on:` of {name} has a duplicate entry"
    elif isinstance(waits, Mapping):
        for other, settings in waits.items():
            if not isinstance(settings, Mapping) or "condition" not in settings:
                yield f"`depends_on:` of {name} has no `condition:` for {other}"


def _wrong_networks(name: str, content: Mapping[str, Any], declared: Any) -> Iterator[str]:
    """Yield what is wrong in `networks:`; a network must be declared, whether or not it is used."""
    if "networks" not in content:
        return
    joined = content["networks"]
    if not isinstance(joined, (list, Mapping)):
        yield f"`networks:` of {name} must be a list or a mapping"
        return
    if content.get("network_mode"):
        yield f"{name} has both `network_mode:` and `networks:`"
    known = {"default", *(declared if isinstance(declared, Mapping) else ())}
    for network in joined:
        if str(network) not in known:
            yield f"the network {str(network)[:60]} of {name} is not declared under `networks:` at the top"


def _wrong_healthcheck(name: str, check: Mapping[str, Any]) -> Iterator[str]:
    for key, value in check.items():
        expected = _HEALTHCHECK.get(key)
        if expected is None and not key.startswith("x-"):
            yield f"unknown key `{key}:` in `healthcheck:` of {name}"
        elif expected and not _fits(value, expected):
            unit = ", such as 5s" if expected == _TEXT else ""
            yield f"`{key}:` in `healthcheck:` of {name} must be {expected}{unit}"
    test = check.get("test")
    if isinstance(test, list) and test and test[0] not in ("CMD", "CMD-SHELL", "NONE"):
        yield f"`test:` in `healthcheck:` of {name} must begin with CMD, CMD-SHELL or NONE"
