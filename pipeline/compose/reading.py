"""Parse the JSON of a request, with limits on its size, nesting and numbers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from pipeline.compose.errors import Problem, RequestRefused
from pipeline.compose.request import ComposeRequest
from pipeline.compose.request.refused import refused_keys

MOST_BYTES = 1 << 20
"""Maximum size of a request in bytes."""
MOST_LEVELS = 16
"""Maximum nesting depth of lists and objects; the example of the document has five levels."""
MOST_VALUES = 20_000
"""Maximum number of brackets and commas of a request."""
MOST_DIGITS = 20
"""Maximum number of digits of a number."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_SHOWN = 40


def read_request(data: bytes) -> ComposeRequest:
    """Parse a request and validate it against the schema.

    Args:
        data: JSON in UTF-8, at most 1 MiB.

    Returns:
        The request; its values are checked by `generate`.

    Raises:
        RequestRefused: the request is not JSON, exceeds a limit, or does not match the schema.
    """
    return validated(_parse(data))


def validated(document: object) -> ComposeRequest:
    """Validate a parsed JSON document against the schema and return the request.

    Raises:
        RequestRefused: the document does not match the schema, or contains a value that is not valid JSON.
    """
    problems = list(_bad_values(document, ""))
    if problems:
        raise RequestRefused(problems)
    problems = list(refused_keys(document))
    named = {problem.path for problem in problems}
    try:
        request = ComposeRequest.model_validate(document)
    except ValidationError as error:
        problems += [problem for problem in _from_schema(error, document) if problem.path not in named]
        raise RequestRefused(problems) from None
    if problems:
        raise RequestRefused(problems)
    return request


def _parse(data: bytes) -> object:
    if len(data) > MOST_BYTES:
        raise _refused(
            f"has {len(data):,} bytes; at most {MOST_BYTES:,} are allowed",
            "Shorten the commands and variables.",
        )
    _check_nesting(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(f"byte {error.start} is not valid UTF-8", "Save the file in UTF-8.") from None
    try:
        document: object = json.loads(
            text,
            object_pairs_hook=_pairs,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=lambda word: _Unreadable(f"{word} is not a valid JSON number"),
        )
    except json.JSONDecodeError as error:
        raise _refused(
            f"is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            "A request is one JSON object.",
        ) from None
    return document


def _check_nesting(data: bytes) -> None:
    """Count the brackets before the JSON is parsed, because a parser would recurse into them."""
    depth = 0
    for values, match in enumerate(re.finditer(rb"[\[\]{},]", _STRING.sub(b"", data))):
        if match.group() in b"[{":
            depth += 1
        elif match.group() in b"]}":
            depth -= 1
        if depth > MOST_LEVELS:
            raise _refused(f"lists and objects are nested more than {MOST_LEVELS} levels deep")
        if values > MOST_VALUES:
            raise _refused(f"has more than {MOST_VALUES:,} values")


@dataclass(frozen=True)
class _Unreadable:
    """A placeholder for a refused value, until its path is known."""

    reason: str


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        found[key] = _Unreadable("the name appears twice in the object") if key in found else value
    return found


def _integer(text: str) -> object:
    if len(text) > MOST_DIGITS:
        return _Unreadable(f"the number has {len(text):,} characters; at most {MOST_DIGITS} are allowed")
    return int(text)


def _float(text: str) -> object:
    if len(text) > 2 * MOST_DIGITS:
        return _Unreadable(f"the number has {len(text):,} characters; at most {2 * MOST_DIGITS} are allowed")
    value = float(text)
    return value if math.isfinite(value) else _Unreadable(f"{text} exceeds the range of float64")


def _bad_values(value: object, path: str) -> Iterator[Problem]:
    if isinstance(value, _Unreadable):
        yield Problem(path, value.reason)
    elif isinstance(value, str):
        yield from _bad_text(value, path)
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _bad_text(key, path)
            yield from _bad_values(entry, joined(path, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _bad_values(entry, f"{path}[{index}]")


def _bad_text(text: str, path: str) -> Iterator[Problem]:
    try:
        text.encode()
    except UnicodeEncodeError:
        yield Problem(path, "a string contains half of a surrogate pair, which is not a valid character")
    if "\0" in text:
        yield Problem(path, "a string contains a NUL character")


def joined(path: str, key: str) -> str:
    """Return the path of a member of an object.

    Args:
        path: the path of the object; empty for the whole request.
        key: the name of the member, which is quoted if it is not an identifier.
    """
    shown = key if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,60}", key) else f"[{json.dumps(key[:_SHOWN])}]"
    if not path or shown.startswith("["):
        return f"{path}{shown}"
    return f"{path}.{shown}"


def _from_schema(error: ValidationError, document: object) -> list[Problem]:
    """Return one problem for each path, even if several types of values are allowed there."""
    reasons: dict[str, list[str]] = {}
    for found in error.errors(include_url=False, include_context=False):
        path = _place(found["loc"], document, is_missing=found["type"] == "missing")
        if found["type"] == "extra_forbidden":
            reasons[path] = ["is not a variable of a request at this path; generate --schema lists them"]
        else:
            reasons.setdefault(path, []).append(_wording(found["type"], found["msg"]))
    return [Problem(path, _joined(texts)) for path, texts in reasons.items()]


def _joined(texts: list[str]) -> str:
    first, *others = dict.fromkeys(texts)
    return " or ".join([first, *(text.removeprefix("expected ") for text in others)])


def _place(parts: tuple[int | str, ...], document: object, *, is_missing: bool) -> str:
    """Return the path of a pydantic error, without the names of the alternatives that pydantic tried."""
    path, value = "", document
    for number, part in enumerate(parts):
        if isinstance(value, dict) and isinstance(part, str) and part in value:
            path, value = joined(path, part), value[part]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            path, value = f"{path}[{part}]", value[part]
        elif is_missing and number == len(parts) - 1 and isinstance(part, str):
            path = joined(path, part)
    return path


_WORDINGS = {
    "string_pattern_mismatch": "expected a string without line breaks",
    "string_type": "expected a string",
    "string_too_short": "expected a non-empty string",
    "list_type": "expected a list",
    "dict_type": "expected an object",
    "model_type": "expected an object",
    "int_type": "expected an integer",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
    "none_required": "expected null",
    "missing": "is missing",
}


def _wording(kind: str, message: str) -> str:
    """Return the message of a pydantic error, in the terms of JSON."""
    return _WORDINGS.get(kind, message.removeprefix("Value error, "))


def _refused(reason: str, hint: str = "") -> RequestRefused:
    return RequestRefused([Problem("", reason, hint)])
