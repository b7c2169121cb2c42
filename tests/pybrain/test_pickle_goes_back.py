"""Pickles written here refer only to PyBrain's classes and stable NumPy names, and have PyBrain's state.

The genuine PyBrain is not at hand in the tests. In its place stand empty classes, as PyBrain's take their state
without any method of their own, and the recorded pickles say which attributes there have to be.
"""

from __future__ import annotations

import copy
import io
import pickle
import threading
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from pybrain.datasets import SupervisedDataSet
from pybrain.structure import (
    BidirectionalNetwork,
    FeedForwardNetwork,
    FullConnection,
    GateLayer,
    IdentityConnection,
    KohonenMap,
    LinearLayer,
    LSTMLayer,
    NeuronDecomposableNetwork,
    SigmoidLayer,
)
from pybrain.structure.evolvables.cheaplycopiable import CheaplyCopiable
from pybrain.structure.evolvables.maskedmodule import MaskedModule
from pybrain.structure.modules.evolinonetwork import EvolinoNetwork
from pybrain.structure.networks.convolutional import SimpleConvolutionalNetwork
from pybrain.structure.networks.custom.capturegame import CaptureGameNetwork
from pybrain.structure.networks.multidimensional import MultiDimensionalLSTM
from pybrain.structure.networks.rbm import Rbm
from pybrain.tools.shortcuts import buildNetwork

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
RECORDED = sorted(FIXTURES.glob("networks/*/net.p2.pkl"))
OBJECTS = [
    FIXTURES / "objects" / f"{name}.p2.pkl"
    for name in ("bernoulli", "cheaplycopiable", "evolino", "kohonen", "maskedmodule", "rbm", "single_layer")
]
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)

# All that a pickle may name besides pybrain.structure: the same in NumPy 1.16 and NumPy 2, and in Python 3.
LASTING = {
    "numpy ndarray",
    "numpy dtype",
    "builtins set",
    "__builtin__ set",
    "__builtin__ bytes",
    "__builtin__ object",
    "copy_reg _reconstructor",
    "_codecs encode",
}


class StandIn:
    """An object of a PyBrain class, reduced to its attributes."""


STAND_INS = {}  # (module, name) -> a class of that name


class PlainUnpickler(pickle.Unpickler):
    """An unpickler that replaces PyBrain's classes and records the other names of a pickle."""

    def __init__(self, data):
        super().__init__(io.BytesIO(data))
        self.foreign = set()

    def find_class(self, module, name):
        if not module.startswith("pybrain.structure."):
            self.foreign.add(f"{module} {name}")
            return super().find_class(module, name)
        return STAND_INS.setdefault((module, name), type(name, (StandIn,), {"__module__": module}))


def plain(data):
    return PlainUnpickler(data).load()


def attributes(obj):
    """Return the sets of attribute names of all objects inside ``obj``, by class name."""
    found, seen, queue = defaultdict(set), set(), [obj]
    while queue:
        item = queue.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, StandIn):
            found[type(item).__name__].add(frozenset(vars(item)))
            queue.extend(vars(item).values())
        elif isinstance(item, dict):
            queue.extend([*item, *item.values()])
        elif isinstance(item, (list, tuple, set)):
            queue.extend(item)
    return found


@pytest.mark.parametrize("path", [*RECORDED, *OBJECTS], ids=lambda p: f"{p.parent.name}-{p.name}")
def test_a_recorded_network_keeps_its_state(path):
    original = path.read_bytes()
    wanted = attributes(plain(original))
    obj = pickle.loads(original)
    for protocol in PROTOCOLS:
        data = pickle.dumps(obj, protocol)
        unpickler = PlainUnpickler(data)
        assert attributes(unpickler.load()) == wanted
        assert unpickler.foreign <= LASTING


def recorded_attributes():
    found = defaultdict(set)
    for path in [*RECORDED, *OBJECTS]:
        for name, sets in attributes(plain(path.read_bytes())).items():
            found[name] |= sets
    return found


def mixed():
    net = FeedForwardNetwork(name="mixed")
    inputs, gate, outputs = LinearLayer(4, name="in"), GateLayer(2, name="g"), SigmoidLayer(2, name="out")
    net.addInputModule(inputs)
    net.addModule(gate)
    net.addOutputModule(outputs)
    net.addConnection(IdentityConnection(inputs, gate, name="i"))
    net.addConnection(FullConnection(gate, outputs, name="f"))
    net.sortModules()
    return net


