"""Networks pickled by PyBrain before 0.3: one class ``Network``, whose modules are a sorted list."""

import copyreg
import io
import pickle
import pickletools

import numpy as np
import pytest

from pybrain.structure import FeedForwardNetwork, FullConnection, RecurrentNetwork
from pybrain.structure.evolvables.cheaplycopiable import CheaplyCopiable
from pybrain.structure.modules.module import Module
from pybrain.structure.networks.network import Network
from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime import load_knowledge

RECONSTRUCT = copyreg.__dict__["_reconstructor"]  # what pickles of protocol 0 call
ROWS = np.array([[0.1, 0.2, 0.3], [-0.4, 0.5, 0.6], [1.0, -1.0, 0.5]])


class OldPickler(pickle.Pickler):
    """Writes the states of networks and modules as PyBrain did before 0.3."""

    def reducer_override(self, obj):
        if isinstance(obj, Network):
            state = obj.__getstate__()
            state["modules"] = state.pop("modulesSorted")
            state["sequential"] = isinstance(obj, RecurrentNetwork)
            state.setdefault("recurrentConns", [])
            for later in ("bufferlist", "maxoffset", "forget", "_Network__offset"):
                state.pop(later, None)
            return RECONSTRUCT, (Network, object, None), state | {"seqlen": 61, "time": 61}
        if isinstance(obj, Module) and not isinstance(obj, CheaplyCopiable):
            state = obj.__getstate__()
            for later in ("bufferlist", "offset"):
                state.pop(later, None)
            return RECONSTRUCT, (type(obj), object, None), state | {"seqlen": 61, "time": 61}
        return NotImplemented


def pickled(obj) -> bytes:
    file = io.BytesIO()
    OldPickler(file, 0).dump(obj)
    return file.getvalue()


def network(recurrent: bool, bias: bool):
    np.random.seed(5)
    net = buildNetwork(3, 3, 1, bias=bias, recurrent=recurrent)
    if recurrent:
        net.addRecurrentConnection(FullConnection(net["hidden0"], net["hidden0"], name="rec"))
        net.sortModules()
    return net


def outputs(net) -> list[float]:
    net.reset()
    return [float(net.activate(row)) for row in ROWS]


@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_a_network_of_the_old_class_is_computed_in_the_order_of_its_list(recurrent, bias, tmp_path):
    net = network(recurrent, bias)
    data = pickled(net)
    assert "modulesSorted" not in {argument for _, argument, _ in pickletools.genops(data)}

    again = pickle.loads(data)
    assert type(again) is (RecurrentNetwork if recurrent else FeedForwardNetwork)
    assert outputs(again) == outputs(net)
    assert again.params.tolist() == net.params.tolist()
    assert outputs(pickle.loads(pickle.dumps(again))) == outputs(net)

    (tmp_path / "net.pkl").write_bytes(data)
    knowledge = load_knowledge(tmp_path / "net.pkl")
    assert knowledge.kind == type(again).__name__
    np.testing.assert_allclose(knowledge.activate(ROWS).ravel(), outputs(net), rtol=1e-12)


def test_a_copiable_network_beside_other_values_uses_its_own_parameters(tmp_path):
    wrapped = CheaplyCopiable(network(recurrent=True, bias=True))
    wrapped._params = np.linspace(-2, 2, wrapped.paramdim)
    (tmp_path / "net.pkl").write_bytes(pickled({"net": wrapped, "allfits": [4.0, 11.0]}))

    again = pickle.loads((tmp_path / "net.pkl").read_bytes())["net"]
    assert outputs(again) == outputs(wrapped)
    found = load_knowledge(tmp_path / "net.pkl").activate(ROWS).ravel()
    np.testing.assert_allclose(found, outputs(wrapped), rtol=1e-12)


def test_an_unsorted_network_of_the_old_class_is_sorted_before_use():
    net = network(recurrent=False, bias=True)
    expected = outputs(net)
    net.sorted = False
    again = pickle.loads(pickled(net))
    again.sortModules()
    assert outputs(again) == expected
