"""Networks that share layers or connections: the encoder of an autoencoder, a mother in two networks."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from pybrain.datasets import SupervisedDataSet
from pybrain.structure import (
    FeedForwardNetwork,
    FullConnection,
    IdentityConnection,
    LinearLayer,
    LSTMLayer,
    MotherConnection,
    RecurrentNetwork,
    SharedFullConnection,
)
from pybrain.supervised.trainers import BackpropTrainer
from pybrain.tools.shortcuts import buildNetwork


def part_of(net, first, last):
    """Return a network of one connection of another network."""
    part = FeedForwardNetwork()
    part.addInputModule(net[first])
    part.addOutputModule(net[last])
    part.addConnection(net.connections[net[first]][0])
    part.sortModules()
    return part


@pytest.fixture
def autoencoder():
    net = buildNetwork(3, 2, 3, bias=False)
    return net, part_of(net, "in", "hidden0"), part_of(net, "hidden0", "out")


def outputs(net, encoder, decoder):
    x = [0.5, -1.0, 2.0]
    return [one.tolist() for one in (net.activate(x), encoder.activate(x), decoder.activate([0.1, 0.2]))]


def test_parts_of_a_network_compute_with_its_weights(autoencoder):
    net, encoder, decoder = autoencoder
    net.params[:] = np.arange(12) / 10
    weights = {c.outmod.name: c.params.copy() for m in net.modules for c in net.connections[m]}
    hidden = 1 / (1 + np.exp(-weights["hidden0"].reshape(2, 3) @ [0.5, -1.0, 2.0]))
    whole, code, _ = outputs(*autoencoder)
    np.testing.assert_allclose(code, hidden, rtol=1e-14)
    np.testing.assert_allclose(whole, weights["out"].reshape(3, 2) @ hidden, rtol=1e-14)
    assert sorted([*encoder.params, *decoder.params]) == sorted(net.params)


def test_training_the_whole_network_trains_its_parts_and_vice_versa(autoencoder):
    net, encoder, _ = autoencoder
    data = SupervisedDataSet(3, 3)
    data.addSample([1, 2, 3], [1, 0, 1])
    alone = pickle.loads(pickle.dumps(net))
    for network in (net, alone):
        trainer = BackpropTrainer(network, data, learningrate=0.1, momentum=0.5)
        for _ in range(3):
            trainer.train()
            if network is net:
                outputs(*autoencoder)
                assert encoder.params.shape == (6,)
    np.testing.assert_array_equal(net.params, alone.params)
    np.testing.assert_array_equal(encoder.params, net.connections[net["in"]][0].params)
    codes = SupervisedDataSet(3, 2)
    codes.addSample([1, 2, 3], [0.0, 1.0])
    before = net.activate([1, 2, 3]).tolist()
    BackpropTrainer(encoder, codes, learningrate=0.5).trainEpochs(5)
    assert net.activate([1, 2, 3]).tolist() != before
    assert sorted(net.params) == sorted([*encoder.params, *autoencoder[2].params])


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda nets: pickle.loads(pickle.dumps(nets))])
def test_networks_that_share_parts_are_copied_together(autoencoder, duplicate):
    expected = outputs(*autoencoder)
    again = duplicate(autoencoder)
    assert outputs(*again) == expected
    again[1].params[:] = 0.0
    assert outputs(*again)[1] == [0.5, 0.5]
    assert outputs(*again) != expected
    assert outputs(*autoencoder) == expected


def test_a_part_is_copied_and_pickled_alone(autoencoder):
    expected = outputs(*autoencoder)[1]
    for duplicate in (autoencoder[1].copy(), pickle.loads(pickle.dumps(autoencoder[1]))):
        assert duplicate.activate([0.5, -1.0, 2.0]).tolist() == expected


def test_a_mother_and_a_layer_with_parameters_may_be_in_two_networks():
    mother, layer = MotherConnection(2, name="m"), LSTMLayer(1, peepholes=True, name="l")
    shared, recurrent = [], []
    for _ in range(2):
        net = FeedForwardNetwork()
        inputs, result = LinearLayer(1, name="a"), LinearLayer(2, name="b")
        net.addInputModule(inputs)
        net.addOutputModule(result)
        net.addConnection(SharedFullConnection(mother, inputs, result))
        net.sortModules()
        shared.append(net)
        loop = RecurrentNetwork()
        gates = LinearLayer(4, name="a")
        loop.addInputModule(gates)
        loop.addOutputModule(layer)
        loop.addConnection(IdentityConnection(gates, layer))
        loop.sortModules()
        recurrent.append(loop)
    for net, values in zip([*shared, *shared], ([1, 2], [3, 4], [5, 6], [7, 8]), strict=True):
        net.params[:] = values
        assert [one.activate([1.0]).tolist() for one in shared] == [values, values]
    layer.params[:] = [0.1, 0.2, 0.3]
    first, second = (one.activate([1, 1, 1, 1]).tolist() for one in recurrent)
    assert first == second
    assert [one.params.tolist() for one in recurrent] == [[0.1, 0.2, 0.3]] * 2


def test_parameters_of_a_part_cannot_be_replaced_from_outside(autoencoder):
    connection = next(iter(autoencoder[0].connections[autoencoder[0]["in"]]))
    assert isinstance(connection, FullConnection)
    with pytest.raises(Exception, match="Parameter ownership mismatch"):
        connection._setParameters(np.zeros(6))
