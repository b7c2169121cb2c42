"""What activate returns: an array that converts to a number if it has one element."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from pybrain.structure import LSTMLayer, SigmoidLayer
from pybrain.structure.modules.output import Output
from pybrain.tools.shortcuts import buildNetwork


@pytest.mark.parametrize("options", [{}, {"hiddenclass": LSTMLayer}])
def test_a_single_output_is_used_as_a_number(options):
    output = buildNetwork(2, 3, 1, outputbias=False, **options).activate([1, 2])
    value = output.tolist()[0]
    assert float(output) == value
    assert int(output * 1000) == int(value * 1000)
    template = "%4.1f %s"
    assert template % (output, "x") == f"{value:4.1f} x"
    assert f"{output:.3f}" == f"{value:.3f}"
    assert complex(output) == value


def test_several_outputs_cannot_be_used_as_a_number():
    output = SigmoidLayer(2).activate([0, 0])
    with pytest.raises(TypeError, match=r"with one element .* this has shape \(2,\)"):
        float(output)
    with pytest.raises(TypeError):
        f"{output:.1f}"


def test_an_output_is_an_array_and_prints_plain_numbers():
    output = SigmoidLayer(2).activate([0, 0])
    assert isinstance(output, np.ndarray)
    assert (repr(output), str(output)) == ("array([0.5, 0.5])", "[0.5 0.5]")
    assert (
        repr([output[0], output.sum(), *(2 * output), (output == 0.5).all()]) == "[0.5, 1.0, 1.0, 1.0, True]"
    )
    assert isinstance(output[0], np.float64)
    output[0] = 3
    assert output.tolist() == [3, 0.5]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_output_is_pickled_as_an_ordinary_array(protocol):
    output = SigmoidLayer(2).activate([0, 0])
    again = pickle.loads(pickle.dumps([output, output[0]], protocol))
    assert [type(one) for one in again] == [np.ndarray, float]
    assert b"pybrain" not in pickle.dumps([output, output[0]], protocol)


def test_results_computed_from_an_output_print_plain_numbers():
    output = np.array([0.25, 0.75]).view(Output)
    first, second = output
    computed = [
        first - 1,
        1 - first,
        2 * first,
        first / 2,
        1 / first,
        first**2,
        -first,
        abs(first),
        round(first, 1),
    ]
    assert str(computed) == "[-0.75, 0.75, 0.5, 0.125, 4.0, 0.0625, -0.25, 0.25, 0.2]"
    assert str([sum(output), output.mean(), np.mean(output), output.dot([1, 1]), first.round(1)]) == (
        "[1.0, 0.5, 0.5, 1.0, 0.2]"
    )
    assert str([output.argmax(), np.argmin(output), first < second, first == second]) == "[1, 0, True, False]"
    assert str(list(np.round(output, 1))) == "[0.2, 0.8]"
    assert (output.argmax(axis=0), output.reshape(1, 2).argmax(axis=1).tolist()) == (1, [1])
    assert {first: "found"}[0.25] == "found"
    assert (first * np.ones(2)).tolist() == [0.25, 0.25]
    assert first + 1j == 0.25 + 1j
