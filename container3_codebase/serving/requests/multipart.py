"""Extract a file from a form, `multipart/form-data` (RFC 7578), whose bounded body is already in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

from serving.errors import InvalidRequest, MalformedRequest

_MOST_PARTS = 8
_MOST_HEADER_BYTES = 4096
_PARAMETER = re.compile(r';\s*([\w*-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s"]*)\s*')
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_PLAIN = ("", "binary", "8bit", "7bit")


def file_of_form(body: bytes, content_type: str, name: str) -> bytes:
    """Return the content of the only field of a form.

    Args:
        body: the body of the request.
        content_type: the Content-Type header, with its parameters.
        name: the name of the field; other fields are an error.

    Raises:
        MalformedRequest: the body is not a form.
        InvalidRequest: the field is missing, or there are others.
    """
    boundary = _parameters(content_type.partition(";")[1] + content_type.partition(";")[2]).get(
        "boundary", ""
    )
    if not _BOUNDARY.fullmatch(boundary):
        raise MalformedRequest("The content type multipart/form-data has no valid boundary.")
    found = list(_parts(body, boundary.encode("ascii")))
    for each, _ in found:
        if each != name:
            raise InvalidRequest(
                f"The form has an unknown field {each[:60]!a}; expected {name}.", field=each[:60]
            )
    if len(found) != 1:
        raise InvalidRequest(f"The form has {len(found)} fields '{name}'; expected exactly one.", field=name)
    return found[0][1]


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each part."""
    _, *parts = (b"\r\n" + body).split(b"\r\n--" + boundary, _MOST_PARTS + 2)
    if len(parts) > _MOST_PARTS + 1:
        raise MalformedRequest(f"The form has more than {_MOST_PARTS} fields.")
    if not parts or not parts[-1].startswith(b"--"):
        raise MalformedRequest("The form is not complete: its last boundary is missing.")
    for part in parts[:-1]:
        padding, _, rest = part.partition(b"\r\n")
        end = rest.find(b"\r\n\r\n", 0, _MOST_HEADER_BYTES)
        if padding.strip(b" \t") or end < 0:
            raise MalformedRequest(
                f"A field of the form has no headers, or more than {_MOST_HEADER_BYTES} bytes."
            )
        yield _name(rest[:end].decode("utf-8", "replace")), rest[end + 4 :]


def _name(headers: str) -> str:
    """Return the name of the field with these headers."""
    named = {}
    for line in headers.split("\r\n"):
        key, _, value = line.partition(":")
        named[key.strip().lower()] = value.strip()
    kind, mark, parameters = named.get("content-disposition", "").partition(";")
    name = _parameters(mark + parameters).get("name")
    if kind.strip().lower() != "form-data" or name is None:
        raise MalformedRequest("A field of the form has no name.")
    if named.get("content-transfer-encoding", "").lower() not in _PLAIN:
        raise MalformedRequest("A field of the form has a transfer encoding; send its bytes unencoded.")
    return name


def _parameters(text: str) -> dict[str, str]:
    """Return the parameters of a header, the first of each name: ``; name="image"; filename="a.png"``."""
    found: dict[str, str] = {}
    place = 0
    while match := _PARAMETER.match(text, place):
        value = match[2]
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found.setdefault(match[1].lower(), value)
        place = match.end()
    return found
