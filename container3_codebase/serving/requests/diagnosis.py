"""Find the error in a refused JSON body. Slow, therefore used only after a fast parser has failed."""

from __future__ import annotations

import json
import math

from serving.errors import InvalidRequest, MalformedRequest, RequestError
from serving.requests.instances import Huge, check_instances, described


def parse(body: bytes) -> dict[str, object]:
    """Parse any JSON object: numbers that are too large become ``Huge``, NaN and Infinity become strings.

    Raises:
        MalformedRequest: the body is not JSON, or not UTF-8.
        InvalidRequest: the JSON is not an object.
    """
    try:
        content = json.loads(body.decode("utf-8"), parse_int=_integer, parse_float=_float, parse_constant=str)
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The body is not UTF-8: byte {error.start}.") from None
    except RecursionError:
        raise MalformedRequest("The body is nested too deeply.") from None
    except json.JSONDecodeError as error:
        what = "The body is empty" if not body.strip() else f"The body is not JSON: {error}"
        raise MalformedRequest(f"{what}.") from None
    if not isinstance(content, dict):
        raise InvalidRequest(f"The body is {described(content)}; expected an object with instances.")
    return content


def diagnose(body: bytes, names: tuple[str, ...], known: tuple[str, ...], message: str) -> RequestError:
    """Return the error for a body that does not have the expected types.

    Args:
        body: the body.
        names: the names of the inputs.
        known: the allowed keys of the body.
        message: the parser's message, used if no specific problem is found.
    """
    try:
        content = parse(body)
        _check_keys(content, known)
        instances = content["instances"]
        if not isinstance(instances, list):
            raise InvalidRequest(
                f"instances is {described(instances)}; expected a list of rows.", field="instances"
            )
        check_instances(instances, names)
    except RequestError as error:
        return error
    return InvalidRequest(f"The body is not valid: {message}.")


def model_of(body: bytes) -> tuple[str | None, str | int | None]:
    """Return the model and version in a refused body, if they can be read.

    Raises:
        MalformedRequest: the body is not JSON.
        InvalidRequest: the JSON is not an object.
    """
    content = parse(body)
    model, version = content.get("model"), content.get("version")
    if not isinstance(version, str | int) or isinstance(version, bool):
        version = None
    return model if isinstance(model, str) else None, version


def _check_keys(content: dict[str, object], known: tuple[str, ...]) -> None:
    for key in content:
        if key not in known:
            expected = f"{'one of ' if len(known) > 1 else ''}{', '.join(known)}"
            raise InvalidRequest(
                f"The body has an unknown key {key[:60]!a}; expected {expected}.", field=key[:60]
            )
    if "instances" not in content:
        raise InvalidRequest("The body has no instances.", field="instances")


def _integer(text: str) -> int | Huge:
    return int(text) if len(text) < 300 else Huge(text)


def _float(text: str) -> float | Huge:
    number = float(text)
    return number if math.isfinite(number) else Huge(text)
