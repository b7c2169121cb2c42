"""Converts a knowledge file: writes a temporary file, checks it, then renames it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pybrain_runtime.convert.agreement import Agreement
from pybrain_runtime.convert.targets import TARGETS, Target
from pybrain_runtime.errors import CannotWrite, OutputExists, OverwritesInput, UsageError
from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.io.atomic_group import commit_together
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.io.output_paths import check_not_card_name, check_target
from pybrain_runtime.io.paths import is_same
from pybrain_runtime.io.temporary_files import remove_leftovers
from pybrain_runtime.knowledge import Knowledge, load_knowledge
from pybrain_runtime.network.model_card import card_path

_CARD_LIMIT = 1 << 20


@dataclass(frozen=True, eq=False)
class Conversion:
    """The result of a conversion.

    Attributes:
        knowledge: the original.
        target: the format.
        path: the new file.
        sha256: hash of the new file, in hexadecimal.
        size: bytes of the new file.
        agreement: how well the outputs of both networks agree.
        notes: sentences about content of the original that the new file does not have.
        card: path of the model card beside the new file; None if the original has none.
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
    """Return the default path of a converted file: beside the original, with the format's extension.

    Args:
        path: the original.
        target: ``pkl``, ``xml``, ``onnx`` or ``npz``.
    """
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
    pick: str | None = None,
) -> Conversion:
    """Write a network in another format. The new file is kept only if both networks give the same outputs.

    The scaling of a model card is not written into the new file. The card is copied, as ``NAME.card.json`` beside it.

    Args:
        path: the knowledge.
        target: ``pkl``, ``xml``, ``onnx`` or ``npz``.
        output: the new file; if None, ``output_path``.
        force: whether to replace an existing file.
        precision: dtype of an ONNX model, ``float64`` or ``float32``.
        card: the model card; if None, the one beside the original, if there is one.
        sha256: expected hash of the original, in hexadecimal; None accepts any.
        pick: which network to load from a pickle with several; None for the only one.

    Raises:
        UsageError: the format or the precision is not supported.
        MissingPackage: a package that the format needs is not installed.
        InputMissing: the original or the card is not found.
        KnowledgeError: the original cannot be read, or the format does not support a part of it.
        CannotWrite: the file already exists, or cannot be written.
        Disagreement: the outputs of the new file differ; nothing is kept.
    """
    target_format = _target(target, precision)
    target_format.check_packages()
    knowledge = load_knowledge(path, card=card, sha256=sha256, pick=pick)
    new_path = os.fspath(output) if output is not None else output_path(path, target)
    new_card = card_path(new_path)
    card_content = _card_content(path, card) if knowledge.card is not None else None
    _check_output(new_path, knowledge, force)
    _check_card_target(new_card, card_content, force)
    content = target_format.write(knowledge, precision)
    target_format.check_size(content)
    remove_leftovers(new_path, new_card)
    with _NewFiles(new_path) as written:
        written.write(new_path, content)
        agreement = target_format.check(knowledge, written.files[0].temporary, content, precision)
        if card_content is not None and not _has_content(new_card, card_content):
            written.write(new_card, card_content)
        written.commit()
    return Conversion(
        knowledge=knowledge,
        target=target_format,
        path=new_path,
        sha256=written.files[0].sha256,
        size=len(content),
        agreement=agreement,
        notes=tuple(target_format.notes(knowledge, content)),
        card=new_card if card_content is not None else None,
    )


class _NewFiles:
    """The new file and its card, committed together. A context manager that removes them if an error is raised."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.files: list[AtomicFile] = []

    def __enter__(self) -> _NewFiles:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is not None:
            for file in self.files:
                file.discard()

    def write(self, path: str, content: bytes) -> None:
        """Write a file under a temporary name.

        Args:
            path: the final path of the file.
            content: the whole content of the file.

        Raises:
            CannotWrite: the file cannot be written.
        """
        try:
            self.files.append(AtomicFile(path))
            self.files[-1].write(content)
            self.files[-1].finish()
        except CannotWrite as error:
            raise self._failed(error) from None

    def commit(self) -> None:
        """Rename all files to their final names: the card before the network that it belongs to."""
        try:
            commit_together(self.files[::-1])
        except CannotWrite as error:
            raise self._failed(error) from None

    def _failed(self, error: CannotWrite) -> CannotWrite:
        return CannotWrite(error.message, hint=error.hint, path=self._path, errno=error.errno)


def _target(name: str, precision: str) -> Target:
    if name not in TARGETS:
        raise UsageError(f"Unknown format {name!r}; expected one of {', '.join(TARGETS)}.")
    target = TARGETS[name]
    if precision not in target.precisions:
        raise UsageError(
            f"The format {name} does not support precision {precision!r}; expected {' or '.join(target.precisions)}."
        )
    return target


def _card_content(path: str | os.PathLike[str], card: str | os.PathLike[str] | None) -> bytes:
    return _read_card_file(os.fspath(card) if card is not None else card_path(os.fspath(path)))


def _check_output(path: str, knowledge: Knowledge, force: bool) -> None:
    """Check that the new file has a name of its own, and that it can be written."""
    check_not_card_name(path)
    _check_not_input(path, knowledge)
    if not force:
        _check_not_existing(path)
    check_target(path)


def _check_not_input(path: str, knowledge: Knowledge) -> None:
    for read in filter(None, (knowledge.path, knowledge.card_path)):
        if is_same(path, read):
            raise OverwritesInput(f"{path} would overwrite {read}, which is an input.", path=path)


def _check_not_existing(path: str) -> None:
    if os.path.lexists(path):
        raise OutputExists(f"{path} already exists, and is not overwritten.", path=path, can_force=True)


def _check_card_target(path: str, content: bytes | None, force: bool) -> None:
    """Check that an existing model card beside the new file may be kept or replaced."""
    if not os.path.lexists(path) or (content is not None and _has_content(path, content)):
        return
    if content is None:
        raise OutputExists(
            f"{path} would be used as the model card of the new file, but the original has no card.",
            hint="Remove that card.",
            path=path,
        )
    if not force:
        raise OutputExists(
            f"{path} already exists with other content, and is not overwritten.",
            path=path,
            can_force=True,
        )


def _has_content(card: str, content: bytes) -> bool:
    return os.path.lexists(card) and _read_card_file(card) == content


def _read_card_file(card: str) -> bytes:
    with InputFile(card, "card") as file:
        return file.read(_CARD_LIMIT)
