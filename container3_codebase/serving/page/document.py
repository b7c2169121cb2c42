"""The page as a single document with inline style and scripts; nothing else may run or be loaded."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent
_SCRIPTS = ("service.js", "pad.js", "results.js", "main.js")


class Document(NamedTuple):
    """The page.

    Attributes:
        body: the HTML.
        headers: the HTTP headers to send with it.
    """

    body: bytes
    headers: Mapping[str, str]


def read_document() -> Document:
    """Read the page, with a Content-Security-Policy that contains the hashes of its style and script."""
    style = _read("page.css")
    script = '"use strict";\n' + "\n".join(map(_read, _SCRIPTS))
    html = _read("page.html").replace("{style}", style).replace("{script}", script)
    policy = (
        "default-src 'none'",
        f"script-src '{_hash(script)}'",
        f"style-src '{_hash(style)}'",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    headers = {
        "content-security-policy": "; ".join(policy),
        "referrer-policy": "no-referrer",
        "cache-control": "no-cache",
    }
    return Document(html.encode("utf-8"), headers)


def _read(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