FRESH = {
    "built": lambda: buildNetwork(2, 3, 1),
    "lstm": lambda: buildNetwork(2, 3, 1, hiddenclass=LSTMLayer),
    "lstm with peepholes": lambda: buildNetwork(2, 3, 1, hiddenclass=LSTMLayer, peepholes=True),
    "gate": mixed,
    "bidirectional": lambda: BidirectionalNetwork(seqlen=3, inputsize=2, hiddensize=2),
    "convolutional": lambda: SimpleConvolutionalNetwork(1, 4, 2, 3),
    "multidimensional": lambda: MultiDimensionalLSTM((2, 2), hsize=2),
    "capture game": lambda: CaptureGameNetwork(size=2, hsize=2),
    "decomposable": lambda: NeuronDecomposableNetwork.convertNormalNetwork(buildNetwork(2, 3, 1, bias=False)),
    "kohonen": lambda: KohonenMap(3, 4),
    "boltzmann machine": lambda: Rbm.fromDims(3, 2),
    "evolino": lambda: EvolinoNetwork(2, 4),
    "cheaply copiable": lambda: CheaplyCopiable(buildNetwork(2, 3, 1)),
    "masked": lambda: MaskedModule(buildNetwork(2, 3, 1)),
}


@pytest.mark.parametrize("make", FRESH.values(), ids=FRESH.keys())
def test_a_new_network_has_the_attributes_that_pybrain_reads(make):
    known = recorded_attributes()
    found = attributes(plain(pickle.dumps(make(), 2)))
    for name, sets in found.items():
        optional = {"argdict", "owner", "maxoffset"}
        needed = frozenset.intersection(*known[name]) - optional
        allowed = frozenset.union(*known[name]) | optional
        for keys in sets:
            assert needed <= keys <= allowed, name


def test_arrays_load_as_ordinary_writable_arrays():
    net = plain(pickle.dumps(buildNetwork(2, 3, 1), 2))
    assert type(net._params) is np.ndarray
    assert net._params.dtype == np.float64
    net._params[0] = 3.0


def test_numpy_scalars_become_python_numbers_and_extra_attributes_are_kept():
    net = buildNetwork(np.int64(2), np.int64(3), 1)
    net.scale = {"mean": np.array([1.0, 2.0]), "n": np.float32(0.5), "names": ["a", "b"]}
    loaded = pickle.loads(pickle.dumps(net))
    assert loaded.scale["mean"].tolist() == [1.0, 2.0]
    assert type(loaded.scale["n"]) is float
    assert loaded.scale["names"] == ["a", "b"]


def test_shared_containers_stay_shared():
    net = buildNetwork(1, 1)
    shared = ["x"]
    net.one, net.other = shared, shared
    loaded = pickle.loads(pickle.dumps(net))
    assert loaded.one is loaded.other


def test_caches_and_locks_are_not_pickled():
    net = buildNetwork(2, 3, 1, selfrecurrent=True)
    net.activate([1, 2])
    net.backActivate([1])
    loaded = plain(pickle.dumps(net, 2))
    assert not [name for name in vars(loaded) if name in ("_compiled", "_linked", "_wentBack")]


