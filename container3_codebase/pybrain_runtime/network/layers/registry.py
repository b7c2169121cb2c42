"""Every kind of layer that a file may hold. Nested networks are not layers."""

from __future__ import annotations

from pybrain_runtime.network.layers import elementwise, exponential, gates, lstm, special, stochastic
from pybrain_runtime.network.layers.kind import LayerKind

LAYERS: dict[str, LayerKind] = {
    kind.name: kind
    for kinds in (
        elementwise.KINDS,
        exponential.KINDS,
        gates.KINDS,
        lstm.KINDS,
        stochastic.KINDS,
        special.KINDS,
    )
    for kind in kinds
}
"""All kinds of layers, by PyBrain's class name."""
