"""Gradient descent rules, one step at a time."""

import numpy as np
import pytest

from pybrain.auxiliary import GradientDescent
from pybrain.auxiliary.gradientdescent import IRpropPlus, NaturalGradient


def test_a_step_follows_the_gradient():
    descent = GradientDescent()
    descent.alpha, descent.momentum, descent.alphadecay = 0.1, 0.5, 0.9
    descent.init([1.0, 2.0])
    assert descent([1.0, -1.0]).tolist() == pytest.approx([1.1, 1.9])
    assert descent.alpha == pytest.approx(0.09)
    assert descent([0.0, 0.0]).tolist() == pytest.approx([1.15, 1.85])


def test_initial_values_are_copied():
    values = np.zeros(2)
    descent = GradientDescent()
    descent.init(values)
    descent([1.0, 1.0])
    assert values.tolist() == [0, 0]


def test_a_gradient_of_another_size_is_refused():
    descent = GradientDescent()
    descent.init([1.0])
    with pytest.raises(ValueError, match="the gradient has 2 entries, the values have 1"):
        descent([1.0, 2.0])


def test_rprop_adapts_step_sizes_after_the_update():
    descent = GradientDescent()
    descent.rprop = True
    descent.init([0.0])
    taken = [float(descent([gradient])[0]) for gradient in (5.0, 5.0, 0.1, -0.1, -0.1, -0.1)]
    steps = np.diff([0.0, *taken]).tolist()
    # The step against the last sign is still taken at its old size; the next one has half of it.
    assert steps == pytest.approx([0.1, 0.1, 0.12, -0.144, -0.072, -0.072])


def test_rprop_steps_stay_between_their_bounds():
    descent = GradientDescent()
    descent.rprop = True
    descent.deltamin, descent.deltamax = 0.01, 0.2
    descent.init(np.zeros(2))
    for number in range(30):
        descent([1.0, (-1.0) ** number])
    assert descent.rprop_theta[0] == 0.2
    assert descent.rprop_theta[1] >= 0.01


def test_irprop_converges_to_a_maximum():
    descent = IRpropPlus()
    descent.init([3.0, -2.0])
    target = np.array([1.0, 1.0])
    for _ in range(300):
        difference = target - descent.values
        descent(difference, float(difference @ difference))
    np.testing.assert_allclose(descent.values, target, atol=0.01)


@pytest.mark.slow
def test_the_natural_gradient_is_independent_of_scale():
    """Gradients of log N(x; mean, deviation 0.1): the plain ones are a hundred times too steep."""
    generator = np.random.RandomState(1)
    descent = NaturalGradient(50)
    descent.alpha = 0.01
    descent.init([1.0])
    for sample in generator.normal(0.5, 0.1, 2000):
        descent((sample - descent.values) / 0.1**2)
    assert descent.values[0] == pytest.approx(0.5, abs=0.03)


def test_irprop_reverts_a_step_only_if_the_error_increased():
    descent = IRpropPlus(bound=0.1)
    descent.init([0.0])
    descent([1.0], 1.0)
    assert descent([-1.0], 2.0)[0] == 0.0
    descent.init([0.0])
    descent([1.0], 1.0)
    assert descent([-1.0], 0.5)[0] == pytest.approx(0.1)


def test_the_descent_method_steps_like_a_call():
    one, other = GradientDescent(), GradientDescent()
    for descent in (one, other):
        descent.init([1.0, 2.0])
    assert one([1.0, -1.0]).tolist() == other.descent([1.0, -1.0]).tolist()
