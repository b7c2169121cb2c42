"""What holds for every kind of trainer: resuming, seeds, bad rows, divergence."""

import copy
from dataclasses import fields

import numpy as np
import pytest

from pybrain.structure import LinearLayer, SoftmaxLayer
from pybrain.tools.shortcuts import buildNetwork
from training.errors import Diverged, OptionError, TrainingDataError
from training.options import TrainingOptions
from training.trainers import KINDS, TrainerOptions, make_trainer

pytestmark = pytest.mark.filterwarnings("error")
ROWS = 70


def rows_of_classes():
    generator = np.random.default_rng(5)
    inputs = generator.normal(size=(ROWS, 4))
    return inputs, np.eye(3)[(inputs[:, 0] > 0).astype(int) + (inputs[:, 1] > 0.5)]


def network_for(targets, seed=1, outclass=SoftmaxLayer):
    network = buildNetwork(4, 6, targets.shape[1], outclass=outclass)
    network.params[:] = np.random.default_rng(seed).normal(size=network.paramdim) * 0.3
    return network


@pytest.fixture(params=sorted(KINDS))
def name(request):
    return request.param


def test_the_error_is_lowered(name):
    inputs, targets = rows_of_classes()
    network = network_for(targets)
    trainer = make_trainer(name, network, inputs, targets, TrainerOptions(learning_rate=None), seed=1)
    errors = [trainer.train_epoch() for _ in range(40)]
    assert errors[-1] < 0.7 * errors[0]


def test_the_first_error_is_that_of_the_network_before_any_update(name):
    inputs, targets = rows_of_classes()
    network = network_for(targets)
    size = {} if "batch_size" not in KINDS[name].options else {"batch_size": ROWS}
    expected = np.mean((network.activateRows(inputs) - targets) ** 2) / 2
    trainer = make_trainer(name, network, inputs, targets, TrainerOptions(**size), seed=1)
    assert trainer.train_epoch() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("stop", [0, 1, 7])
def test_a_resumed_training_run_is_bit_identical(name, stop):
    inputs, targets = rows_of_classes()
    unbroken = network_for(targets)
    trainer = make_trainer(name, unbroken, inputs, targets, TrainerOptions(), seed=9)
    for _ in range(stop):
        trainer.train_epoch()
    state, params = copy.deepcopy(trainer.state_dict()), unbroken.params.copy()
    errors = [trainer.train_epoch() for _ in range(10)]

    resumed = network_for(targets, seed=2)
    other = make_trainer(name, resumed, inputs, targets, TrainerOptions(), seed=10)
    other.train_epoch()
    resumed.params[:] = params
    other.load_state_dict(state)
    assert [other.train_epoch() for _ in range(10)] == errors
    assert resumed.params.tobytes() == unbroken.params.tobytes()


def test_a_state_does_not_change_while_training_continues(name):
    inputs, targets = rows_of_classes()
    trainer = make_trainer(name, network_for(targets), inputs, targets, TrainerOptions(), seed=9)
    trainer.train_epoch()
    state = trainer.state_dict()
    kept = copy.deepcopy(state)
    trainer.train_epoch()
    trainer.load_state_dict(kept)
    np.testing.assert_equal(trainer.state_dict(), state)


def test_a_state_holds_arrays_numbers_and_text_only(name):
    inputs, targets = rows_of_classes()
    trainer = make_trainer(name, network_for(targets), inputs, targets, TrainerOptions(), seed=9)
    trainer.train_epoch()
    for value in trainer.state_dict().values():
        assert type(value) in (np.ndarray, float, int, str, list)
        if isinstance(value, list):
            assert all(type(entry) is str for entry in value)


@pytest.mark.parametrize(("seed", "alike"), [(3, True), (4, False)])
def test_the_seed_determines_the_bits(name, seed, alike):
    inputs, targets = rows_of_classes()
    results = []
    for one in (3, seed):
        network = network_for(targets)
        trainer = make_trainer(name, network, inputs, targets, TrainerOptions(), seed=one)
        trainer.train_epoch()
        trainer.train_epoch()
        results.append(network.params.tobytes())
    deterministic = "batch_size" not in KINDS[name].options
    assert (results[0] == results[1]) == (alike or deterministic)


