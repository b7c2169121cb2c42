"""Adam, against the formulas as they are printed."""

import numpy as np
import pytest

from pybrain.structure import LinearLayer, SoftmaxLayer
from pybrain.tools.shortcuts import buildNetwork
from training.errors import Diverged
from training.trainers import TrainerOptions, make_trainer
from training.trainers.order import VisitingOrder

ROWS = 50


def problem(outclass):
    generator = np.random.default_rng(5)
    network = buildNetwork(4, 6, 3, outclass=outclass)
    network.params[:] = generator.normal(size=network.paramdim) * 0.5
    return network, generator.normal(size=(ROWS, 4)), np.eye(3)[generator.integers(0, 3, ROWS)]


def derivatives(network, inputs, targets):
    """Return the gradient of the mean loss, by PyBrain's back-propagation."""
    network.resetDerivatives()
    outputs, trace = network.traceRows(inputs)
    network.backActivateRows(targets - outputs, trace)
    return -network.derivs / len(inputs), float(np.sum((targets - outputs) ** 2))


def is_bias(network):
    """Return which parameters belong to connections from the bias unit."""
    kept = network.params.copy()
    network.params[:] = 0.0
    for connection in network.connections[network["bias"]]:
        connection.params[:] = 1.0
    found = network.params == 1.0
    network.params[:] = kept
    return found


@pytest.mark.parametrize("outclass", [SoftmaxLayer, LinearLayer])
@pytest.mark.parametrize("size", [1, 8, 50, 1000])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_epochs_are_those_of_kingma_and_ba(outclass, size, decay):
    network, inputs, targets = problem(outclass)
    reference = network.copy()
    options = TrainerOptions(learning_rate=0.02, batch_size=size, weight_decay=decay)
    trainer = make_trainer("adam", network, inputs, targets, options, seed=3)
    order, decayed = VisitingOrder(ROWS, True, 3), ~is_bias(reference)
    m, v, t = np.zeros(reference.paramdim), np.zeros(reference.paramdim), 0
    for _ in range(4):
        rows, squared = order.next(), 0.0
        for start in range(0, ROWS, size):
            batch = rows[start : start + size]
            g, error = derivatives(reference, inputs[batch], targets[batch])
            squared += error
            t += 1
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g * g
            step = 0.02 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
            reference.params[:] -= 0.02 * decay * decayed * reference.params
            reference.params[:] -= step
        assert trainer.train_epoch() == pytest.approx(squared / 2 / targets.size, rel=1e-9)
        np.testing.assert_allclose(network.params, reference.params, rtol=1e-8, atol=1e-10)


def test_divergence_keeps_parameters_and_state():
    network, inputs, targets = problem(LinearLayer)
    trainer = make_trainer(
        "adam", network, inputs * 1e9, targets, TrainerOptions(learning_rate=1e160), seed=3
    )
    before, state = network.params.copy(), trainer.state_dict()
    with pytest.raises(Diverged) as caught:
        trainer.train_epoch()
    assert (caught.value.epoch, caught.value.learning_rate) == (1, 1e160)
    assert network.params.tobytes() == before.tobytes()
    after = trainer.state_dict()
    del state["random"], after["random"]
    np.testing.assert_equal(after, state)


def test_parameters_that_are_set_between_epochs_are_used():
    network, inputs, targets = problem(SoftmaxLayer)
    options = TrainerOptions(batch_size=ROWS)
    trainer = make_trainer("adam", network, inputs, targets, options, seed=3)
    first = trainer.train_epoch()
    network.params[:] = problem(SoftmaxLayer)[0].params
    assert trainer.train_epoch() == pytest.approx(first, rel=1e-12)


@pytest.mark.parametrize(
    ("outclass", "copies", "default"), [(SoftmaxLayer, 1, 0.2), (SoftmaxLayer, 8, 0.1), (LinearLayer, 1, 0.0)]
)
def test_the_default_weight_decay_of_a_classification_decreases_with_more_rows(outclass, copies, default):
    one, inputs, targets = problem(outclass)
    inputs, targets = np.tile(inputs, (copies, 1)), np.tile(targets, (copies, 1))
    other = one.copy()
    for network, options in ((one, TrainerOptions()), (other, TrainerOptions(weight_decay=default))):
        make_trainer("adam", network, inputs, targets, options, seed=3).train_epoch()
    assert one.params.tobytes() == other.params.tobytes()
