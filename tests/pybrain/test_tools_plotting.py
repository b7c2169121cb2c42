"""Plots; the plotted values are computed and tested without matplotlib."""

import importlib.util
import sys

import numpy as np
import pytest

from pybrain.datasets import SupervisedDataSet
from pybrain.structure import FullConnection, LinearLayer, RecurrentNetwork
from pybrain.tools.plotting.ciaoplot import CiaoPlot
from pybrain.tools.plotting.fitnessprogression import _bestSoFar
from pybrain.tools.plotting.network import (
    drawDecisionSurface,
    drawNetwork,
    networkLayout,
    pyplot,
    surface,
)
from pybrain.tools.plotting.quickvariations import _combinations
from pybrain.tools.shortcuts import buildNetwork

needs_matplotlib = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="matplotlib is not installed"
)


@pytest.fixture
def net():
    np.random.seed(1)
    return buildNetwork(2, 3, 2)


def test_layers_are_drawn_in_columns_from_input_to_output(net):
    places = networkLayout(net)
    columns = {module.name: place[0] for module, place in places.items()}
    assert columns == {"in": 0, "bias": 0.5, "hidden0": 1, "out": 2}
    assert len(set(places.values())) == 4


def test_a_surface_holds_the_outputs_of_the_network(net):
    x, y, answers = surface(net, (-1, 1), (0, 4), steps=5)
    assert answers.shape == (5, 5, 2)
    np.testing.assert_allclose(answers[3, 1], net.activate([x[1], y[3]]))


def test_other_inputs_can_be_fixed():
    net = buildNetwork(3, 2, 1)
    x, y, answers = surface(net, (0, 1), (0, 1), steps=3, others=[7, 8, 9], columns=(0, 2))
    np.testing.assert_allclose(answers[2, 0], net.activate([x[0], 8, y[2]]))


def test_a_surface_requires_two_inputs():
    with pytest.raises(ValueError, match="drawing over a plane needs two inputs; the network has 3"):
        drawDecisionSurface(buildNetwork(3, 1))


def test_without_matplotlib_the_error_gives_advice(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="plotting needs matplotlib: pip install matplotlib"):
        pyplot()


def test_the_best_fitness_so_far_is_monotonic():
    assert _bestSoFar([3, 5, 1, 2], True, 0).tolist() == [[3, 3, 1, 1]]
    assert _bestSoFar([[3, 5, 1], [1, 2]], False, 0).tolist() == [[3, 5], [1, 2]]
    assert _bestSoFar([[1.0, 1e-20]], True, 1e-10).tolist() == [[1.0, 1e-10]]


def test_options_are_combined():
    assert _combinations({"a": [1, 2], "b": [3]}) == [{"a": 1, "b": 3}, {"a": 2, "b": 3}]
    assert CiaoPlot.generateData(lambda one, other: one - other, [1, 2], [1]).tolist() == [[0], [1]]


@pytest.mark.slow
@needs_matplotlib
def test_networks_and_surfaces_are_drawn(net, tmp_path):
    import matplotlib

    matplotlib.use("Agg")
    recurrent = RecurrentNetwork()
    layer = LinearLayer(1, name="loop")
    recurrent.addInputModule(layer)
    recurrent.addOutputModule(layer)
    recurrent.addRecurrentConnection(FullConnection(layer, layer))
    recurrent.sortModules()
    for one in (net, recurrent):
        axes = drawNetwork(one)
        assert len(axes.texts) >= len(one.modules)
    dataset = SupervisedDataSet(np.random.randn(9, 2), np.eye(2)[[0, 1, 0, 1, 0, 1, 0, 1, 0]])
    axes = drawDecisionSurface(net, dataset, steps=10)
    axes.figure.savefig(tmp_path / "surface.png")
    assert (tmp_path / "surface.png").stat().st_size > 1000
    drawDecisionSurface(buildNetwork(2, 2, 1), output=0, steps=5)
    matplotlib.pyplot.close("all")
