"""Parse a JSON body into its type; errors locate the first problem."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from serving.errors import InvalidRequest, MalformedRequest

_T = TypeVar("_T")


def decode(decoder: msgspec.json.Decoder[_T], body: bytes | msgspec.Raw, where: str = "The body") -> _T:
    """Decode JSON to the type of a decoder.

    Args:
        decoder: the decoder of the expected type.
        body: the JSON.
        where: the subject of the error message.

    Raises:
        InvalidRequest: the value is of the wrong type.
        MalformedRequest: the body is not JSON.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"{where} is not valid: {error}.") from None
    except RecursionError:
        raise MalformedRequest(f"{where} is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedRequest(f"{where} is not JSON: {error}.") from None
