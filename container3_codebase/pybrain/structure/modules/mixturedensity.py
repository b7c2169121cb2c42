"""An output layer that describes a mixture of normal distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybrain.structure.modules.neuronlayer import NeuronLayer
from pybrain.tools.functions import safeExp

if TYPE_CHECKING:
    from typing import Any, Self

    from pybrain._typing import Array

_LARGEST_MIX = 1_000


class MixtureDensityLayer(NeuronLayer):
    """K coefficients, K standard deviations, K means of width ``dim``; shape (n,) to (n,), n = K (dim + 2).

    ``y[:K]`` is a softmax (the mixing coefficients), ``y[K:2K] = exp(x)`` (the standard deviations),
    ``y[2K:] = x`` (the means). Exponents are clipped to [-500, 500]. Backward: ``e`` unchanged; the trainers for
    mixture densities compute the error with respect to the input.

    Source: C. Bishop, "Pattern Recognition and Machine Learning", 5.6.

    Args:
        dim: width of the target.
        name: name; generated if None.
        mix: number of distributions, K.
    """

    nGaussians = 1
    nDims = 1

    def __init__(self, dim: int, name: str | None = None, mix: int = 5) -> None:
        NeuronLayer.__init__(self, mix * (dim + 2), name)
        self.nGaussians = mix
        self.nDims = dim

    def _xmlArguments(self) -> dict[str, Any]:
        return {"name": self._name, "dim": self.nDims, "mix": self.nGaussians}

    @classmethod
    def _fromXml(cls, *, dim: int, mix: int | None = None) -> Self:
        if mix is None:
            dim, mix = _inferred_sizes(dim)
        return cls(dim, mix=mix)

    def _transfer(self, x: Array) -> Array:
        k = self.nGaussians
        y = x.copy()
        y[..., : 2 * k] = safeExp(x[..., : 2 * k])
        y[..., :k] /= y[..., :k].sum(-1, keepdims=True)
        return y

    def _transferError(self, e: Array, y: Array, x: Array) -> Array:
        return e


def _inferred_sizes(units: int) -> tuple[int, int]:
    """Return (dim, mix) of a layer from its number of units, mix * (dim + 2), which is all that PyBrain's file has.

    If several combinations fit, the file is refused rather than read with the wrong one; the inference library has
    the same rule.
    """
    fitting = [mix for mix in range(2, min(units, _LARGEST_MIX)) if units % mix == 0 and units // mix >= 3]
    if len(fitting) != 1:
        raise ValueError(
            f"the file does not say how {units} units are divided into distributions (option mix)"
        )
    return units // fitting[0] - 2, fitting[0]
