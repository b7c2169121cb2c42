"""L-BFGS: known minima, and the conditions of its line search."""

import numpy as np
import pytest

from pybrain.structure import LinearLayer, SoftmaxLayer, TanhLayer
from pybrain.tools.shortcuts import buildNetwork
from training.errors import Diverged
from training.trainers import TrainerOptions, make_trainer
from training.trainers.linesearch import CURVATURE, DECREASE, Point, wolfe_point


def rows(count=80):
    generator = np.random.default_rng(5)
    inputs = generator.normal(size=(count, 4))
    return inputs, inputs @ generator.normal(size=(4, 2)) + generator.normal(size=(count, 2))


def linear(inputs, targets, decay=0.0):
    """Return a linear network and its trainer."""
    network = buildNetwork(4, 2)
    options = TrainerOptions(weight_decay=decay)
    return network, make_trainer("lbfgs", network, inputs, targets, options, seed=0)


@pytest.mark.parametrize(
    ("count", "decay"),
    [
        pytest.param(80, 0.0, id="least squares"),
        pytest.param(80, 0.3, id="ridge regression"),
        pytest.param(9000, 0.0, id="more rows than are computed together"),
    ],
)
def test_a_linear_network_converges_to_the_known_minimum(count, decay):
    inputs, targets = rows(count)
    network, trainer = linear(inputs, targets, decay)
    for _ in range(30):
        trainer.train_epoch()
    design = np.hstack([inputs, np.ones((len(inputs), 1))])
    # The mean of half the squared errors plus half the decay times |W|^2; the bias is not penalized.
    penalty = decay * len(inputs) * np.diag([1.0, 1.0, 1.0, 1.0, 0.0])
    solution = np.linalg.solve(design.T @ design + penalty, design.T @ targets)
    np.testing.assert_allclose(network.activateRows(inputs), design @ solution, rtol=0, atol=1e-7)


def test_the_error_reaches_that_of_long_training_in_few_epochs():
    inputs, _ = rows()
    targets = np.eye(2)[(inputs[:, 0] * inputs[:, 1] > 0).astype(int)]
    network = buildNetwork(4, 8, 2, hiddenclass=TanhLayer, outclass=SoftmaxLayer)
    network.params[:] = np.random.default_rng(1).normal(size=network.paramdim)
    trainer = make_trainer("lbfgs", network, inputs, targets, TrainerOptions(), seed=0)
    errors = [trainer.train_epoch() for _ in range(60)]
    assert errors[-1] < 1e-3
    assert np.mean(network.activateRows(inputs).argmax(1) == targets.argmax(1)) == 1.0


def test_at_the_minimum_the_parameters_do_not_change():
    inputs, targets = rows()
    network, trainer = linear(inputs, targets)
    errors = [trainer.train_epoch() for _ in range(60)]
    before = network.params.copy()
    assert trainer.train_epoch() == errors[-1]
    np.testing.assert_allclose(network.params, before, rtol=0, atol=1e-9)


def test_rows_whose_loss_is_not_finite_are_an_error():
    inputs, targets = rows()
    network = buildNetwork(4, 3, 2, outclass=LinearLayer)
    before = network.params.copy()
    trainer = make_trainer("lbfgs", network, inputs, targets * 1e200, TrainerOptions(), seed=0)
    with pytest.raises(Diverged, match="diverged in epoch 1:") as caught:
        trainer.train_epoch()
    assert caught.value.learning_rate is None
    assert network.params.tobytes() == before.tobytes()


FUNCTIONS = {
    "quadratic": (lambda x: (x - 3.0) ** 2, lambda x: 2.0 * (x - 3.0)),
    "far away": (lambda x: (x - 3000.0) ** 2, lambda x: 2.0 * (x - 3000.0)),
    "near": (lambda x: (x - 1e-3) ** 2, lambda x: 2.0 * (x - 1e-3)),
    "waves": (lambda x: -x - np.sin(5 * x) + 0.1 * x * x, lambda x: -1 - 5 * np.cos(5 * x) + 0.2 * x),
    "wall": (lambda x: -x if x < 0.7 else np.inf, lambda x: -1.0 if x < 0.7 else np.nan),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_step_lowers_the_loss_enough(name):
    function, derivative = FUNCTIONS[name]

    def evaluate(step):
        nothing = np.zeros(1)
        return Point(step, function(step), derivative(step), nothing, nothing, 0.0)

    start = evaluate(0.0)
    found = wolfe_point(evaluate, start, 1.0)
    assert found.loss <= start.loss + DECREASE * found.step * start.slope
    if name in ("quadratic", "far away", "near"):
        assert abs(found.slope) <= CURVATURE * abs(start.slope)


def test_no_step_is_found_if_the_loss_only_increases():
    def evaluate(step):
        return Point(step, step, -1.0, np.zeros(1), np.zeros(1), 0.0)

    assert wolfe_point(evaluate, evaluate(0.0), 1.0) is None