@pytest.mark.parametrize("start", ["connection", "module", "list", "dictionary"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_may_start_at_any_part_of_a_network(start, protocol):
    net = buildNetwork(2, 3, 1)
    parts = {
        "connection": net.connections[net["in"]][0],
        "module": [net["hidden0"], net],
        "list": net.connections[net["in"]],
        "dictionary": [net.connections, net],
    }
    part = pickle.loads(pickle.dumps(parts[start], protocol))
    loaded = part.owner if start == "connection" else part[0].owner if start == "list" else part[1]
    np.testing.assert_array_equal(loaded.activate([1, 2]), net.activate([1, 2]))
    loaded.params[:] = 0.5
    assert all((c.params == 0.5).all() for m in loaded.modules for c in loaded.connections[m])


def test_an_unpickled_network_trains():
    net = pickle.loads(pickle.dumps(buildNetwork(2, 3, 1)))
    net.activate([1, 2])
    net.backActivate([1.0])
    assert np.count_nonzero(net.derivs) == net.paramdim
    net.params[:] = 0.0
    assert net.activate([1, 2]).tolist() == [0.0]


def test_derivatives_survive_pickling_and_copying():
    net = buildNetwork(2, 3, 1)
    net.activate([1, 2])
    net.backActivate([1.0])
    assert pickle.loads(pickle.dumps(net)).derivs.tolist() == net.derivs.tolist()
    assert net.copy().derivs.tolist() == net.derivs.tolist()


def test_connection_arrays_take_precedence_in_an_inconsistent_file():
    folder = FIXTURES / "networks" / "odd_desynced"
    recorded = plain((folder / "net.p2.pkl").read_bytes())
    net = pickle.loads((folder / "net.p2.pkl").read_bytes())
    assert net.params.tolist() != recorded._params.tolist()
    assert net.params.tolist() == np.concatenate([c.params for c in net._containers()]).tolist()


def test_a_deep_copy_of_several_networks_keeps_them_separate():
    nets = [buildNetwork(2, 3, 1), buildNetwork(2, 3, 1)]
    copies = copy.deepcopy(nets)
    copies[0].params[:] = 0
    assert copies[1].params.tolist() == nets[1].params.tolist()
    assert nets[0].activate([1, 2]).tolist() != [0.0]


def test_a_shallow_copy_shares_everything():
    net = buildNetwork(2, 3, 1)
    other = copy.copy(net)
    net.params[:] = 0.25
    np.testing.assert_array_equal(other.activate([1, 2]), net.activate([1, 2]))


def test_files_of_python_2_load_with_latin1():
    data = (FIXTURES / "networks_py27" / "bn_4_8_2" / "net.p2.pkl").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        pickle.loads(data)
    assert pickle.loads(data, encoding="latin1").paramdim == 58


def test_classes_of_the_fork_are_the_same_objects():
    import pybrain3.structure.modules.linearlayer

    assert pybrain3.structure.modules.linearlayer.LinearLayer is LinearLayer
    assert b"pybrain3" not in pickle.dumps(pybrain3.structure.modules.linearlayer.LinearLayer(2))


@pytest.mark.parametrize(
    "name", ["data.csv", "data.dat", "data.ds", "data.p", "data", "data.pkl", "data.xyz"]
)
def test_a_data_set_is_saved_as_a_pickle_whatever_the_extension(name, tmp_path):
    data = SupervisedDataSet(2, 1)
    data.addSample([1, 2], [3])
    data.saveToFile(str(tmp_path / name))
    again = SupervisedDataSet.loadFromFile(str(tmp_path / name))
    assert again["input"].tolist() == [[1, 2]]
    assert pickle.loads((tmp_path / name).read_bytes())["target"].tolist() == [[3]]


def test_an_unknown_format_is_refused_and_the_file_is_not_changed(tmp_path):
    file = tmp_path / "n.xyz"
    file.write_text("content")
    with pytest.raises(ValueError, match=r"cannot save format 'xyz'; expected pickle"):
        SupervisedDataSet(2, 1).saveToFile(file, "xyz")
    assert file.read_text() == "content"


def test_lazy_linking_is_thread_safe():
    data = pickle.dumps(buildNetwork(2, 3, 1).connections)
    for _ in range(20):
        net = next(c for outgoing in pickle.loads(data).values() for c in outgoing).owner
        start = threading.Barrier(4)

        def use(net=net, start=start):
            start.wait()
            net.activate([1, 2])

        threads = [threading.Thread(target=use) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        net.params[:] = 0.0
        assert net.activate([1, 2]).tolist() == [0.0]


def test_files_without_a_list_of_buffers_are_read():
    net = buildNetwork(2, 3, 1)
    expected = net.activate([1, 2]).tolist()
    state = net.__getstate__() if hasattr(net, "__getstate__") else vars(net)
    for part in net.modules:
        kept = {key: value for key, value in vars(part).items() if key != "bufferlist"}
        vars(part).clear()
        part.__setstate__(kept)
    vars(net).clear()
    net.__setstate__({key: value for key, value in state.items() if key != "bufferlist"})
    net.reset()
    assert net.activate([1, 2]).tolist() == expected
