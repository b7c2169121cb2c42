"""The content of a model's files, for sessions that outlive the files."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from pybrain_runtime.errors import PipelineError
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.knowledge import Knowledge

_LARGEST = 16 << 20


class SourceFiles(NamedTuple):
    """The content of a network's file and of its card.

    Attributes:
        knowledge: the content of the network file.
        card: the content of the card; None without a card.
        key: a hash of both.
    """

    knowledge: bytes
    card: bytes | None
    key: str

    @property
    def size(self) -> int:
        """The total size in bytes."""
        return len(self.knowledge) + len(self.card or b"")


def read_source_files(knowledge: Knowledge) -> SourceFiles | None:
    """Read the files that a network was loaded from; None if they are too large or have changed since."""
    try:
        with InputFile(knowledge.path, "knowledge") as file:
            content = file.read(_LARGEST)
            if file.sha256 != knowledge.sha256:
                return None
        if knowledge.card is None:
            return SourceFiles(content, None, _key(knowledge.sha256, ""))
        with InputFile(knowledge.card_path, "card") as file:
            card = file.read(_LARGEST)
            if file.sha256 != knowledge.card.sha256:
                return None
    except PipelineError:
        return None
    return SourceFiles(content, card, _key(knowledge.sha256, knowledge.card.sha256))


def _key(network: str, card: str) -> str:
    return sha256(f"{network} {card}".encode("ascii")).hexdigest()[:16]
