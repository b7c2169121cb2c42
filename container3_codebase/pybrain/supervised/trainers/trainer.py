"""What all trainers have in common: a module, a data set, epochs."""

from pybrain.utilities import Named, abstractMethod


class Trainer(Named):
    """Fits the parameters of a module to a data set.

    Attributes:
        module: what is trained.
        ds: the data set it is trained on, or None.
    """

    ds = None
    module = None

    def __init__(self, module):
        self.module = module

    def setData(self, dataset):
        """Train on this data set from now on.

        Raises:
            ValueError: it has other dimensions than the module; the text names both.
        """
        self._checkFits(dataset)
        self.ds = dataset

    def _checkFits(self, dataset):
        for what, of in (("indim", "inputs"), ("outdim", "outputs")):
            offered, wanted = getattr(dataset, what, None), getattr(self.module, what, None)
            if offered is not None and wanted is not None and offered != wanted:
                raise ValueError(f"the data set has {offered} {of} per sample, the module has {wanted}")

    def trainOnDataset(self, dataset, *args, **kwargs):
        """Set the data set and train on it; further arguments go to `trainEpochs`."""
        self.setData(dataset)
        self.trainEpochs(*args, **kwargs)

    def trainEpochs(self, epochs=1, *args, **kwargs):
        """Train for so many epochs; further arguments go to `train`."""
        for _ in range(epochs):
            self.train(*args, **kwargs)

    def train(self):
        """Train for one epoch."""
        abstractMethod()
