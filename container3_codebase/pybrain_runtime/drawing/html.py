"""What a notebook shows of a network: a table of facts and the drawing."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping

from pybrain_runtime.drawing.svg import drawing
from pybrain_runtime.io.printable import printable
from pybrain_runtime.network.description import NetworkDescription

_LARGEST_DRAWING = 1 << 20


def network_html(network: NetworkDescription | None, heading: str, facts: Mapping[str, str]) -> str:
    """Return a table of facts and a drawing as HTML. All strings are escaped, and nothing is loaded or executed.

    Args:
        network: the network to draw; None for no drawing.
        heading: the first line.
        facts: the values of the table by their titles; empty ones are left out.
    """
    rows = "".join(
        f"<tr><th style='text-align:left'>{_text(title)}</th><td style='text-align:left'>{_text(text)}</td></tr>"
        for title, text in facts.items()
        if text
    )
    address = drawing_address(network) if network is not None else ""
    image = f"<img style='max-width:100%' alt='layers and connections' src='{address}'>" if address else ""
    return f"<div><p><b>{_text(heading)}</b></p><table>{rows}</table>{image}</div>"


def drawing_address(network: NetworkDescription) -> str:
    """Return the drawing as the address of an image; empty if it is larger than 1 MB.

    In an image, the styles of the drawing do not reach the page around it, and those of the page do not reach it.
    """
    svg = drawing(network).encode()
    if len(svg) > _LARGEST_DRAWING:
        return ""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode('ascii')}"


def _text(text: str) -> str:
    return html.escape(printable(text))
