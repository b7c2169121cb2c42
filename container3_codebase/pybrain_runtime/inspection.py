"""Inspects a knowledge file, whether or not it can be used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from pybrain_runtime.drawing.html import network_html
from pybrain_runtime.engine.compiled_network import CompiledNetwork
from pybrain_runtime.errors import KnowledgeError, PipelineError, UnclearNetwork, UnsafeKnowledge
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.io.paths import base
from pybrain_runtime.io.signatures import BZIP2, GZIP
from pybrain_runtime.knowledge import check_sha256, read_network
from pybrain_runtime.limits import DEFAULT_LIMITS, Limits
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.content import check_not_other_format, decompress, is_xml
from pybrain_runtime.loading.pickle.reader import PickleReader
from pybrain_runtime.loading.search import describe_value
from pybrain_runtime.loading.values import Instance
from pybrain_runtime.network.allow_list import class_entry, describe_origin
from pybrain_runtime.network.description import NetworkDescription
from pybrain_runtime.network.model_card import Card, card_path, read_card

SAFE, REFUSED, UNUSABLE = "safe", "refused", "unusable"
_COMPRESSIONS = ((GZIP, "gzip"), (BZIP2, "bzip2"))


@dataclass(frozen=True, eq=False)
class Inspection:
    """The content of a knowledge file, and whether it can be used.

    Attributes:
        path: the file, as the user named it.
        size: bytes of the file.
        sha256: hash of the file, in hexadecimal; empty if the file is too large to be read.
        packing: its compression, ``gzip`` or ``bzip2``; empty if it is not compressed.
        format: ``pickle protocol 2``, ``xml``, ``npz``; empty if it is none of these.
        verdict: ``safe`` if the file holds a network that can be run; ``refused`` if it refers to something that is
            not allowed; ``unusable`` if it holds no complete network, or its hash is not the expected one.
        error: the reason if the verdict is not ``safe``; else None.
        holds: description of the content, ``a SupervisedDataSet of 4 rows, which is a data set``; may be empty.
        names: the names that a pickle refers to, each once, up to the point where reading stopped.
        network: the network; None if there is none.
        companions: other values in the file, by their keys.
        random: whether a layer of the network draws its outputs at random.
        card_path: path of the model card; None if there is none.
        card: the model card; None if there is none, or if it is not valid.
        card_error: why the card is not valid; None if it is valid, or if there is none.
        choices: where the networks are in a file that holds several, or one in a trainer, if none is picked.
    """

    path: str
    size: int
    sha256: str = ""
    packing: str = ""
    format: str = ""
    verdict: str = SAFE
    error: PipelineError | None = None
    holds: str = ""
    names: tuple[str, ...] = ()
    network: NetworkDescription | None = None
    companions: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    random: bool = False
    card_path: str | None = None
    card: Card | None = None
    card_error: PipelineError | None = None
    choices: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether a run could use the file as it is, with its card."""
        return self.verdict == SAFE and self.card_error is None

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the verdict with its reason, and a drawing of the network."""
        reason = self.error or self.card_error
        facts = {
            "file": self.path,
            "format": " ".join(filter(None, (self.packing, self.format))),
            "SHA-256": self.sha256,
            "holds": self.holds,
            "card": self.card_path or "",
            "reason": str(reason) if reason else "",
        }
        return network_html(self.network, self.verdict, facts)


def inspect_file(
    path: str | os.PathLike[str],
    *,
    card: str | os.PathLike[str] | None = None,
    sha256: str | None = None,
    pick: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Inspection:
    """Inspect a knowledge file without executing anything. An invalid file is not an error.

    Args:
        path: the file.
        card: the model card; if None, the one beside the file, if there is one.
        sha256: expected hash of the file, in hexadecimal; None accepts any.
        pick: which network to inspect in a pickle with several; None for the only one.
        limits: the limits on the file's size and content.

    Raises:
        InputMissing: the file is not found, or cannot be read.
        UsageError: ``sha256`` is not a SHA-256.
    """
    budget = Budget(base(os.fspath(path)), limits)  # its clock starts before the file is read and hashed
    with InputFile(path, "knowledge") as file:
        try:
            data = file.read(limits.file_size)
        except KnowledgeError as error:
            return Inspection(os.fspath(path), file.size, verdict=UNUSABLE, error=error)
        facts = Inspection(os.fspath(path), len(data), file.sha256, packing=_compression(data))
        name = file.name
    facts = _with_card(_inspect_content(facts, data, name, limits, budget, pick), name, card)
    try:
        if sha256 is not None:
            check_sha256(name, facts.sha256, sha256)
    except KnowledgeError as error:
        return facts if facts.error else replace(facts, verdict=UNUSABLE, error=error)
    return facts


def _inspect_content(
    facts: Inspection, data: bytes, name: str, limits: Limits, budget: Budget, pick: str | None
) -> Inspection:
    """Read the network; if that fails, describe what the file holds instead."""
    try:
        found = read_network(data, name, limits, budget, pick)
    except KnowledgeError as error:
        # The content is described in the remaining time, after the memory of the first attempt is released.
        error.__traceback__ = error.__context__ = None
        return _describe_failure(facts, error, data, name, limits.replace(seconds=budget.seconds_left))
    facts = replace(
        facts,
        format=found.format,
        holds=describe_value(Instance(class_entry(found.network.kind))),
        names=found.names,
        network=found.network,
        companions=found.companions,
    )
    try:
        return replace(facts, random=CompiledNetwork(found.network).random)
    except KnowledgeError as error:
        return replace(facts, verdict=UNUSABLE, error=error)


def _describe_failure(
    facts: Inspection, error: KnowledgeError, data: bytes, name: str, limits: Limits
) -> Inspection:
    verdict = REFUSED if isinstance(error, UnsafeKnowledge) else UNUSABLE
    choices = error.places if isinstance(error, UnclearNetwork) else ()
    facts = replace(facts, verdict=verdict, error=error, choices=choices)
    try:
        content = decompress(data, name, limits)
        if is_xml(content):
            return replace(facts, format="xml")
        check_not_other_format(content, name)
    except KnowledgeError:
        return facts
    reader = PickleReader(content, name, limits)
    try:
        holds = describe_value(reader.read())
    except KnowledgeError:
        holds = next((describe_origin(module) for module, _ in reader.names if describe_origin(module)), "")
    # Text that is not a pickle refers to no name and leaves no value.
    is_pickle = bool(holds or reader.names or content[:1] == b"\x80")
    names = tuple(dict.fromkeys(f"{module}.{entry}" for module, entry in reader.names))
    return replace(
        facts, format=f"pickle protocol {reader.protocol}" if is_pickle else "", holds=holds, names=names
    )


def _with_card(facts: Inspection, name: str, card: str | os.PathLike[str] | None) -> Inspection:
    path = os.fspath(card) if card is not None else card_path(facts.path)
    if card is None and not os.path.lexists(path):
        return facts
    facts = replace(facts, card_path=path)
    network = facts.network
    if network is None:
        return facts
    try:
        read = read_card(path, indim=network.indim, outdim=network.outdim, network=name)
        return replace(facts, card=read)
    except PipelineError as error:
        return replace(facts, card_error=error)


def _compression(data: bytes) -> str:
    return next((name for signature, name in _COMPRESSIONS if data.startswith(signature)), "")
