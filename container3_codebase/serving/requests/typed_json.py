"""Parse a JSON body into its type, with the place of the first fault in the error."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from serving.errors import InvalidRequest, MalformedRequest

_T = TypeVar("_T")


def decode(decoder: msgspec.json.Decoder[_T], body: bytes | msgspec.Raw, where: str = "The body") -> _T:
    """Return the value.

    Args:
        decoder: knows the type.
        body: JSON.
        where: what is parsed, to begin the message.

    Raises:
        InvalidRequest: it is of another type.
        MalformedRequest: it is not JSON.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"{where} is not valid: {error}.") from None
    except RecursionError:
        raise MalformedRequest(f"{where} is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedRequest(f"{where} is not JSON: {error}.") from None
