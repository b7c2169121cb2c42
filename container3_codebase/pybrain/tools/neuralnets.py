"""Networks for regression and classification with early stopping, in three lines.

net = NNclassifier(trainingData, VDS=validationData)
net.setupNN(hidden=8)
net.runTraining(convergence=5)
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

# Some are not used here: programs import them from this module, as PyBrain's has them.
from pybrain.datasets import ClassificationDataSet, SequentialDataSet
from pybrain.structure.modules import LSTMLayer, SoftmaxLayer
from pybrain.supervised.trainers import BackpropTrainer, RPropMinusTrainer, Trainer
from pybrain.tools.customxml.networkwriter import NetworkWriter
from pybrain.tools.shortcuts import buildNetwork
from pybrain.tools.validation import ModuleValidator, Validator, testOnSequenceData
from pybrain.utilities import percentError, setAllArgs

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import StrPath


class NNtools:
    """The base class of regression and classification.

    Args:
        DS: the training data.
        **kwargs: options, see `set`.

    Attributes:
        Trainer: the trainer, after a network has been set up.
        best: after training, the network with the smallest validation error.
        trainCurve, testCurve: training and validation errors, one per block of epochs.
    """

    # Options: validation data, hidden units, maximum number of epochs, epochs per block.
    options = ("TDS", "VDS", "hidden", "maxepochs", "epoinc", "verbose")

    def __init__(self, DS: Any, **kwargs: Any) -> None:
        self.DS = DS
        self.TDS = DS
        self.VDS: Any = None
        self.hidden = 10
        self.maxepochs = 1000
        self.epoinc = 5
        self.verbose = False
        self.Graph: Any = None
        self.Trainer: Any = None
        self.best = None
        self.trainCurve: list[float] = []
        self.testCurve: list[float] = []
        self.set(**kwargs)

    def set(self, **kwargs: Any) -> None:
        """Set options: TDS and VDS (training and validation data), hidden, maxepochs, epoinc, verbose.

        Raises:
            ValueError: an option is unknown; the message lists the known ones.
        """
        for name, value in kwargs.items():
            if name not in self.options:
                raise ValueError(f"unknown option {name!r}; expected one of {', '.join(self.options)}")
            setattr(self, name, value)

    def initGraphics(self, ymax: float = 10, xmax: float = -1) -> None:
        """Draw the errors with matplotlib during training.

        Args:
            ymax: upper limit of the error axis.
            xmax: upper limit of the epoch axis; below 0 for `maxepochs`.
        """
        from pybrain.tools.plotting.multiline import MultilinePlotter

        right = self.maxepochs if xmax < 0 else xmax
        self.Graph = MultilinePlotter(autoscale=1.2, xlim=[0, right], ylim=[0, ymax])
        self.Graph.setLabels(x="epoch", y="error")
        self.Graph.setLegend(["training", "validation"])

    def saveTrainingCurve(self, learnfname: StrPath) -> None:
        """Write a CSV file: epoch, error on training data, error on validation data."""
        with Path(learnfname).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            for block, pair in enumerate(zip(self.trainCurve, self.testCurve, strict=True), start=1):
                writer.writerow([block * self.epoinc, *pair])

    def saveNetwork(self, fname: StrPath) -> None:
        """Write the network as XML."""
        NetworkWriter.writeToFile(self.Trainer.module, str(fname))

    def _setup(self, net: Any, trainer: Any, arguments: dict[str, Any]) -> None:
        self.Trainer = trainer(net, dataset=self.TDS, **arguments)
        self.best = None
        self.trainCurve, self.testCurve = [], []

    def _error(self, dataset: Any) -> float:
        return self.Trainer.testOnData(dataset)

    def runTraining(self, convergence: int = 0, **kwargs: Any) -> None:
        """Train in blocks of `epoinc` epochs, up to `maxepochs`, and keep the best network.

        Args:
            convergence: number of blocks without improvement of the validation error to stop after; 0 for never.
            **kwargs: options, see `set`.
        """
        self.set(**kwargs)
        if self.Trainer is None:
            raise ValueError("there is no network yet: call setupNN first")
        validation = self.TDS if self.VDS is None else self.VDS
        waiting, least, bestParams = 0, None, None
        for epoch in range(self.epoinc, self.maxepochs + 1, self.epoinc):
            self.Trainer.trainEpochs(self.epoinc)
            self._note(epoch, self._error(self.TDS), self._error(validation))
            if least is None or self.testCurve[-1] < least:
                waiting, least, bestParams = 0, self.testCurve[-1], np.array(self.Trainer.module.params)
            else:
                waiting += 1
            if convergence and waiting >= convergence:
                break
        if bestParams is not None:
            self.Trainer.module.params[:] = bestParams
        self.best = self.Trainer.module

    def _note(self, epoch: int, trained: float, validated: float) -> None:
        self.trainCurve.append(trained)
        self.testCurve.append(validated)
        if self.verbose:
            print(f"epoch {epoch}: error {trained:g} on training data, {validated:g} on validation data")
        if self.Graph is not None:
            for line, error in enumerate((trained, validated)):
                self.Graph.addData(line, epoch, error)
            self.Graph.update()


class NNregression(NNtools):
    """Fits the numeric targets of a data set."""

    def setupNN(self, trainer: Any = RPropMinusTrainer, hidden: Any = None, **trnargs: Any) -> None:
        """Build a network with one hidden layer, and its trainer.

        Args:
            trainer: class of the trainer.
            hidden: number of hidden units; None for the option `hidden`.
            **trnargs: arguments for the trainer.
        """
        hidden = self.hidden if hidden is None else hidden
        self._setup(buildNetwork(self.DS.indim, hidden, self.DS.outdim), trainer, trnargs)


class NNclassifier(NNtools):
    """Learns the classes of a data set; errors are percentages of misclassified samples.

    Args:
        DS: a ClassificationDataSet; its targets and those of `VDS` are expanded to one column per class.
        **kwargs: options, see `set`.
    """

    def __init__(self, DS: Any, **kwargs: Any) -> None:
        NNtools.__init__(self, DS, **kwargs)
        for dataset in (self.TDS, self.VDS):
            if dataset is not None and dataset.outdim == 1:
                dataset.nClasses = max(dataset.nClasses, DS.nClasses)
                dataset._convertToOneOfMany()

    def setupNN(self, trainer: Any = RPropMinusTrainer, hidden: Any = None, **trnargs: Any) -> None:
        """Build a network with one hidden layer and a softmax output, and its trainer.

        Args:
            trainer: class of the trainer.
            hidden: number of hidden units; None for the option `hidden`.
            **trnargs: arguments for the trainer.
        """
        hidden = self.hidden if hidden is None else hidden
        net = buildNetwork(self.DS.indim, hidden, self.DS.outdim, outclass=SoftmaxLayer)
        self._setup(net, trainer, trnargs)

    def setupRNN(self, trainer: Any = BackpropTrainer, hidden: Any = None, **trnargs: Any) -> None:
        """Build a recurrent network with a layer of LSTM cells, and its trainer, for sequences.

        Args:
            trainer: class of the trainer.
            hidden: number of LSTM cells; None for the option `hidden`.
            **trnargs: arguments for the trainer.
        """
        hidden = self.hidden if hidden is None else hidden
        net = buildNetwork(self.DS.indim, hidden, self.DS.outdim, hiddenclass=LSTMLayer, recurrent=True)
        self._setup(net, trainer, trnargs)

    def _error(self, dataset: Any) -> float:
        return percentError(*self.Trainer.testOnClassData(dataset, return_targets=True))
