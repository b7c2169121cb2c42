"""Rewrite the pages of a package index: files with a SHA-256 link to the proxy, all other links stay the same.

A page is decoded as Latin-1, so that what is not rewritten stays the same, byte for byte. It is rewritten piece by
piece: the memory of the proxy is small. This module uses the standard library only; see `package_proxy`.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import urljoin

# Returns the URL to fetch a file from, given its own URL and its SHA-256, which is empty if the page has none.
Place = Callable[[str, str], str]

_ANCHOR = re.compile(r"<a\b", re.IGNORECASE)
# A quoted href; attributes before it whose values contain `>` are not matched, and are counted.
_HREF = re.compile(r"""(<a\b[^>]*?\shref\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_BASE = re.compile(r"<base\b", re.IGNORECASE)
_SHA256 = re.compile(r"(?:^|&)sha256=([0-9a-f]{64})(?:&|$)")
_URL = re.compile(r'"url"\s*:\s*("(?:[^"\\]|\\.)*")')
_ABSOLUTE = re.compile(r"https?://[!-~]+")
_BLANK = re.compile(r"[ \t\r\n]*")


def rewrite_page(text: str, content_type: str, url: str, place: Place) -> Iterator[str]:
    """Rewrite the links of a page of one project, and yield its pieces.

    Args:
        text: the page, decoded as Latin-1.
        content_type: the content type of the page: HTML or JSON.
        url: the URL of the page.
        place: returns the URL to fetch a file from.

    Raises:
        ValueError: the page is neither HTML nor JSON, or has an unsupported form; possibly after some pieces.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind.endswith("+json"):
        return _json(text, url, place)
    if kind == "text/html" or kind.endswith("+html"):
        return _html(text, url, place)
    raise ValueError(f"a page of the type {kind[:80]!r}")


def _html(text: str, url: str, place: Place) -> Iterator[str]:
    if _BASE.search(text):
        raise ValueError("the page has an unexpected base URL")
    copied, links = 0, 0
    for match in _HREF.finditer(text):
        yield text[copied : match.end(1)]
        words = match.group(2) if match.group(2) is not None else match.group(3)
        target, _, fragment = _absolute(html.unescape(words), url).partition("#")
        sha256 = _SHA256.search(fragment)
        fetched = place(target, sha256.group(1) if sha256 else "")
        yield f'"{html.escape(fetched + ("#" if fragment else "") + fragment)}"'
        copied, links = match.end(), links + 1
    if links != sum(1 for _ in _ANCHOR.finditer(text)):
        raise ValueError("the page has links of an unexpected form")
    yield text[copied:]


def _json(text: str, url: str, place: Place) -> Iterator[str]:
    """Rewrite the elements of `files` one at a time, because a whole page as objects takes ten times its size."""
    decode, copied = json.JSONDecoder().raw_decode, 0
    position = _after(text, 0, "{")
    while text[position : position + 1] != "}":
        key, position = decode(text, position)
        position = _after(text, position, ":")
        if key != "files":
            position = _separated(text, decode(text, position)[1], "}")
            continue
        position = _after(text, position, "[")
        while text[position : position + 1] != "]":
            entry, end = decode(text, position)
            yield text[copied:position]
            yield _entry(text[position:end], entry, url, place)
            copied, position = end, _separated(text, end, "]")
        position = _separated(text, position + 1, "}")
    yield text[copied:]


def _entry(text: str, entry: dict[str, object], url: str, place: Place) -> str:
    hashes = entry["hashes"]
    sha256 = str(hashes.get("sha256", "")) if isinstance(hashes, dict) else ""
    target = place(_absolute(str(entry["url"]), url), sha256)
    for match in _URL.finditer(text):
        if match.group(1)[1:-1] == entry["url"] or json.loads(match.group(1)) == entry["url"]:
            return text[: match.start(1)] + json.dumps(target) + text[match.end(1) :]
    raise ValueError("a file without a URL")


def _absolute(link: str, url: str) -> str:
    absolute = link if _ABSOLUTE.fullmatch(link) else urljoin(url, link)
    if not _ABSOLUTE.fullmatch(absolute):
        raise ValueError("a link of an unexpected form")
    return absolute


def _after(text: str, position: int, character: str) -> int:
    """Return the position after a character and the blanks around it."""
    start = _skip(text, position)
    if text[start : start + 1] != character:
        raise ValueError(f"{character} is missing")
    return _skip(text, start + 1)


def _separated(text: str, position: int, end: str) -> int:
    """Return the position of the next element, or of the end."""
    start = _skip(text, position)
    return start if text[start : start + 1] == end else _after(text, start, ",")


def _skip(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position
