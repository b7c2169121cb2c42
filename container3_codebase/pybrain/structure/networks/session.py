"""Inference sessions: several sequences through one recurrent network at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pybrain._typing import Array, ArrayLike


class Session:
    """An inference session: a separate recurrent state with the weights of a network.

    A recurrent network has one recurrent state, so two simultaneous sequences would disturb each other. Give each
    its own session: the sessions of one network can be used from different threads at once. They share its
    weights and therefore see further training, but not changes of its structure.

    Args:
        network: a sorted recurrent network.

    Example:
        >>> from pybrain.tools.shortcuts import buildNetwork
        >>> net = buildNetwork(1, 2, 1, selfrecurrent=True)
        >>> one, other = net.session(), net.session()
        >>> output = one.activate([1.0])
        >>> bool((other.activate([1.0]) == output).all())
        True
    """

    def __init__(self, network: Any) -> None:
        self._network = network.copy()
        self._network._shareParameters(network)
        self._network.reset()

    def activate(self, inpt: ArrayLike) -> Array:
        """Run inference on the next input of this session's sequence; see :meth:`RecurrentNetwork.activate`."""
        return self._network.activate(inpt)

    def activateSequence(self, rows: Sequence[ArrayLike]) -> Array:
        """Reset the session and run inference on a whole sequence.

        Args:
            rows: the inputs, shape (steps, indim).

        Returns:
            An array of shape (steps, outdim).
        """
        self.reset()
        return np.array([self.activate(row) for row in rows]).reshape(len(rows), self._network.outdim)

    def reset(self) -> None:
        """Begin a new sequence."""
        self._network.reset()
