"""The address of a server, and the API key."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from app07_client.errors import InvalidInput

_MOST_CHARACTERS = 2000
_PATH = re.compile(r"[A-Za-z0-9/._~!$&'()*+,;=:@%-]*")
_KEY = re.compile(r"[\x21-\x7e]{1,500}")
_EXAMPLE = "for example http://127.0.0.1:8000"


def base_url(url: str) -> str:
    """Validate the URL of a server, and return it without a trailing slash.

    Args:
        url: scheme, host, port, and a path if the service is not at the root of the host.

    Raises:
        InvalidInput: the URL is not a valid server URL. The message never contains user names or passwords.
    """
    if (
        not isinstance(url, str)
        or not url
        or len(url) > _MOST_CHARACTERS
        or not url.isprintable()
        or " " in url
    ):
        raise InvalidInput(f"The URL is empty, too long, or contains invalid characters; {_EXAMPLE}.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput(f"The host or the port of the URL is not valid; {_EXAMPLE}.") from None
    if "@" in url:
        raise InvalidInput(
            "The URL contains a user name or a password. Pass the API key as api_key, not in the URL."
        )
    if "://" not in url:
        raise InvalidInput(f"The URL {url!a} has no scheme; expected http:// or https://, {_EXAMPLE}.")
    if parts.scheme not in ("http", "https"):
        raise InvalidInput(f"The URL scheme is {parts.scheme[:20]!a}; expected http or https.")
    if not parts.hostname or port == 0:
        raise InvalidInput(f"The URL {url!a} has no host, or port 0; {_EXAMPLE}.")
    if "?" in url or "#" in url:
        raise InvalidInput("The URL has a query or a fragment; expected only scheme, host, port and path.")
    if not _PATH.fullmatch(parts.path) or ".." in parts.path.split("/"):
        raise InvalidInput("The URL path contains characters that are not allowed.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def authorization(api_key: str | None) -> dict[str, str]:
    """Return the header with the API key; no header without a key.

    Raises:
        InvalidInput: the key cannot be sent in a header. The message never contains the key.
    """
    if api_key is None:
        return {}
    if not isinstance(api_key, str) or not _KEY.fullmatch(api_key):
        raise InvalidInput("The API key is empty, too long, or contains spaces or non-ASCII characters.")
    return {"authorization": f"Bearer {api_key}"}


def segment(name: str, what: str = "model") -> str:
    """Return a name as a URL path segment.

    Args:
        name: the name of a model or a version.
        what: the word for the named thing in the message.

    Raises:
        InvalidInput: the name cannot be a path segment.
    """
    if not isinstance(name, str) or name in ("", ".", "..") or "/" in name or len(name) > _MOST_CHARACTERS:
        raise InvalidInput(f"{str(name)[:60]!a} is not a valid {what} name.")
    return quote(name, safe="", errors="replace")
