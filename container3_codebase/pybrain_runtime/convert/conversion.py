"""From a knowledge file to one in another format: written beside, checked, then put in place."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pybrain_runtime._io.atomic_file import AtomicFile
from pybrain_runtime._io.atomic_group import commit_together
from pybrain_runtime._io.input_file import InputFile
from pybrain_runtime._io.output_paths import check_not_card_name, check_target
from pybrain_runtime._io.paths import is_same
from pybrain_runtime._io.temporary_files import remove_leftovers
from pybrain_runtime.convert.agreement import Agreement
from pybrain_runtime.convert.targets import TARGETS, Target
from pybrain_runtime.errors import CannotWrite, OutputExists, OverwritesInput, UsageError
from pybrain_runtime.knowledge import Knowledge, load_knowledge
from pybrain_runtime.network.model_card import card_path

_CARD_LIMIT = 1 << 20


@dataclass(frozen=True, eq=False)
class Conversion:
    """What was converted, and how well.

    Attributes:
        knowledge: the original.
        target: the format.
        path: the file that was written.
        sha256: its hash.
        size: its bytes.
        agreement: how both sides answered the same rows.
        notes: what the file does not hold of the original.
        card: the card that was written beside it; None where the original has none.
    """

    knowledge: Knowledge
    target: Target
    path: str
    sha256: str
    size: int
    agreement: Agreement
    notes: tuple[str, ...]
    card: str | None


def output_path(path: str | os.PathLike[str], target: str) -> str:
    """Return where a converted file is put where nobody says otherwise: beside it, with another ending."""
    return f"{card_path(os.fspath(path)).removesuffix('.card.json')}.{target}"


def convert_file(
    path: str | os.PathLike[str],
    target: str,
    output: str | os.PathLike[str] | None = None,
    *,
    force: bool = False,
    precision: str = "float64",
    card: str | os.PathLike[str] | None = None,
    sha256: str | None = None,
) -> Conversion:
    """Write a network in another format; the file appears when both sides have answered alike.

    The network is written as it is: its inputs are scaled as the card says, and so are those of the file that
    is written. The card goes with it, as ``NAME.card.json`` beside the new file.

    Args:
        path: the knowledge.
        target: ``pkl``, ``xml``, ``onnx`` or ``npz``.
        output: where to; None takes ``output_path``.
        force: replace a file that is there.
        precision: what an ONNX model computes with, ``float64`` or ``float32``.
        card: the card of the original; None takes the one beside it where there is one.
        sha256: what the hash of the original must be; None takes any.

    Raises:
        UsageError: there is no such format or precision.
        MissingPackage: a package that the format needs is not installed.
        InputMissing: the original, or the card that was named, is not there.
        KnowledgeError: the original cannot be read, or a part of it has no place in the format.
        CannotWrite: the file is there already, or cannot be written.
        Disagreement: what was written answers differently; nothing is kept.
    """
    to = _target(target, precision)
    to.make_sure()
    knowledge = load_knowledge(path, card=card, sha256=sha256)
    goal = os.fspath(output) if output is not None else output_path(path, target)
    card_goal = card_path(goal)
    source_card = os.fspath(card) if card is not None else card_path(os.fspath(path))
    card_content = _content(source_card) if knowledge.card is not None else None
    check_not_card_name(goal)
    _make_sure_it_is_not_read(goal, knowledge)
    if not force:
        _make_sure_of_room(goal)
    check_target(goal)
    _make_sure_of_card(card_goal, card_content, force)
    content = to.write(knowledge, precision)
    to.check_size(content)
    remove_leftovers(goal, card_goal)
    written = _Writing(goal)
    try:
        written.put(goal, content)
        agreement = to.check(knowledge, written.files[0].temporary, content, precision)
        if card_content is not None and not _is_there(card_goal, card_content):
            written.put(card_goal, card_content)
        written.commit()
    except BaseException:
        written.discard()
        raise
    return Conversion(
        knowledge=knowledge,
        target=to,
        path=goal,
        sha256=written.files[0].sha256,
        size=len(content),
        agreement=agreement,
        notes=tuple(to.notes(knowledge, content)),
        card=card_goal if card_content is not None else None,
    )


class _Writing:
    """The file and its card: both appear, or none does."""

    def __init__(self, goal: str) -> None:
        self._goal = goal
        self.files: list[AtomicFile] = []

    def put(self, path: str, content: bytes) -> None:
        """Write a file under another name."""
        try:
            self.files.append(AtomicFile(path))
            self.files[-1].write(content)
            self.files[-1].finish()
        except CannotWrite as error:
            raise self._failed(error) from None

    def commit(self) -> None:
        """Give all files their names: the card before the network that it belongs to."""
        try:
            commit_together(self.files[::-1])
        except CannotWrite as error:
            raise self._failed(error) from None

    def discard(self) -> None:
        """Leaves nothing behind."""
        for file in self.files:
            file.discard()

    def _failed(self, error: CannotWrite) -> CannotWrite:
        return CannotWrite(error.message, hint=error.hint, path=self._goal, errno=error.errno)


def _target(name: str, precision: str) -> Target:
    if name not in TARGETS:
        raise UsageError(f"There is no format {name!r}; there are: {', '.join(TARGETS)}.")
    target = TARGETS[name]
    if precision not in target.precisions:
        raise UsageError(
            f"{name} is written in {' or '.join(target.precisions)}; {precision!r} was asked for."
        )
    return target


def _make_sure_it_is_not_read(goal: str, knowledge: Knowledge) -> None:
    for path in filter(None, (knowledge.path, knowledge.card_path)):
        if is_same(goal, path):
            raise OverwritesInput(f"{goal} would overwrite {path}, which is an input.", path=goal)


def _make_sure_of_room(goal: str) -> None:
    if os.path.lexists(goal):
        raise OutputExists(f"{goal} is there already, and is not overwritten.", path=goal, can_force=True)


def _make_sure_of_card(goal: str, content: bytes | None, force: bool) -> None:
    """Check that a model card beside the new file is the one that belongs to it."""
    if not os.path.lexists(goal) or (content is not None and _is_there(goal, content)):
        return
    if content is None:
        raise OutputExists(
            f"{goal} would be taken for the card of the new file, and the original has none.",
            hint="Remove that card.",
            path=goal,
        )
    if not force:
        raise OutputExists(
            f"{goal} is there already with other content, and is not overwritten.",
            path=goal,
            can_force=True,
        )


def _is_there(card: str, content: bytes) -> bool:
    return os.path.lexists(card) and _content(card) == content


def _content(card: str) -> bytes:
    with InputFile(card, "card") as file:
        return file.read(_CARD_LIMIT)