def test_divergence_reports_epoch_and_learning_rate_and_keeps_the_parameters():
    inputs, targets = rows_of_classes()
    network = network_for(targets, outclass=LinearLayer)
    before = network.params.copy()
    trainer = make_trainer(
        "backprop", network, inputs * 1e3, targets, TrainerOptions(learning_rate=1e9), seed=1
    )
    with pytest.raises(Diverged, match=r"diverged in epoch 1 with the learning rate 1e\+09") as caught:
        trainer.train_epoch()
    assert (caught.value.epoch, caught.value.learning_rate, caught.value.status) == (1, 1e9, 65)
    assert network.params.tobytes() == before.tobytes()


def test_an_unknown_trainer_is_reported_with_the_available_ones():
    inputs, targets = rows_of_classes()
    with pytest.raises(OptionError, match="unknown trainer 'sgd'; expected one of backprop, rprop"):
        make_trainer("sgd", network_for(targets), inputs, targets, TrainerOptions(), seed=1)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("rprop", TrainerOptions(momentum=0.5), "momentum is not used by trainer rprop"),
        ("rprop", TrainerOptions(learning_rate=0.5), "learning rate is not used by trainer rprop"),
        (
            "backprop",
            TrainerOptions(batch_size=8),
            "must be 1 or at least the number of training rows, 70; found 8",
        ),
        (
            "backprop",
            TrainerOptions(batch_size=70, weight_decay=0.1),
            "does not support weight decay in batch learning",
        ),
    ],
)
def test_an_option_that_the_trainer_does_not_use_is_an_error(name, options, message):
    inputs, targets = rows_of_classes()
    with pytest.raises(OptionError, match=message) as caught:
        make_trainer(name, network_for(targets), inputs, targets, options, seed=1)
    assert caught.value.option in str(options)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"learning_rate": 0.0}, "the learning rate must be a positive number; found 0.0"),
        ({"learning_rate": float("nan")}, "the learning rate must be a positive number; found nan"),
        ({"momentum": 1.0}, "the momentum must be at least 0 and less than 1; found 1.0"),
        ({"weight_decay": -1.0}, "the weight decay must be a non-negative number; found -1.0"),
        ({"batch_size": 0}, "the batch size must be at least 1; found 0"),
    ],
)
def test_an_option_out_of_range_is_an_error(values, message):
    with pytest.raises(OptionError, match=message):
        TrainerOptions(**values)


def test_rows_that_do_not_fit_are_an_error(name):
    inputs, targets = rows_of_classes()
    network = network_for(targets)
    bad = inputs.copy()
    bad[3, 1] = np.nan
    for given, wanted, message in (
        (inputs[:0], targets[:0], "there are no training rows"),
        (inputs[:5], targets, "5 rows of inputs, but 70 rows of targets"),
        (inputs[:, :2], targets, r"expected inputs of shape \(rows, 4\) for the network; got \(70, 2\)"),
        (inputs, targets[:, :2], r"expected targets of shape \(rows, 3\) for the network; got \(70, 2\)"),
        (bad, targets, "training row 4, inputs column 2 is nan; expected a finite number"),
    ):
        with pytest.raises(TrainingDataError, match=message):
            make_trainer(name, network, given, wanted, TrainerOptions(), seed=1)


def test_the_option_offers_every_kind():
    field = next(field for field in fields(TrainingOptions) if field.name == "trainer")
    assert set(field.metadata["choices"]) == set(KINDS)


@pytest.mark.slow
def test_one_row_is_enough(name):
    inputs, targets = rows_of_classes()
    trainer = make_trainer(name, network_for(targets), inputs[:1], targets[:1], TrainerOptions(), seed=1)
    assert np.isfinite([trainer.train_epoch() for _ in range(3)]).all()
