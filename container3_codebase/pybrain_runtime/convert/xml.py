"""Writes a network as the XML of PyBrain's NetworkWriter."""

from __future__ import annotations

import re
from typing import Any

from ..description import NetworkDescription
from ..errors import KnowledgeError
from ..names import shown
from ..rebuild import build_network

_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_bytes(network: NetworkDescription) -> bytes:
    """Returns the content of a file that ``NetworkReader.readFrom`` reads.

    Raises:
        KnowledgeError: a part has no place in that format; the message names it.
    """
    # Through the library's own writer, so that there is one place that knows the format.
    from pybrain.tools.customxml.networkwriter import NetworkWriter

    _check_names(network)
    built: Any = build_network(network)
    writer: Any = NetworkWriter("", newfile=True)
    root = writer.newRootNode("PyBrain")
    writer.writeNetwork(built, writer.newChild(root, "Network"))
    content: bytes = writer.dom.toprettyxml().encode("utf-8")
    return content


def _check_names(network: NetworkDescription) -> None:
    for part in (network, *network.modules, *network.all_connections()):
        if _NOT_XML.search(part.name):
            raise KnowledgeError(
                f"The {part.kind} '{shown(part.name, 60)}' cannot be written as XML: "
                "its name has characters that XML has no way to hold.",
                hint="Convert to pkl or npz instead.",
                part=part.name,
            )
    for module in network.modules:
        if module.network is not None:
            _check_names(module.network)
