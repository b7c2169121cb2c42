"""Support vector machines through libsvm's Python module, which PyBrain wrapped.

PyBrain was written for the `svm` module of libsvm before 3.0; the current one (`libsvm-official`
on PyPI) has other names. Both are imported only when a trainer is built.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pybrain._typing import StrPath
    from pybrain.structure.modules.svmunit import SVMUnit


def _libsvm() -> Any:
    """Import libsvm's Python interface, or raise an error that says what is missing."""
    try:
        from libsvm import svmutil
    except ImportError as error:
        raise ImportError("support vector machines need libsvm: pip install libsvm-official") from error
    return svmutil


# Option of libsvm's command line for each parameter that PyBrain's programs set by name.
_OPTIONS = {
    "svm_type": "-s",
    "kernel_type": "-t",
    "degree": "-d",
    "gamma": "-g",
    "coef0": "-r",
    "C": "-c",
    "nu": "-n",
    "p": "-p",
    "cache_size": "-m",
    "eps": "-e",
    "shrinking": "-h",
    "probability": "-b",
}
_KERNELS = {"LINEAR": 0, "POLY": 1, "RBF": 2, "SIGMOID": 3}


def _optionString(params: Mapping[str, Any]) -> str:
    """Return libsvm options for a dictionary of parameters.

    Raises:
        ValueError: a parameter is unknown; the message lists the known ones.
    """
    unknown = set(params) - set(_OPTIONS)
    if unknown:
        raise ValueError(
            f"unknown parameters {sorted(unknown)}; expected one of {', '.join(sorted(_OPTIONS))}"
        )
    return " ".join(f"{_OPTIONS[name]} {value}" for name, value in params.items()) + " -q"


def _problem(dataset: Any) -> Any:
    """Return labels and inputs of a classification data set as lists."""
    return dataset._classNumbers().tolist(), np.asarray(dataset["input"]).tolist()


class LibsvmModel:
    """A trained model of libsvm with the methods that an `SVMUnit` calls.

    Args:
        model: the return value of libsvm's `svm_train`.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    def get_nr_class(self) -> Any:
        """Return the number of classes."""
        return self.model.get_nr_class()

    def predict(self, x: Any) -> Any:
        """Return the class of an input, shape (indim,)."""
        return self._predict(x)[0][0]

    def predict_values(self, x: Any) -> Any:
        """Return the decision values for an input."""
        return self._predict(x)[2][0]

    def _predict(self, x: Any) -> Any:
        return _libsvm().svm_predict([], [np.asarray(x, dtype=float).tolist()], self.model, "-q")

    def save(self, filename: StrPath) -> None:
        """Write a file in libsvm's format."""
        _libsvm().svm_save_model(str(filename), self.model)


class SVMTrainer:
    """Fits a support vector machine (an `SVMUnit`) to a classification data set.

    Args:
        svmunit: receives the model, by its method `setModel`.
        dataset: the samples, with class numbers.
        modelfile: a model to load instead of training.
        plot: kept for PyBrain's signature; has no effect.
    """

    def __init__(
        self, svmunit: SVMUnit, dataset: Any, modelfile: StrPath | None = None, plot: bool = False
    ) -> None:
        self.svm = svmunit
        self.ds = dataset
        self.plot = plot
        self.params = {"kernel_type": _KERNELS["RBF"]}
        self.model: LibsvmModel | None = None
        if modelfile is not None:
            self.load(modelfile)

    @property
    def module(self) -> Any:
        """The module that is trained."""
        return self.svm

    def setData(self, dataset: Any) -> None:
        """Set the training data."""
        self.ds = dataset

    def setParams(self, **kwargs: Any) -> None:
        """Set libsvm parameters by name: kernel_type (or 'RBF' ...), C, gamma, degree ..."""
        if isinstance(kwargs.get("kernel_type"), str):
            kwargs["kernel_type"] = _KERNELS[kwargs["kernel_type"].upper()]
        _optionString(kwargs)
        self.params.update(kwargs)

    def train(self, search: bool | str = False, **kwargs: Any) -> None:
        """Train, after a search for C and gamma if requested.

        Args:
            search: False, True or 'GridSearch', or 'GridSearchDOE'.
            **kwargs: parameters for libsvm or, with `search`, options of the search.
        """
        svmutil = _libsvm()
        labels, inputs = _problem(self.ds)
        if search:
            kind = GridSearchDOE if search == "GridSearchDOE" else GridSearch
            self.setParams(**kind(inputs, labels, **{"cmin": [-5, -15], "cmax": [15, 3], **kwargs}).search())
        else:
            self.setParams(**kwargs)
        self.model = LibsvmModel(svmutil.svm_train(labels, inputs, _optionString(self.params)))
        self.svm.setModel(self.model)

    def save(self, filename: StrPath) -> None:
        """Write the trained model to a file in libsvm's format."""
        if self.model is None:
            raise ValueError("there is no model to save: train first")
        self.model.save(filename)

    def load(self, filename: StrPath) -> None:
        """Read a model from a file."""
        if not Path(filename).is_file():
            raise FileNotFoundError(f"model file not found: {filename}")
        self.model = LibsvmModel(_libsvm().svm_load_model(str(filename)))
        self.svm.setModel(self.model)


