"""The summary of a new card, as text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.cards.content import CardDraft
from pybrain_runtime import Knowledge
from pybrain_runtime.io.printable import enumeration, plural


def lines_of(
    knowledge: Knowledge, path: Path, draft: CardDraft, data: str | None, *, scaled: bool
) -> Iterator[str]:
    """Yield the lines of the report.

    Args:
        knowledge: the network.
        path: the path of the card.
        draft: the content of the card.
        data: the file with the rows; None without rows.
        scaled: whether means and scales were computed.
    """
    sizes = f"{plural(knowledge.indim, 'input')}, {plural(knowledge.outdim, 'output')}"
    yield f"  network     {knowledge.path}: {knowledge.kind}, {sizes}"
    content: Any = draft.content
    if data is not None:
        yield f"  rows        {data}"
        how = "scaled by the means and standard deviations of the rows" if scaled else "not scaled"
        yield f"  inputs      {_names(content['inputs'])}; {how}"
        yield f"  outputs     {_names(content['outputs']) or 'without names'}"
    if draft.constant:
        yield f"              constant in all rows, so with scale 1: {enumeration(draft.constant)}"
    if draft.accuracy is not None:
        column = content["class_column"]
        yield f"  classes     {enumeration(content['labels'])} (column {column}; accuracy {draft.accuracy:.6g})"
    if draft.unmatched:
        yield "  classes     none: the classes of the rows do not match the outputs one to one; name them in the card"
    yield f"  card        {path}"
    if data is None:
        yield "              fill in the names of inputs and outputs, and the scaling that the network was trained with"
    elif not scaled:
        yield "              if the network was trained on standardized inputs, remove it and add --scale"


def _names(columns: list[dict[str, str]]) -> str:
    return enumeration([column["name"] for column in columns if column["name"]])
