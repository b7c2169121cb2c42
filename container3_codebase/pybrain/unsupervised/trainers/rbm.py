"""Contrastive divergence for restricted Boltzmann machines.

Source: Hinton 2002, Training products of experts by minimizing contrastive divergence; the
default values of the configuration are those of Hinton and Salakhutdinov 2006.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pybrain.supervised.trainers.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pybrain._typing import Array
    from pybrain.datasets.dataset import DataSet
    from pybrain.structure.networks.rbm import Rbm


class RbmGibbsTrainerConfig:
    """Hyperparameters of the training.

    Attributes:
        batchSize: number of samples per update.
        rWeights, rHidBias, rVisBias: learning rates of weights and biases.
        weightCost: fraction of the weights that is subtracted at each update.
        iniMm, finMm: initial momentum, and momentum from iteration `mmSwitchIter` on.
        mmSwitchIter: iteration at which the momentum changes.
        maxIter: number of passes over the data set.
        visibleDistribution: distribution of the visible units, 'bernoulli' or 'gaussian'.
    """

    def __init__(self) -> None:
        self.batchSize = 10
        self.rWeights = 0.1
        self.rHidBias = 0.1
        self.rVisBias = 0.1
        self.weightCost = 0.0002
        self.iniMm = 0.5
        self.finMm = 0.9
        self.mmSwitchIter = 5
        self.maxIter = 9
        self.visibleDistribution = "bernoulli"


class RbmGibbsTrainer(Trainer):
    """Trains a restricted Boltzmann machine by one step of Gibbs sampling.

    For each batch, with the data v0, the probabilities h0 of the hidden units given v0, the visible
    units v1 given a sample of h0, and the probabilities h1 of the hidden units given v1:
        weights += r (h0 v0^T - h1 v1^T - cost * weights),  hidden bias += r (h0 - h1),
        visible bias += r (v0 - v1), each averaged over the batch and with momentum.

    Args:
        rbm: the machine; its parameters are changed in place.
        dataset: the samples: an UnsupervisedDataSet, or inputs of a SupervisedDataSet.
        cfg: an RbmGibbsTrainerConfig.
    """

    def __init__(self, rbm: Rbm, dataset: DataSet, cfg: RbmGibbsTrainerConfig | None = None) -> None:
        self.rbm = rbm
        self.module = rbm
        self.cfg = RbmGibbsTrainerConfig() if cfg is None else cfg
        self.invRbm = rbm.invert()
        self.datasetField = next(name for name in ("sample", "input") if dataset.hasField(name))
        if dataset.getDimension(self.datasetField) != rbm.visibleDim:
            raise ValueError(
                f"the samples have {dataset.getDimension(self.datasetField)} values, "
                f"the machine has {rbm.visibleDim} visible units"
            )
        self.dataset = dataset
        self.ds = dataset

    def train(self) -> None:
        """Train for `cfg.maxIter` passes over the data set."""
        self.trainOnDataset(self.dataset, self.cfg.maxIter)

    def trainOnDataset(self, dataset: Any, maxIter: int = 1) -> float | None:
        """Train for a number of passes over a data set.

        Args:
            dataset: the samples.
            maxIter: number of passes.

        Returns:
            The mean squared difference between the samples and their reconstructions in the last
            pass.
        """
        if len(dataset) == 0:
            raise ValueError("the data set is empty; add samples first")
        dataset.checkFinite()
        momenta: list[Array] = [np.zeros((self.rbm.hiddenDim, self.rbm.visibleDim))]
        momenta += [np.zeros(self.rbm.hiddenDim), np.zeros(self.rbm.visibleDim)]
        errors: list[float] = []
        for iteration in range(maxIter):
            share = self.cfg.finMm if iteration >= self.cfg.mmSwitchIter else self.cfg.iniMm
            errors = []
            for rows in dataset.randomBatches(self.datasetField, self.cfg.batchSize):
                updates = self.calcUpdateByRows(rows)
                self._apply(updates, momenta, share)
                errors.append(self._reconstructionError(rows))
        return float(np.mean(errors)) if errors else None

    def _weights(self) -> Array:
        """Return the weights as a view, shape (hidden, visible)."""
        return self.rbm.params.reshape(self.rbm.hiddenDim, self.rbm.visibleDim)

    def _apply(self, updates: Sequence[Array], momenta: Sequence[Array], share: float) -> None:
        weights, hiddenBias, visibleBias = updates
        rates = (self.cfg.rWeights, self.cfg.rHidBias, self.cfg.rVisBias)
        weights = weights - self.cfg.weightCost * self._weights()
        for momentum, rate, update in zip(momenta, rates, (weights, hiddenBias, visibleBias), strict=True):
            momentum *= share
            momentum += rate * update
        self._weights()[:] += momenta[0]
        self.rbm.biasParams[:] += momenta[1]
        self.invRbm.biasParams[:] += momenta[2]
        # The inverse machine has its own weights: the same matrix, transposed.
        self.invRbm.params[:] = self._weights().T.ravel()

    def _reconstructionError(self, rows: Array) -> float:
        return np.mean([(self.invRbm.activate(self.rbm.activate(row)) - row) ** 2 for row in rows])

    def calcUpdateByRow(self, row: Array) -> tuple[Array, Array, Array]:
        """Return the updates (weights, hidden bias, visible bias) for one sample."""
        hidden = np.asarray(self.rbm.activate(row))
        visible, reconstructed = self.updater(self.sampler(hidden))
        weights = np.outer(hidden, row) - np.outer(reconstructed, visible)
        return weights, hidden - reconstructed, np.asarray(row) - visible

    def calcUpdateByRows(self, rows: Array) -> tuple[Array, ...]:
        """Return the updates averaged over several samples."""
        updates = [self.calcUpdateByRow(row) for row in rows]
        return tuple(np.mean(part, axis=0) for part in zip(*updates, strict=True))

    def sampler(self, probabilities: Array) -> Array:
        """Draw the states of the hidden units from their probabilities."""
        raise NotImplementedError("a subclass must implement sampler")

    def updater(self, hidden: Array) -> tuple[Array, Array]:
        """Return the visible units for hidden states, and the resulting probabilities of the hidden units."""
        visible = np.asarray(self.invRbm.activate(hidden))
        return visible, np.asarray(self.rbm.activate(visible))


class RbmBernoulliTrainer(RbmGibbsTrainer):
    """Trains machines with hidden units that are 0 or 1."""

    def sampler(self, probabilities: Array) -> Array:
        """Draw 0 or 1 from the probabilities of 1."""
        return (np.random.random(len(probabilities)) < probabilities).astype(float)


class RbmGaussTrainer(RbmGibbsTrainer):
    """Trains machines whose hidden units have Gaussian noise of variance 1 around their activation.

    They need a smaller learning rate (Hinton and Salakhutdinov 2006): 0.01 without a `cfg`.
    """

    def __init__(self, rbm: Rbm, dataset: DataSet, cfg: RbmGibbsTrainerConfig | None = None) -> None:
        RbmGibbsTrainer.__init__(self, rbm, dataset, cfg)
        if cfg is None:
            self.cfg.rWeights = self.cfg.rHidBias = self.cfg.rVisBias = 0.01

    def sampler(self, probabilities: Array) -> Array:
        """Add normal noise."""
        return np.asarray(probabilities) + np.random.standard_normal(len(probabilities))
