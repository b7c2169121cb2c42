"""Containers that optimizers work on: copies, random values, masks."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest

from pybrain.structure.evolvables.cheaplycopiable import CheaplyCopiable
from pybrain.structure.evolvables.evolvable import Evolvable
from pybrain.structure.evolvables.maskedmodule import MaskedModule
from pybrain.structure.evolvables.maskedparameters import MaskedParameters
from pybrain.structure.evolvables.topology import TopologyEvolvable
from pybrain.structure.parametercontainer import ParameterContainer
from pybrain.tools.shortcuts import buildNetwork


def test_a_parameter_container_is_randomized_and_mutated():
    np.random.seed(1)
    container = ParameterContainer(2000, stdParams=2.0)
    assert container.params.std() == pytest.approx(2.0, rel=0.1)
    before = container.params.copy()
    container.mutate()
    assert (container.params - before).std() == pytest.approx(0.1, rel=0.1)
    assert len(container) == 2000
    similar = container.newSimilarInstance()
    assert similar.params.tolist() != container.params.tolist()
    assert ParameterContainer().params.tolist() == []


def test_a_method_that_a_subclass_must_implement_raises():
    with pytest.raises(NotImplementedError, match="must implement this method"):
        Evolvable().mutate()
    with pytest.raises(NotImplementedError):
        TopologyEvolvable(buildNetwork(1, 1)).topologyMutate()


def test_networks_are_randomized_and_mutated():
    net = buildNetwork(2, 3, 1)
    similar = net.newSimilarInstance()
    assert not np.isclose(similar.params, net.params).any()
    before = net.params.copy()
    net.mutate()
    assert 0 < np.abs(net.params - before).max() < 1
    assert net.connections[net["in"]][0].params.base is not None


def test_resetting_derivatives_removes_nan():
    net = buildNetwork(2, 1)
    net.derivs[:] = np.nan
    net.resetDerivatives()
    assert not net.derivs.any()


def test_cheap_copies_have_separate_parameters():
    net = buildNetwork(2, 3, 1)
    one = CheaplyCopiable(net)
    other = one.copy()
    y = one.activate([1, 2])
    other.params[:] = 0
    assert other.activate([1, 2]).tolist() == [0]
    assert one.activate([1, 2]).tolist() == y.tolist()
    assert one.getBase() is other.getBase() is net
    assert one.name == f"{net.name}-COPY"
    one.randomize()
    assert one.activate([1, 2]).tolist() != y.tolist()
    one.mutate()
    fast = one.convertToFastNetwork()
    assert fast is not net
    assert fast.activate([1, 2]).tolist() == one.activate([1, 2]).tolist()


def test_a_cheap_copy_can_be_trained_and_reset():
    one = CheaplyCopiable(buildNetwork(2, 3, 1, selfrecurrent=True))
    one.activate([1, 2])
    assert one.offset == 1
    assert one.sequential
    one.backActivate([1])
    assert one.derivs.any()
    assert one.outputbuffer.shape[1] == 1
    assert one.inputerror.shape[1] == 2
    one.resetDerivatives()
    assert not one.derivs.any()
    one.reset()
    assert one.activateOnDataset([([1, 2], None)]).shape == (1, 1)
    one.reset()
    one.forward()
    one.backward()


def test_a_mask_disables_parameters():
    np.random.seed(2)
    net = buildNetwork(2, 3, 1)
    random.seed(1)
    masked = MaskedParameters(net)
    assert masked.mask.astype(int).tolist() == [
        0,
        1,
        1,
        0,
        0,
        0,
        1,
        1,
        0,
        0,
        1,
        0,
        1,
    ]  # PyBrain's with this seed
    masked.maskableParams[:4] = [4, 3, 2, 1]
    masked.mask[:] = False
    masked.mask[:4] = True
    masked._applyMask()
    assert masked.params.tolist() == net.params[:4].tolist() == [4, 3, 2, 1]
    assert not net.params[4:].any()
    masked._setParameters([1, 2, 3, 4])
    assert net.params[:4].tolist() == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="4 parameters are on"):
        masked._setParameters([1])
    masked.returnZeros = True
    assert masked.params.tolist() == net.params.tolist()


def test_masks_respect_their_size_limit():
    np.random.seed(3)
    masked = MaskedParameters(buildNetwork(2, 3, 1), maxComplexity=5)
    for change in (masked.randomize, masked.topologyMutate, masked.mutate):
        for _ in range(20):
            change()
            assert 1 <= masked.paramdim <= 5
            assert np.count_nonzero(masked.pcontainer.params) <= 5
    with pytest.raises(TypeError, match=r"no option 'maxSize'; accepted: .*maxComplexity"):
        MaskedParameters(buildNetwork(1, 1), maxSize=5)


def test_a_masked_module_is_used_like_the_module():
    np.random.seed(4)
    net = buildNetwork(2, 3, 1)
    masked = MaskedModule(net)
    masked.randomize()
    assert masked.activate([1, 2]).tolist() == net.activate([1, 2]).tolist()
    assert (masked.indim, masked.outdim, masked.offset, masked.sequential) == (2, 1, 0, False)
    masked.backActivate([1])
    assert masked.derivs.any()
    masked.resetDerivatives()
    masked.reset()
    masked.forward()
    masked.backward()
    assert masked.activateOnDataset([([1, 2], None)]).shape == (1, 1)
    again = pickle.loads(pickle.dumps(masked))
    assert again.mask.tolist() == masked.mask.tolist()
    assert again.activate([1, 2]).tolist() == masked.activate([1, 2]).tolist()
    assert masked.copy().params.tolist() == masked.params.tolist()
    assert masked.newSimilarInstance().maskableParams.tolist() != masked.maskableParams.tolist()
