"""Read the JSON of a server, which may be anything."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TypeVar

from app07_client.errors import InvalidResponse
from app07_client.protocol.exchange import Response
from app07_client.protocol.refusals import printable

_T = TypeVar("_T", str, int, bool)


class Members:
    """The members of a JSON object, each checked when it is read.

    Args:
        content: the object.
        status: of the response, for errors.

    Raises:
        InvalidResponse: it is no object.
    """

    def __init__(self, content: object, status: int) -> None:
        self.status = status
        if not isinstance(content, dict):
            raise self.invalid("it is no object")
        self._content: Mapping[str, object] = content

    def invalid(self, why: str) -> InvalidResponse:
        """Return the error for a response with another content."""
        return InvalidResponse(f"The JSON of the response is not as expected: {why}.", status=self.status)

    def __contains__(self, name: str) -> bool:
        return name in self._content

    def get(self, name: str, kind: type[_T]) -> _T:
        """Return a member of a type.

        Raises:
            InvalidResponse: it is missing, or of another type.
        """
        value = self._content.get(name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.invalid(f"{name} is missing or not of the type {kind.__name__}")
        return value

    def items(self, name: str) -> list[object]:
        """Return a member that is a list.

        Raises:
            InvalidResponse: it is missing, or no list.
        """
        value = self._content.get(name)
        if not isinstance(value, list):
            raise self.invalid(f"{name} is missing or no list")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a member that is a list of texts.

        Raises:
            InvalidResponse: it is missing, or something else.
        """
        values = self.items(name)
        texts = [value for value in values if isinstance(value, str)]
        if len(texts) != len(values):
            raise self.invalid(f"{name} is no list of texts")
        return texts

    def member(self, name: str) -> Members:
        """Return a member that is an object.

        Raises:
            InvalidResponse: it is missing, or something else.
        """
        return Members(self._content.get(name), self.status)

    def objects(self, name: str) -> list[Members]:
        """Return a member that is a list of objects.

        Raises:
            InvalidResponse: it is missing, or something else.
        """
        return [Members(value, self.status) for value in self.items(name)]

    def numbers(self, name: str, rows: int) -> list[list[float]]:
        """Return a member that is a list of rows of finite numbers.

        Args:
            name: of the member.
            rows: the number of rows.

        Raises:
            InvalidResponse: it is missing, or something else.
        """
        found: list[list[float]] = []
        for row in self.items(name):
            if not isinstance(row, list) or not row or len(row) != len(found[0] if found else row):
                raise self.invalid(f"{name} has rows that differ in length, or are no lists")
            found.append(row if all(map(_is_float, row)) else [self._finite(name, value) for value in row])
        if len(found) != rows:
            raise self.invalid(f"{name} has {len(found)} rows; {rows} were sent")
        return found

    def _finite(self, name: str, value: object) -> float:
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 1000:
            return float(value)
        raise self.invalid(f"{name} has {printable(str(value), 40)}, which is no finite number")


def members(response: Response) -> Members:
    """Return the JSON object of a response.

    Raises:
        InvalidResponse: it has another content type, or is no JSON object.
    """
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise InvalidResponse(
            f"The content type of the response is {printable(kind, 60)!r}; expected application/json. "
            "Is this the address of the service?",
            status=response.status,
        )
    return Members(parse(response.body, response.status), response.status)


def parse(body: bytes, status: int) -> object:
    """Return the value of a JSON text.

    Raises:
        InvalidResponse: it is not JSON; NaN and Infinity are not.
    """
    try:
        value: object = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidResponse(
            f"The response is not JSON: {printable(str(error), 200)}.", status=status
        ) from None
    return value


def _is_float(value: object) -> bool:
    return type(value) is float and math.isfinite(value)


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
