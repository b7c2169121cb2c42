"""Recorded training runs of PyBrain are reproduced: parameters, errors, learning rates, orders, output."""

import itertools
import json
import pickle
import random
from pathlib import Path

import numpy as np
import pytest

import pybrain.datasets
from pybrain.datasets import flat
from pybrain.supervised.trainers import BackpropTrainer, RPropMinusTrainer, backprop, epoch
from pybrain.tools.shortcuts import buildNetwork

RUNS = Path(__file__).resolve().parent.parent / "fixtures" / "training"
TRAINERS = {"BackpropTrainer": BackpropTrainer, "RPropMinusTrainer": RPropMinusTrainer}
TOLERANCE = 1e-9


def dataset_of(description):
    """Build a data set sample by sample, as the recording did."""
    fields = description["fields"]
    dataset = getattr(pybrain.datasets, description["cls"])(description["indim"], description["outdim"])
    starts = {int(row[0]) for row in fields.get("sequence_index", [])}
    for index, sample in enumerate(zip(fields["input"], fields["target"], strict=True)):
        if index in starts:
            dataset.newSequence()
        dataset.addSample(*sample)
    return dataset


def layout(net):
    """Return name and size of each parameter container, in the order of net.params."""
    parts = [module for module in net.modulesSorted if module.paramdim]
    connections = [one for module in net.modulesSorted for one in net.connections[module]]
    parts += connections + getattr(net, "recurrentConns", [])
    return [(part.name, part.paramdim) for part in parts if part.paramdim]


@pytest.fixture(params=["arrays", "objects"])
def way(request, monkeypatch):
    """Run a test with training on flat arrays, and with training through the objects."""
    if request.param == "objects":
        for name in ("online", "accumulate"):
            monkeypatch.setattr(epoch, name, lambda trainer: None)
        monkeypatch.setattr(flat, "outputs", lambda module, dataset: None)
    return request.param


@pytest.mark.parametrize("name", sorted(path.stem for path in RUNS.glob("*__*.json")))
def test_a_recorded_training_run_is_reproduced_epoch_by_epoch(name, way, monkeypatch, capsys):
    run = json.loads((RUNS / f"{name}.json").read_text())
    with (RUNS / f"{name}.initial.p2.pkl").open("rb") as file:
        net = pickle.load(file, encoding="latin1")
    assert sorted(layout(net)) == sorted((part["name"], part["paramdim"]) for part in run["layout"])
    assert net.params.tolist() == run["params0"]
    orders = []

    def shuffled(order):
        if run["mode"] == "seeded":
            random.shuffle(order)
        orders.append(list(order))

    monkeypatch.setattr(backprop, "shuffle", shuffled)
    trainer = TRAINERS[run["trainer"]](net, dataset=dataset_of(run["dataset"]), **run["kwargs"])
    for number, recorded in enumerate(run["epochs"]):
        random.seed(5000 + number)
        error = trainer.train()
        assert error == pytest.approx(recorded["error"], rel=0, abs=TOLERANCE)
        assert trainer.descent.alpha == pytest.approx(recorded["alpha"], rel=0, abs=TOLERANCE)
        np.testing.assert_allclose(net.params, recorded["params"], rtol=0, atol=TOLERANCE)
    assert capsys.readouterr().out == run["stdout"]
    assert trainer.testOnData() == pytest.approx(run["final_testOnData"], rel=0, abs=TOLERANCE)
    net.reset()
    np.testing.assert_allclose(net.activate(run["probe_input"]), run["probe_output"], rtol=0, atol=TOLERANCE)
    if run["permutations"]:
        assert orders == run["permutations"]
    assert trainer.epoch == trainer.totalepochs == len(run["epochs"])


def network_with(params, error_of, wanted):
    """Build 2-3-1 with recorded parameters, whose layout was not recorded: try all orders of connections."""
    params = np.array(params)
    for order in itertools.permutations(range(4)):
        net = buildNetwork(2, 3, 1)
        parts = [one for module in net.modulesSorted for one in net.connections[module]]
        start = 0
        for index in order:
            parts[index].params[:] = params[start : start + parts[index].paramdim]
            start += parts[index].paramdim
        if abs(error_of(net) - wanted) < 1e-12:
            return net, np.concatenate([parts[index].params for index in order]), [parts[i] for i in order]
    raise AssertionError("no layout gives the recorded first validation error")


@pytest.mark.parametrize("number", [0, 1])
def test_recorded_training_until_convergence_is_reproduced(number):
    run = json.loads((RUNS / f"until_convergence_{number}.json").read_text())
    dataset = dataset_of(run["dataset"])

    def seed():
        random.seed(1)
        np.random.seed(1)

    def first_validation_error(net):
        seed()
        validation = dataset.splitWithProportion(1 - run["validationProportion"])[1]
        return BackpropTrainer(net, dataset).testOnData(validation)

    net, _, parts = network_with(run["params0"], first_validation_error, run["all_valid"][0])
    trainer = BackpropTrainer(net, dataset, **run["trainer_kwargs"])
    seed()
    names = ("maxEpochs", "continueEpochs", "validationProportion")
    trained, validated = trainer.trainUntilConvergence(**{name: run[name] for name in names})
    np.testing.assert_allclose(trained, run["train_errors"], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(validated, run["valid_errors"], rtol=0, atol=TOLERANCE)
    final = np.concatenate([part.params for part in parts])
    np.testing.assert_allclose(final, run["params"], rtol=0, atol=TOLERANCE)
    assert trainer.totalepochs == len(run["all_train"])
    assert trainer.ds is dataset


OLD_RUNS = RUNS.parent / "training_pybrain03"


@pytest.mark.parametrize("name", sorted(path.stem for path in OLD_RUNS.glob("*.json")))
def test_a_recorded_run_of_pybrain_0_3_is_reproduced(name, way, monkeypatch):
    run = json.loads((OLD_RUNS / f"{name}.json").read_text())
    parts = []
    for what in ("net", "data"):
        with (OLD_RUNS / f"{name}.{what}.p2.pkl").open("rb") as file:
            parts.append(pickle.load(file, encoding="latin1"))
    net, dataset = parts
    monkeypatch.setattr(backprop, "shuffle", lambda order: None)
    trainer = TRAINERS[run["trainer"]](net, dataset=dataset, **run["kwargs"])
    for recorded in run["epochs"]:
        assert trainer.train() == pytest.approx(recorded["error"], rel=0, abs=TOLERANCE)
        assert trainer.descent.alpha == pytest.approx(recorded["alpha"], rel=0, abs=TOLERANCE)
        np.testing.assert_allclose(net.params, recorded["params"], rtol=0, atol=TOLERANCE)
    assert trainer.testOnData() == pytest.approx(run["final_testOnData"], rel=0, abs=TOLERANCE)
