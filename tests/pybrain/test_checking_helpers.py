"""pybrain.tests: gradients against finite differences, XML, and the examples of a module."""

from __future__ import annotations

import types

import numpy as np
import pytest

from pybrain.structure import FullConnection, LinearLayer, LSTMLayer, RecurrentNetwork, TanhLayer
from pybrain.tests import epsilonCheck, gradientCheck, runModuleTestSuite, xmlInvariance
from pybrain.tests.helpers import buildAppropriateDataset, netCompare, sortedProfiling
from pybrain.tools.shortcuts import buildNetwork


@pytest.mark.slow
@pytest.mark.parametrize("hiddenclass", [TanhLayer, LSTMLayer])
def test_a_correct_gradient_is_perfect(hiddenclass, capsys):
    net = buildNetwork(2, 3, 1, hiddenclass=hiddenclass)
    before = net.params.copy()
    assert gradientCheck(net)
    assert capsys.readouterr().out == "Perfect gradient\n"
    assert (net.params == before).all()


def test_a_wrong_gradient_is_reported(capsys):
    class Wrong(TanhLayer):
        def _backwardImplementation(self, outerr, inerr, outbuf, inbuf):
            inerr[:] = outerr

    assert not gradientCheck(buildNetwork(2, 3, 1, hiddenclass=Wrong))
    assert "Bad gradient: 9 of 13 parameters" in capsys.readouterr().out


def test_a_network_written_as_xml_is_the_same(capsys):
    net = RecurrentNetwork(name="cyc")
    layer = LinearLayer(2, name="a")
    net.addInputModule(layer)
    net.addOutputModule(layer)
    net.addRecurrentConnection(FullConnection(layer, layer, name="r"))
    net.sortModules()
    xmlInvariance(net, forwardpasses=3)
    assert capsys.readouterr().out == "Same representation\nSame function\nSame class\n"


def test_different_networks_are_distinguished(capsys):
    assert not netCompare(buildNetwork(2, 3, 1), buildNetwork(2, 3, 1), verbose=True)
    printed = capsys.readouterr().out
    assert "Different representation" in printed
    assert "Different function\nSame class\n" in printed


def test_data_sets_fit_their_module():
    assert buildAppropriateDataset(buildNetwork(2, 1)).getField("input").shape[1] == 2
    assert buildAppropriateDataset(buildNetwork(2, 1, recurrent=True)).getNumSequences() > 1


def test_small_numbers_are_detected_and_code_is_profiled(capsys):
    assert epsilonCheck(1e-7)
    assert not epsilonCheck(-1e-5)
    assert epsilonCheck(np.float64(0.5), 0.6) is True
    sortedProfiling("sum(range(10))")
    assert "function calls" in capsys.readouterr().out


def test_the_examples_of_a_module_are_run(capsys):
    module = types.ModuleType("examples", ">>> 1 + 1\n2\n>>> print('abc')\na...\n\n")
    assert runModuleTestSuite(module).wasSuccessful()
    module.__doc__ = ">>> 1 + 1\n3\n"
    assert not runModuleTestSuite(module).wasSuccessful()
    assert "FAIL" in capsys.readouterr().err
