"""Backprop and rprop give the numbers of PyBrain's trainers."""

import json
import pickle
import random
from pathlib import Path

import numpy as np
import pytest

from pybrain.datasets import SupervisedDataSet
from pybrain.structure import SoftmaxLayer, TanhLayer
from pybrain.supervised.trainers import BackpropTrainer, RPropMinusTrainer, backprop
from pybrain.tools.shortcuts import buildNetwork
from training.trainers import TrainerOptions, make_trainer
from training.trainers.order import VisitingOrder

RUNS = Path(__file__).resolve().parents[2] / "fixtures" / "training"
OPTION = {"learningrate": "learning_rate", "momentum": "momentum", "weightdecay": "weight_decay"}
EPOCHS = 5


def recorded_runs():
    """Return the runs of genuine PyBrain that these trainers can repeat."""
    for path in sorted(RUNS.glob("*__*.json")):
        run = json.loads(path.read_text())
        known = set(run["kwargs"]) <= {*OPTION, "batchlearning"}
        if known and run["net"] == "FeedForwardNetwork" and run["dataset"]["cls"] == "SupervisedDataSet":
            yield pytest.param(run, id=path.stem)


def options_of(run):
    options = {OPTION[name]: value for name, value in run["kwargs"].items() if name in OPTION}
    if run["kwargs"].get("batchlearning"):
        options["batch_size"] = len(run["dataset"]["fields"]["input"])
    return TrainerOptions(**options)


def test_most_recorded_runs_are_reproducible():
    assert len(list(recorded_runs())) >= 12


@pytest.mark.parametrize("run", list(recorded_runs()))
def test_a_run_of_the_original_pybrain_is_reproduced(run, monkeypatch):
    with (RUNS / f"{run['name']}__{run['mode']}.initial.p2.pkl").open("rb") as file:
        network = pickle.load(file, encoding="latin1")
    inputs, targets = (np.array(run["dataset"]["fields"][name]) for name in ("input", "target"))
    orders = iter(run["permutations"] or [list(range(len(inputs)))] * len(run["epochs"]))
    monkeypatch.setattr(VisitingOrder, "next", lambda self: np.array(next(orders)))
    name = {"BackpropTrainer": "backprop", "RPropMinusTrainer": "rprop"}[run["trainer"]]
    trainer = make_trainer(name, network, inputs, targets, options_of(run), seed=0)
    for recorded in run["epochs"]:
        assert trainer.train_epoch() == pytest.approx(recorded["error"], rel=0, abs=1e-9)
        np.testing.assert_allclose(network.params, recorded["params"], rtol=0, atol=1e-9)


def two_alike():
    generator = np.random.default_rng(3)
    network = buildNetwork(4, 8, 3, hiddenclass=TanhLayer, outclass=SoftmaxLayer)
    network.params[:] = generator.normal(size=network.paramdim) * 0.3
    inputs = generator.normal(size=(60, 4))
    return network, network.copy(), inputs, np.eye(3)[generator.integers(0, 3, 60)]


@pytest.mark.parametrize(
    ("options", "theirs"),
    [
        (TrainerOptions(), {}),
        (
            TrainerOptions(learning_rate=0.05, momentum=0.9),
            {"learningrate": 0.05, "momentum": 0.9},
        ),
        (TrainerOptions(weight_decay=0.01), {"weightdecay": 0.01}),
        (TrainerOptions(batch_size=60, momentum=0.5), {"batchlearning": True, "momentum": 0.5}),
    ],
)
def test_backprop_is_bit_identical_to_the_library(options, theirs, monkeypatch):
    ours, reference, inputs, targets = two_alike()
    trainer = make_trainer("backprop", ours, inputs, targets, options, seed=7)
    orders = VisitingOrder(60, True, 7)

    def same_order(order):
        order[:] = orders.next().tolist()

    monkeypatch.setattr(backprop, "shuffle", same_order)
    library = BackpropTrainer(reference, SupervisedDataSet(inputs, targets), **theirs)
    for _ in range(EPOCHS):
        assert trainer.train_epoch() == library.train()
        assert ours.params.tobytes() == reference.params.tobytes()


@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_rprop_is_bit_identical_to_the_library(decay):
    ours, reference, inputs, targets = two_alike()
    trainer = make_trainer("rprop", ours, inputs, targets, TrainerOptions(weight_decay=decay), seed=7)
    library = RPropMinusTrainer(reference, dataset=SupervisedDataSet(inputs, targets), weightdecay=decay)
    for _ in range(EPOCHS):
        assert trainer.train_epoch() == library.train()
        assert ours.params.tobytes() == reference.params.tobytes()


def test_without_shuffling_the_rows_are_visited_in_order():
    ours, reference, inputs, targets = two_alike()
    trainer = make_trainer("backprop", ours, inputs, targets, TrainerOptions(shuffle=False), seed=7)
    trainer.train_epoch()
    for row, target in zip(inputs, targets, strict=True):
        reference.resetDerivatives()
        reference.backActivate(target - reference.activate(row))
        reference.params[:] += 0.01 * reference.derivs
    np.testing.assert_allclose(ours.params, reference.params, rtol=0, atol=1e-14)


def test_the_global_random_generators_are_not_used():
    ours, _, inputs, targets = two_alike()
    trainer = make_trainer("backprop", ours, inputs, targets, TrainerOptions(), seed=7)
    before = random.getstate(), np.random.get_state()[1].tobytes()
    trainer.train_epoch()
    assert (random.getstate(), np.random.get_state()[1].tobytes()) == before
