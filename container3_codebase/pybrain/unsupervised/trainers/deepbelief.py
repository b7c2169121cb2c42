"""Greedy layer-wise training of a deep network, each layer as a restricted Boltzmann machine.

Source: Hinton, Osindero and Teh 2006, A fast learning algorithm for deep belief nets.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pybrain.datasets import UnsupervisedDataSet
from pybrain.structure.modules.biasunit import BiasUnit
from pybrain.structure.networks.rbm import Rbm
from pybrain.supervised.trainers.trainer import Trainer
from pybrain.unsupervised.trainers.rbm import RbmBernoulliTrainer, RbmGaussTrainer, RbmGibbsTrainerConfig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from pybrain.datasets.dataset import DataSet
    from pybrain.structure.networks.feedforward import FeedForwardNetwork
    from pybrain.unsupervised.trainers.rbm import RbmGibbsTrainer


class DeepBeliefTrainer(Trainer):
    """Trains the layers of a feed-forward network one after the other, without targets.

    Args:
        net: a sorted network whose layers form a chain of FullConnections, with a bias for all but
            the first layer.
        dataset: the samples: an UnsupervisedDataSet, or the inputs of a SupervisedDataSet.
        epochs: number of passes over the samples for each layer.
        cfg: an RbmGibbsTrainerConfig; `epochs` is used instead of its `maxIter`.
        distribution: distribution of the hidden units, 'bernoulli' or 'gaussian'.
    """

    trainers: ClassVar[dict[str, type[RbmGibbsTrainer]]] = {
        "bernoulli": RbmBernoulliTrainer,
        "gaussian": RbmGaussTrainer,
    }

    def __init__(
        self,
        net: FeedForwardNetwork,
        dataset: DataSet,
        epochs: int = 50,
        cfg: RbmGibbsTrainerConfig | None = None,
        distribution: str = "bernoulli",
    ) -> None:
        if distribution not in self.trainers:
            raise ValueError(
                f"unknown distribution {distribution!r}; expected one of {', '.join(self.trainers)}"
            )
        Trainer.__init__(self, net)
        self.net = net
        self.ds = self.dataset = dataset
        self.epochs = epochs
        self.cfg = RbmGibbsTrainerConfig() if cfg is None else deepcopy(cfg)
        self.trainerKlass = self.trainers[distribution]

    def _chain(self) -> Iterator[Any]:
        """Iterate over (visible, hidden, connection between them, connection of the bias)."""
        visible = self.net.inmodules[0]
        connections = [one for leaving in self.net.connections.values() for one in leaving]
        while onward := [one for one in self.net.connections[visible] if one.paramdim]:
            if len(onward) != 1:
                raise ValueError(
                    f"layer {visible.name!r} leads to {len(onward)} layers; the layers must form a chain"
                )
            hidden = onward[0].outmod
            biases = [one for one in connections if one.outmod is hidden and isinstance(one.inmod, BiasUnit)]
            if len(biases) != 1:
                raise ValueError(f"layer {hidden.name!r} needs one connection from a bias, not {len(biases)}")
            yield visible, hidden, onward[0], biases[0]
            visible = hidden

    def iterRbms(self) -> Iterator[Any]:
        """Iterate over one machine per pair of layers, with the network's weights."""
        for visible, hidden, connection, bias in self._chain():
            machine = Rbm.fromDims(visible.outdim, hidden.indim)
            machine.params[:] = connection.params
            machine.biasParams[:] = bias.params
            yield machine

    def trainRbm(self, rbm: Rbm, dataset: Any) -> Any:
        """Train one machine on one data set, and return it.

        Args:
            rbm: the machine.
            dataset: the samples, with as many values as the machine has visible units.
        """
        trainer = self.trainerKlass(rbm, dataset, self.cfg)
        trainer.trainOnDataset(dataset, self.epochs)
        return rbm

    def train(self) -> None:
        """Train all layers, each on the outputs of the layers before it."""
        field = next(name for name in ("sample", "input") if self.dataset.hasField(name))
        rows = np.array(self.dataset[field], dtype=float)
        for parts, machine in zip(self._chain(), self.iterRbms(), strict=True):
            samples = UnsupervisedDataSet(rows.shape[1])
            samples.setField("sample", rows)
            self.trainRbm(machine, samples)
            parts[2].params[:] = machine.params
            parts[3].params[:] = machine.biasParams
            rows = np.array([machine.activate(row) for row in rows])
