"""The examples of the documentation: commands and programs, each with the output that is printed below it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from common.project import PROJECT

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
ADDRESS = re.compile(r"\b(?:127\.0\.0\.1|localhost):8000\b")
_CHANGING = (
    (re.compile(r'"request_id":"[^"]*"'), '"request_id":"*"'),
    (re.compile(r'"session":"[^"]*"'), '"session":"*"'),
    (re.compile(r'"expires_in":\d+'), '"expires_in":*'),
    (re.compile(r"^  time .*$", re.MULTILINE), "  time *"),
)


@dataclass(frozen=True)
class Example:
    """An example.

    Attributes:
        text: the commands or the program.
        output: what is printed below it; None where nothing is.
    """

    text: str
    output: str | None

    def at(self, port: int) -> str:
        """Return the text for a server at another port; the documented one is 8000."""
        return ADDRESS.sub(f"127.0.0.1:{port}", self.text)


def pages() -> list[Path]:
    """Return the pages about a server at port 8000 of this machine; the containers have a page of their own."""
    return [
        path for path in sorted((PROJECT.root / "docs").glob("serving*.md")) if "compose" not in path.name
    ]


def examples(page: Path, language: str = "", start: str = "") -> list[Example]:
    """Return the examples of a page.

    Args:
        page: the page.
        language: of the code fences.
        start: how the text of an example begins.
    """
    text = page.read_text("utf-8")
    fences = list(_FENCE.finditer(text))
    found = []
    for place, fence in enumerate(fences):
        if fence[1] == language and fence[2].startswith(start):
            after = fences[place + 1] if place + 1 < len(fences) else None
            is_output = after is not None and not after[1] and not text[fence.end() : after.start()].strip()
            output = after[2] if after is not None and is_output and _is_no_command(after[2]) else None
            found.append(Example(fence[2], output))
    return found


def commands(example: Example) -> list[str]:
    """Return the commands of an example; a backslash continues a line."""
    return example.text.replace("\\\n", " ").splitlines()


def comparable(text: str, port: int) -> str:
    """Return an output without what differs from run to run."""
    text = text.replace(f"127.0.0.1:{port}", "127.0.0.1:8000")
    for pattern, mark in _CHANGING:
        text = pattern.sub(mark, text)
    return text.strip()


def _is_no_command(text: str) -> bool:
    return not text.startswith(("curl ", "python "))