class GridSearch:
    """Searches C and gamma on a grid of powers of two by cross-validation.

    Args:
        problem: inputs, shape (n, indim).
        targets: class numbers, shape (n,).
        cmin, cmax: (log2 C, log2 gamma) at the corners of the grid.
        cstep: step sizes of the grid, (log2 C, log2 gamma).
        crossval: number of folds.
        plotflag: kept for PyBrain's signature.
        maxdepth: maximum number of refinements of a `GridSearchDOE`.
        searchlog: file for the results, or None.
        **params: parameters for libsvm.
    """

    def __init__(
        self,
        problem: Any,
        targets: Any,
        cmin: Sequence[float],
        cmax: Sequence[float],
        cstep: Sequence[float] | None = None,
        crossval: int = 5,
        plotflag: bool = False,
        maxdepth: int = 8,
        searchlog: str = "gridsearch_results.txt",
        **params: Any,
    ) -> None:
        self.problem, self.targets = problem, targets
        self.cmin, self.cmax = np.asarray(cmin, dtype=float), np.asarray(cmax, dtype=float)
        self.cstep = np.array([2.0, 2.0]) if cstep is None else np.asarray(cstep, dtype=float)
        self.crossval, self.maxdepth, self.searchlog = crossval, maxdepth, searchlog
        self.plotflag = plotflag
        self.params = {"kernel_type": _KERNELS["RBF"]}
        self.setParams(**params)

    def setParams(self, **kwargs: Any) -> None:
        """Set libsvm parameters that remain fixed during the search."""
        _optionString(kwargs)
        self.params.update(kwargs)

    def calculate_jobs(self) -> Any:
        """Return the (log2 C, log2 gamma) points of the grid."""
        axes = [
            np.arange(*bounds)
            for bounds in zip(self.cmin, self.cmax + self.cstep / 2, self.cstep, strict=True)
        ]
        return [(c, g) for c in axes[0].tolist() for g in axes[1].tolist()]

    def _performance(self, point: Any) -> Any:
        options = _optionString({**self.params, "C": 2.0 ** point[0], "gamma": 2.0 ** point[1]})
        return _libsvm().svm_train(self.targets, self.problem, f"{options} -v {self.crossval}")

    def _best(self, points: Any) -> Any:
        results = {tuple(point): self._performance(point) for point in points}
        if self.searchlog:
            with Path(self.searchlog).open("a") as log:
                log.writelines(f"{c:g} {g:g} {rate:g}\n" for (c, g), rate in results.items())
        return max(results, key=lambda point: results[point])

    def search(self) -> Any:
        """Return the best parameters, {'C': ..., 'gamma': ...}."""
        best = self._best(self.calculate_jobs())
        return {"C": 2.0 ** best[0], "gamma": 2.0 ** best[1]}


class GridSearchDOE(GridSearch):
    """Evaluates nine points at a time, and halves the range around the best point each time.

    Source: Staelin, Parameter selection for support vector machines (2003).
    """

    def refineGrid(self, centre: Any, width: Any) -> Any:
        """Return the nine points around a centre, clipped to the range.

        Args:
            centre: (log2 C, log2 gamma) of the centre.
            width: extent of the square of points, (log2 C, log2 gamma).
        """
        steps = [np.array([c, g]) * width / 2 for c in (-1, 0, 1) for g in (-1, 0, 1)]
        return [tuple(np.clip(centre + step, self.cmin, self.cmax).tolist()) for step in steps]

    def search(self) -> Any:
        """Return the best parameters, {'C': ..., 'gamma': ...}."""
        centre, width = (self.cmin + self.cmax) / 2, self.cmax - self.cmin
        for _ in range(self.maxdepth):
            centre = np.array(self._best(set(self.refineGrid(centre, width))))
            width = width / 2
        return {"C": 2.0 ** float(centre[0]), "gamma": 2.0 ** float(centre[1])}
