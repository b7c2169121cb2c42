"""The allow-list: the exact (module, name) pairs that a knowledge file may refer to.

A name is looked up in a table, and no Python object is imported because of a file.
"""

from __future__ import annotations

from collections.abc import Iterable

from pybrain_runtime.network.connections import CONNECTIONS
from pybrain_runtime.network.layers.registry import LAYERS

_STRUCTURE = "pybrain.structure"


def _by_module(folder: str, classes: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return the class names of each module of a folder of PyBrain's structure."""
    found: dict[str, tuple[str, ...]] = {}
    for module, name in classes:
        path = f"{_STRUCTURE}.{folder}.{module}"
        found[path] = (*found.get(path, ()), name)
    return found


_FAMILIES: dict[str, dict[str, tuple[str, ...]]] = {
    "network": {
        f"{_STRUCTURE}.networks.feedforward": ("FeedForwardNetwork",),
        f"{_STRUCTURE}.networks.recurrent": ("RecurrentNetwork",),
        f"{_STRUCTURE}.networks.network": ("Network",),
        f"{_STRUCTURE}.networks.bidirectional": ("BidirectionalNetwork",),
        f"{_STRUCTURE}.networks.swiping": ("SwipingNetwork",),
        f"{_STRUCTURE}.networks.borderswiping": ("BorderSwipingNetwork",),
        f"{_STRUCTURE}.networks.convolutional": ("SimpleConvolutionalNetwork",),
        f"{_STRUCTURE}.networks.multidimensional": ("MultiDimensionalRNN", "MultiDimensionalLSTM"),
        f"{_STRUCTURE}.networks.neurondecomposable": (
            "FeedForwardDecomposableNetwork",
            "RecurrentDecomposableNetwork",
        ),
        f"{_STRUCTURE}.networks.custom.capturegame": ("CaptureGameNetwork",),
        f"{_STRUCTURE}.networks.custom.convboard": ("ConvolutionalBoardNetwork",),
    },
    "module": _by_module("modules", ((kind.module, kind.name) for kind in LAYERS.values())),
    "connection": _by_module(
        "connections",
        [*((kind.module, kind.name) for kind in CONNECTIONS.values()), ("shared", "SharedConnection")],
    ),
    "mother": {f"{_STRUCTURE}.connections.shared": ("MotherConnection",)},
    "data set": {
        "pybrain.datasets.supervised": ("SupervisedDataSet",),
        "pybrain.datasets.sequential": ("SequentialDataSet",),
        "pybrain.datasets.classification": ("ClassificationDataSet", "SequenceClassificationDataSet"),
        "pybrain.datasets.importance": ("ImportanceDataSet",),
        "pybrain.datasets.unsupervised": ("UnsupervisedDataSet",),
        "pybrain.datasets.reinforcement": ("ReinforcementDataSet",),
    },
    "trainer": {
        "pybrain.supervised.trainers.backprop": ("BackpropTrainer",),
        "pybrain.supervised.trainers.rprop": ("RPropMinusTrainer",),
    },
    "wrapper": {
        f"{_STRUCTURE}.evolvables.cheaplycopiable": ("CheaplyCopiable",),
        f"{_STRUCTURE}.evolvables.maskedmodule": ("MaskedModule",),
        f"{_STRUCTURE}.evolvables.maskedparameters": ("MaskedParameters",),
        f"{_STRUCTURE}.networks.rbm": ("Rbm",),
    },
    # Objects beside a network: their attributes are numbers, arrays and strings.
    "scaler": {
        f"sklearn.preprocessing.{module}": ("StandardScaler", "MinMaxScaler") for module in ("_data", "data")
    },
    "part": {
        f"{_STRUCTURE}.modulemesh": ("ModuleMesh",),
        f"{_STRUCTURE}.moduleslice": ("ModuleSlice",),
        "pybrain.auxiliary.gradientdescent": ("GradientDescent",),
    },
}

_FUNCTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    # Role: its names in pickles written by Python 2 and 3, NumPy 1 and 2.
    "set": (("builtins", "set"), ("__builtin__", "set")),
    "frozenset": (("builtins", "frozenset"), ("__builtin__", "frozenset")),
    "object": (("builtins", "object"), ("__builtin__", "object")),
    "bytes": (("builtins", "bytes"), ("__builtin__", "bytes")),
    "reconstructor": (("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor")),
    "encode": (("_codecs", "encode"),),
    "ndarray": (("numpy", "ndarray"),),
    "dtype": (("numpy", "dtype"),),
    "array": (("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")),
    "scalar": (("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar")),
    "frombuffer": (("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer")),
}

_ORIGINS = {
    # Package of a refused name: description of its objects.
    "sklearn": "a scikit-learn model",
    "torch": "a PyTorch model",
    "tensorflow": "a TensorFlow model",
    "keras": "a Keras model",
    "xgboost": "an XGBoost model",
    "lightgbm": "a LightGBM model",
    "catboost": "a CatBoost model",
    "joblib": "a joblib file",
    "statsmodels": "a statsmodels result",
    "pandas": "a pandas object",
    "neurolab": "a neurolab network",
    "lasagne": "a Lasagne network",
    "theano": "a Theano object",
    "nolearn": "a nolearn model",
    "arac": "a network of PyBrain's arac extension",
}


class Global:
    """An entry of the allow-list.

    Attributes:
        module: its module; ``pybrain3`` is replaced by ``pybrain``.
        name: the class or function.
        family: ``network``, ``module``, ``connection``, ``mother``, ``data set``, ``trainer``, ``wrapper``,
            ``scaler``, ``part``, or ``function`` for names outside PyBrain.
        role: the class name, or for a function its key in ``Calls``.
    """

    __slots__ = ("family", "module", "name", "role")

    def __init__(self, module: str, name: str, family: str, role: str) -> None:
        self.module = module
        self.name = name
        self.family = family
        self.role = role

    @property
    def path(self) -> str:
        """Module and name, joined by a dot."""
        return f"{self.module}.{self.name}"

    def __repr__(self) -> str:
        return f"<name {self.path}>"


def _table() -> dict[tuple[str, str], Global]:
    table: dict[tuple[str, str], Global] = {}
    for family, modules in _FAMILIES.items():
        for module, names in modules.items():
            for name in names:
                entry = Global(module, name, family, name)
                table[module, name] = entry
                table["pybrain3" + module.removeprefix("pybrain"), name] = entry
    for role, spellings in _FUNCTIONS.items():
        for module, name in spellings:
            table[module, name] = Global(module, name, "function", role)
    return table


ALLOWED: dict[tuple[str, str], Global] = _table()
"""The entries by (module, name), as they are written in files."""


def class_entry(kind: str) -> Global:
    """Return the entry of a PyBrain class by its class name.

    Raises:
        KeyError: there is no such class.
    """
    for entry in ALLOWED.values():
        if entry.name == kind and entry.family != "function":
            return entry
    raise KeyError(kind)


def describe_origin(module: str) -> str:
    """Return a description of objects from a module, such as ``a PyTorch model``; an empty string if unknown."""
    return _ORIGINS.get(module.partition(".")[0], "")
