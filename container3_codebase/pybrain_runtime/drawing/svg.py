"""Draws a network as SVG. The result is deterministic, and all names of the file are escaped."""

from __future__ import annotations

from pybrain_runtime.drawing.column_layout import BOX_HEIGHT, BOX_WIDTH, Box, Curve, Layout, layout_of
from pybrain_runtime.io.printable import plural
from pybrain_runtime.network.description import ModuleDescription, NetworkDescription

_MOST_LABELS = 40
_TITLE = 34
_LONGEST_NAME = 20
_STYLE = """
svg { color-scheme: light dark; font-family: system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
.paper { fill: #ffffff } .name { fill: #1b1f24; font-size: 13px; font-weight: 600 }
.kind, .title { fill: #57606a; font-size: 11px } .title { font-size: 13px }
.label { fill: #424a53; font-size: 10px; stroke: #ffffff; stroke-width: 4px; paint-order: stroke }
.box { fill: #f6f8fa; stroke: #57606a; stroke-width: 1.2 }
.in { fill: #ddf4ff; stroke: #0969da } .out { fill: #dafbe1; stroke: #1a7f37 } .bias { fill: #fff8c5 }
.curve { fill: none; stroke: #6e7781; stroke-width: 1.4 } .later { stroke: #bc4c00; stroke-dasharray: 6 4 }
.tip { fill: #6e7781 } .latertip { fill: #bc4c00 }
@media (prefers-color-scheme: dark) {
.paper { fill: #0d1117 } .name { fill: #f0f3f6 } .kind, .title { fill: #9ea7b3 }
.label { fill: #c9d1d9; stroke: #0d1117 } .box { fill: #161b22; stroke: #8b949e }
.in { fill: #0c2d6b; stroke: #58a6ff } .out { fill: #0f3d22; stroke: #3fb950 } .bias { fill: #3b2e00 }
.curve { stroke: #8b949e } .later { stroke: #f0883e } .tip { fill: #8b949e } .latertip { fill: #f0883e }
}
""".strip()


def drawing(network: NetworkDescription) -> str:
    """Return a drawing of a network as an SVG document.

    Layers are drawn from left to right in the order of computation. Connections from one time step to the next are
    dashed and go back. A nested network is a box, and is drawn below.
    """
    panels = [(part, layout_of(part)) for part in _all_networks(network)]
    width = max(layout.width for _, layout in panels)
    height = sum(layout.height + _TITLE for _, layout in panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img">',
        f"<title>{_text(_heading(network))}</title>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker><marker id="latertip" '
        'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="latertip" d="M0 0L8 4L0 8z"/></marker></defs>',
        '<rect class="paper" width="100%" height="100%"/>',
    ]
    y = 0.0
    for part, layout in panels:
        parts.append(f'<g transform="translate(0 {y:.0f})">')
        parts.append(f'<text class="title" x="24" y="24">{_text(_heading(part))}</text>')
        parts.append(f'<g transform="translate(0 {_TITLE})">')
        parts += _panel(part, layout)
        parts.append("</g></g>")
        y += layout.height + _TITLE
    return "\n".join([*parts, "</svg>", ""])


def _all_networks(network: NetworkDescription) -> list[NetworkDescription]:
    found = [network]
    for module in network.modules:
        if module.network is not None:
            found += _all_networks(module.network)
    return found


def _heading(network: NetworkDescription) -> str:
    sizes = ((network.indim, "input"), (network.outdim, "output"), (network.parameter_count, "parameter"))
    return f"{network.kind} '{network.name}': {', '.join(plural(*size) for size in sizes)}"


def _panel(network: NetworkDescription, layout: Layout) -> list[str]:
    labelled = len(layout.curves) <= _MOST_LABELS
    return [
        *(_curve(curve, network) for curve in layout.curves),
        *(
            _box(module, box, place in network.inputs, place in network.outputs)
            for place, (module, box) in enumerate(zip(network.modules, layout.boxes, strict=True))
        ),
        *(_label(curve) for curve in layout.curves if labelled),
    ]


def _curve(curve: Curve, network: NetworkDescription) -> str:
    later = curve.group.recurrent
    return (
        f'<path class="curve{" later" if later else ""}" d="{curve.path}" '
        f'marker-end="url(#{"latertip" if later else "tip"})">'
        f"<title>{_text(curve.group.details(network))}</title></path>"
    )


def _label(curve: Curve) -> str:
    return (
        f'<text class="label" x="{curve.label_x:.0f}" y="{curve.label_y + 3:.1f}" text-anchor="middle">'
        f"{_text(_shorten(curve.group.label, 26))}</text>"
    )


def _box(module: ModuleDescription, box: Box, is_input: bool, is_output: bool) -> str:
    role = " out" if is_output else " in" if is_input else " bias" if module.kind == "BiasUnit" else ""
    middle = box.x + BOX_WIDTH / 2
    return (
        f'<g><rect class="box{role}" x="{box.x:.0f}" y="{box.y:.1f}" width="{BOX_WIDTH}" '
        f'height="{BOX_HEIGHT}" rx="8"/>'
        f"<title>{_text(_details(module))}</title>"
        f'<text class="name" x="{middle:.0f}" y="{box.y + 20:.1f}" text-anchor="middle">'
        f"{_text(_shorten(module.name, _LONGEST_NAME))}</text>"
        f'<text class="kind" x="{middle:.0f}" y="{box.y + 35:.1f}" text-anchor="middle">'
        f"{_text(module.kind)}</text>"
        f'<text class="kind" x="{middle:.0f}" y="{box.y + 50:.1f}" text-anchor="middle">'
        f"{_text(_size(module))}</text></g>"
    )


def _size(module: ModuleDescription) -> str:
    if module.kind == "BiasUnit":
        return "always 1"
    size = f"{module.indim} → {module.outdim}" if module.indim != module.outdim else f"{module.outdim}"
    own = sum(array.size for array in module.arrays.values())
    return f"{size}, {own:,} parameters" if own else size


def _details(module: ModuleDescription) -> str:
    options = "".join(f", {key} {value}" for key, value in module.options.items())
    sizes = f"{plural(module.indim, 'input')}, {plural(module.outdim, 'output')}"
    return f"{module.kind} '{module.name}': {sizes}{options}"


def _shorten(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _text(text: str) -> str:
    """Return text for SVG, with markup and characters that are not printable escaped."""
    plain = "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        plain = plain.replace(character, entity)
    return plain
