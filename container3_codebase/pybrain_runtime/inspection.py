"""What a knowledge file is, whether or not it can be used: the facts behind a verdict."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from pybrain_runtime._io.input_file import InputFile
from pybrain_runtime._io.paths import base
from pybrain_runtime.engine.compiled_network import CompiledNetwork
from pybrain_runtime.errors import KnowledgeError, PipelineError, UnsafeKnowledge
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
_PACKINGS = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"))


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was found out about a file.

    Attributes:
        path: the file, as it was named.
        size: its bytes.
        sha256: its hash, in hexadecimal; empty where the file is too large to be read.
        packing: ``gzip`` or ``bzip2``; empty where it is not packed.
        format: ``pickle protocol 2``, ``xml``, ``npz``; empty where it is none of these.
        verdict: ``safe`` where it holds a network that can answer; ``refused`` where it asks for something
            that is not allowed; ``unusable`` where it is no network, not a whole one, or not what was pinned.
        error: why it is not safe; None where it is.
        holds: what it holds, in words, ``a SupervisedDataSet of 4 rows, which is a data set``; may be empty.
        names: what a pickle refers to, as it spells it, each once, up to where reading ended.
        network: the network; None where there is none.
        companions: what lies beside the network in the file, by place.
        random: whether a layer of it draws its outputs.
        card_path: the card that was named, or is there beside the file; None where there is none.
        card: what the card says; None where there is none, or where it cannot be used.
        card_error: why the card cannot be used; None where it can, or where there is none.
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

    @property
    def usable(self) -> bool:
        """Whether a run could use the file as it is, with its card."""
        return self.verdict == SAFE and self.card_error is None


def inspect_file(
    path: str | os.PathLike[str],
    *,
    card: str | os.PathLike[str] | None = None,
    sha256: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Inspection:
    """Inspect a file. It is opened once and never executed; only a missing file is an error.

    Args:
        path: the file.
        card: its card; None takes the one beside it where there is one.
        sha256: what its hash should be; None takes any.
        limits: what it may ask for.

    Raises:
        InputMissing: there is no such file, or it cannot be read.
        UsageError: the hash to compare with is none.
    """
    budget = Budget(base(os.fspath(path)), limits)  # its clock begins before the file is read and hashed
    with InputFile(path, "knowledge") as file:
        try:
            data = file.read(limits.file_size)
        except KnowledgeError as error:
            return Inspection(os.fspath(path), file.size, verdict=UNUSABLE, error=error)
        facts = Inspection(os.fspath(path), len(data), file.sha256, packing=_packing(data))
        name = file.name
    facts = _with_card(_looked_into(facts, data, name, limits, budget), name, card)
    try:
        if sha256 is not None:
            check_sha256(name, facts.sha256, sha256)
    except KnowledgeError as error:
        return facts if facts.error else replace(facts, verdict=UNUSABLE, error=error)
    return facts


def _looked_into(facts: Inspection, data: bytes, name: str, limits: Limits, budget: Budget) -> Inspection:
    """Read the network; if that fails, find out how far the file can be read and what it holds instead."""
    try:
        found = read_network(data, name, limits, budget)
    except KnowledgeError as error:
        # What it holds is found out in the time that is left, and without what was read until now.
        error.__traceback__ = error.__context__ = None
        return _not_a_network(facts, error, data, name, limits.replace(seconds=budget.seconds_left))
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


def _not_a_network(
    facts: Inspection, error: KnowledgeError, data: bytes, name: str, limits: Limits
) -> Inspection:
    facts = replace(facts, verdict=REFUSED if isinstance(error, UnsafeKnowledge) else UNUSABLE, error=error)
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
    # Text that is no pickle at all mentions no name and leaves no value.
    known = bool(holds or reader.names or content[:1] == b"\x80")
    names = tuple(dict.fromkeys(f"{module}.{entry}" for module, entry in reader.names))
    return replace(
        facts, format=f"pickle protocol {reader.protocol}" if known else "", holds=holds, names=names
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


def _packing(data: bytes) -> str:
    return next((word for mark, word in _PACKINGS if data.startswith(mark)), "")
