"""Writes a network as the XML of PyBrain's NetworkWriter."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from pybrain_runtime.errors import UnsupportedPart
from pybrain_runtime.io.printable import escaped
from pybrain_runtime.network.description import ConnectionDescription, ModuleDescription, NetworkDescription
from pybrain_runtime.network.rebuild import build_network

_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_bytes(network: NetworkDescription) -> bytes:
    """Return a network as XML that ``NetworkReader.readFrom`` reads, in UTF-8.

    Raises:
        KnowledgeError: the format does not support a part; the message names it.
    """
    # The library's writer is used, so that the format is implemented once.
    writer_class: Any = import_module("pybrain.tools.customxml.networkwriter").NetworkWriter

    _check_names(network)
    built: Any = build_network(network)
    writer = writer_class("", newfile=True)
    root = writer.newRootNode("PyBrain")
    writer.writeNetwork(built, writer.newChild(root, "Network"))
    content: bytes = writer.dom.toprettyxml().encode("utf-8")
    return content


def _check_names(network: NetworkDescription) -> None:
    parts: list[NetworkDescription | ModuleDescription | ConnectionDescription]
    parts = [network, *network.modules, *network.all_connections()]
    for part in parts:
        if _NOT_XML.search(part.name):
            raise UnsupportedPart(
                f"The {part.kind} '{escaped(part.name, 60)}' cannot be written as XML: "
                "its name has characters that are not allowed in XML.",
                hint="Convert to pkl or npz instead.",
                part=part.name,
            )
    for module in network.modules:
        if module.network is not None:
            _check_names(module.network)
