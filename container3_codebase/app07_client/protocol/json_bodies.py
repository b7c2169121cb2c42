"""Read and check the JSON of a response, which is untrusted."""

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
        content: the parsed JSON value.
        status: the HTTP status of the response, for errors.

    Raises:
        InvalidResponse: the value is not an object.
    """

    def __init__(self, content: object, status: int) -> None:
        self.status = status
        if not isinstance(content, dict):
            raise self.invalid("expected an object")
        self._content: Mapping[str, object] = content

    def invalid(self, why: str) -> InvalidResponse:
        """Return the error for a response with unexpected content."""
        return InvalidResponse(f"The JSON of the response is not as expected: {why}.", status=self.status)

    def __contains__(self, name: str) -> bool:
        return name in self._content

    def get(self, name: str, kind: type[_T]) -> _T:
        """Return a member of a given type.

        Args:
            name: the name of the member.
            kind: its expected type.

        Raises:
            InvalidResponse: the member is missing or of the wrong type.
        """
        value = self._content.get(name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.invalid(f"{name} is missing or not of type {kind.__name__}")
        return value

    def items(self, name: str) -> list[object]:
        """Return a member that is a list.

        Raises:
            InvalidResponse: the member is missing or not a list.
        """
        value = self._content.get(name)
        if not isinstance(value, list):
            raise self.invalid(f"{name} is missing or not a list")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a member that is a list of strings.

        Raises:
            InvalidResponse: the member is missing or not a list of strings.
        """
        values = self.items(name)
        texts = [value for value in values if isinstance(value, str)]
        if len(texts) != len(values):
            raise self.invalid(f"{name} is not a list of strings")
        return texts

    def member(self, name: str) -> Members:
        """Return a member that is an object.

        Raises:
            InvalidResponse: the member is missing or not an object.
        """
        return Members(self._content.get(name), self.status)

    def objects(self, name: str) -> list[Members]:
        """Return a member that is a list of objects.

        Raises:
            InvalidResponse: the member is missing or not a list of objects.
        """
        return [Members(value, self.status) for value in self.items(name)]

    def numbers(self, name: str, rows: int) -> list[list[float]]:
        """Return a member that is a list of rows of finite numbers.

        Args:
            name: the name of the member.
            rows: the expected number of rows.

        Raises:
            InvalidResponse: the member is missing or not such a list.
        """
        found: list[list[float]] = []
        for row in self.items(name):
            if not isinstance(row, list) or not row or len(row) != len(found[0] if found else row):
                raise self.invalid(f"{name} has rows of different lengths, or rows that are not lists")
            found.append(row if all(map(_is_float, row)) else [self._finite(name, value) for value in row])
        if len(found) != rows:
            raise self.invalid(f"{name} has {len(found)} rows; {rows} were sent")
        return found

    def _finite(self, name: str, value: object) -> float:
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 1000:
            return float(value)
        raise self.invalid(f"{name} contains {printable(str(value), 40)}, which is not a finite number")


def members(response: Response) -> Members:
    """Return the JSON object of a response.

    Raises:
        InvalidResponse: the response has another content type, or is not a JSON object.
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
    """Parse a JSON body.

    Args:
        body: the encoded JSON.
        status: the HTTP status of the response, for the error.

    Raises:
        InvalidResponse: the body is not valid JSON, or contains NaN or Infinity.
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
    raise ValueError(f"{text} is not a valid JSON number")
