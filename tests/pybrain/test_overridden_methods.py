"""Methods that a program replaces, in a subclass or on one object, are called wherever PyBrain calls them."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest

from pybrain.datasets import SupervisedDataSet
from pybrain.structure import (
    FeedForwardNetwork,
    FullConnection,
    LinearLayer,
    RecurrentNetwork,
    SigmoidLayer,
    TanhLayer,
)
from pybrain.supervised.trainers import BackpropTrainer
from pybrain.tools.shortcuts import buildNetwork

DATA = SupervisedDataSet(1, 1)
DATA.addSample([1], [0])
DATA.addSample([2], [0])


class DoubledImplementation(FeedForwardNetwork):
    def _forwardImplementation(self, inbuf, outbuf):
        super()._forwardImplementation(inbuf, outbuf)
        outbuf *= 2


class DoubledForward(FeedForwardNetwork):
    def forward(self):
        super().forward()
        self.outputbuffer[self.offset] *= 2


class DoubledActivate(FeedForwardNetwork):
    def activate(self, inpt):
        return super().activate(inpt) * 2


class RecurrentDoubledImplementation(RecurrentNetwork):
    def _forwardImplementation(self, inbuf, outbuf):
        super()._forwardImplementation(inbuf, outbuf)
        outbuf *= 2


class RecurrentDoubledForward(RecurrentNetwork):
    def forward(self):
        step = self.offset
        super().forward()
        self.outputbuffer[step] *= 2


def tripling(kind=FeedForwardNetwork, layer=None, connection=FullConnection):
    """Return a network that multiplies by 3: one connection from one unit to another."""
    net = kind()
    inputs, outputs = LinearLayer(1, name="in"), layer or LinearLayer(1, name="out")
    net.addInputModule(inputs)
    net.addOutputModule(outputs)
    net.addConnection(connection(inputs, outputs))
    net.sortModules()
    net.params[:] = 3.0
    return net


NETWORKS = [
    DoubledImplementation,
    DoubledForward,
    DoubledActivate,
    RecurrentDoubledImplementation,
    RecurrentDoubledForward,
]


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_network_subclass_can_override_its_computation(kind):
    assert tripling(kind).activate([1]) == [6]
    assert tripling(kind).activateOnDataset(DATA).tolist() == [[6], [12]]
    assert pickle.loads(pickle.dumps(tripling(kind))).activate([1]) == [6]


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("batch", [False, True])
def test_a_subclass_of_a_network_trains_on_its_own_outputs(kind, batch):
    trainer = BackpropTrainer(tripling(kind), DATA, learningrate=0.0, batchlearning=batch)
    assert trainer.train() == trainer.testOnData(DATA) == 0.5 * (36 + 144) / 2


@pytest.mark.parametrize("kind", [kind for kind in NETWORKS if kind is not DoubledActivate])
def test_a_nested_network_can_override_its_computation(kind):
    inner, outer = tripling(kind), FeedForwardNetwork()
    outer.addInputModule(inner)
    outer.addOutputModule(inner)
    outer.sortModules()
    assert outer.activate([1]) == [6]


def _double_method(part, name="_forwardImplementation"):
    own = getattr(part, name)

    def doubled(inbuf, outbuf):
        own(inbuf, outbuf)
        outbuf *= 2

    setattr(part, name, doubled)


@pytest.mark.parametrize("kind", [FeedForwardNetwork, RecurrentNetwork])
@pytest.mark.parametrize("layer", [LinearLayer, TanhLayer])
@pytest.mark.parametrize("part", ["network", "layer"])
def test_a_method_replaced_on_one_object_is_called_and_can_be_restored(kind, layer, part):
    net = tripling(kind, layer(1, name="out"))
    before = net.activate([1]).tolist()
    replaced = net if part == "network" else net["out"]
    _double_method(replaced)
    net.reset()
    assert net.activate([1]).tolist() == [2 * before[0]]
    assert net.activateOnDataset(DATA)[0].tolist() == [2 * before[0]]
    trainer = BackpropTrainer(net, DATA, learningrate=0.0)
    assert trainer.train() == pytest.approx(trainer.testOnData(DATA), rel=1e-15)
    del replaced._forwardImplementation
    net.reset()
    assert net.activate([1]).tolist() == before


def test_forward_replaced_on_a_layer_is_called():
    net = tripling()
    layer = net["out"]

    def forward():
        LinearLayer.forward(layer)
        layer.outputbuffer[layer.offset] *= 2

    net.activate([1])
    layer.forward = forward
    assert net.activate([1]) == [6]


def test_activate_replaced_on_a_network_is_called_for_data_sets_and_training():
    net = tripling()
    net.activate = lambda inpt: FeedForwardNetwork.activate(net, inpt) * 2
    assert net.activateOnDataset(DATA).tolist() == [[6], [12]]
    assert BackpropTrainer(net, DATA, learningrate=0.0).train() == 0.5 * (36 + 144) / 2


@pytest.mark.parametrize("method", ["_forwardImplementation", "forward"])
def test_a_method_replaced_on_a_connection_is_called(method):
    net = tripling()
    connection = net.connections[net["in"]][0]
    own = getattr(connection, method)

    def doubled(*args):
        own(*args)
        own(*args)

    net.activate([1])
    setattr(connection, method, doubled)
    assert net.activate([1]) == [6]
    assert net.activateOnDataset(DATA).tolist() == [[6], [12]]


def test_a_custom_forward_method_of_a_recurrent_connection_is_called():
    class Doubled(FullConnection):
        def forward(self, inOffset=0, outOffset=0):
            super().forward(inOffset, outOffset)
            super().forward(inOffset, outOffset)

        def backward(self, inOffset=0, outOffset=0):
            super().backward(inOffset, outOffset)
            super().backward(inOffset, outOffset)

    outputs = []
    for connection, weight in ((Doubled, 0.5), (FullConnection, 1.0)):
        net = RecurrentNetwork()
        layer = SigmoidLayer(1, name="h")
        net.addInputModule(layer)
        net.addOutputModule(layer)
        net.addRecurrentConnection(connection(layer, layer))
        net.sortModules()
        net.params[:] = weight
        steps = [float(net.activate([x])) for x in (1.0, -1.0, 0.5)]
        outputs.append([*steps, *(float(net.backActivate([1.0])[0]) for _ in steps)])
    np.testing.assert_allclose(*outputs, rtol=1e-15)


def test_backward_implementations_of_subclasses_and_objects_are_called():
    class Sevenfold(SigmoidLayer):
        def _backwardImplementation(self, outerr, inerr, outbuf, inbuf):
            inerr[:] = 7 * outerr

    net = tripling(layer=Sevenfold(1))
    net.activate([1])
    assert net.backActivate([1]) == [21]
    net = tripling(layer=SigmoidLayer(1, name="out"))
    net.activate([1])
    net["out"]._backwardImplementation = lambda outerr, inerr, outbuf, inbuf: inerr.__iadd__(7 * outerr)
    net.activate([1])
    assert net.backActivate([1]) == [21]


def counting(calls, usual):
    def calcDerivs(trainer, sequence):
        calls.append(len(sequence))
        error, ponderation = usual(trainer, sequence)
        return 2 * error, ponderation

    return calcDerivs


@pytest.mark.parametrize("place", ["object", "subclass", "class"])
@pytest.mark.parametrize("batchlearning", [False, True])
def test_a_custom_trainer_error_is_used_wherever_it_is_defined(place, batchlearning, monkeypatch):
    np.random.seed(2)
    net, samples = buildNetwork(2, 3, 1), SupervisedDataSet(2, 1)
    for row in range(4):
        samples.addSample([row, 1], [row])
    usual = BackpropTrainer(net.copy(), samples, batchlearning=batchlearning)
    calls: list[int] = []
    own = counting(calls, BackpropTrainer._calcDerivs)
    kind = type("Own", (BackpropTrainer,), {"_calcDerivs": own}) if place == "subclass" else BackpropTrainer
    trainer = kind(net, samples, batchlearning=batchlearning)
    random.seed(1)
    expected = 2 * usual.train()
    if place == "object":
        trainer._calcDerivs = lambda sequence: own(trainer, sequence)
    elif place == "class":
        monkeypatch.setattr(BackpropTrainer, "_calcDerivs", own)
    random.seed(1)
    assert trainer.train() == pytest.approx(expected, rel=1e-12)
    assert calls == [1] * 4


def test_a_custom_descent_of_a_trainer_is_used():
    net, samples = buildNetwork(1, 1), SupervisedDataSet(1, 1)
    samples.addSample([1], [2])
    samples.addSample([2], [1])
    trainer, gradients = BackpropTrainer(net, samples), []
    before = net.params.copy()

    def descent(gradient, error=None):
        gradients.append((gradient.copy(), error))
        return net.params + 0.5 * gradient if len(gradients) == 1 else None

    trainer.descent = descent
    trainer.train()
    assert len(gradients) == 2
    assert all(error > 0 for _, error in gradients)
    np.testing.assert_allclose(net.params, before + 0.5 * gradients[0][0])


@pytest.mark.parametrize("on_class", [False, True])
def test_custom_sequences_of_a_data_set_are_trained_on(on_class, monkeypatch):
    net, samples = buildNetwork(1, 1), SupervisedDataSet(1, 1)
    samples.addSample([1], [2])
    trainer = BackpropTrainer(net, samples)
    other = [[(np.array([3.0]), np.array([1.0]))]]
    expected = 0.5 * (1.0 - float(net.activate([3]))) ** 2
    if on_class:
        monkeypatch.setattr(SupervisedDataSet, "_provideSequences", lambda _: iter(other))
    else:
        samples._provideSequences = lambda: iter(other)
    assert trainer.train() == pytest.approx(expected)
