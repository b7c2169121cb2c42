"""Replacement rows and networks have the same format and clearly different predictions."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from evaluation.errors import CannotCheck
from evaluation.prediction.expected import compute_expected
from evaluation.prediction.replaced_stack import submission_with_files
from evaluation.prediction.replacement_rows import with_other_numbers
from evaluation.prediction.replacement_search import clearly_differ, find_replacement
from evaluation.prediction.replacement_weights import parameters_of, with_other_weights
from evaluation.prediction.rerun import (
    FIXED,
    FLOODED,
    FOLLOWS,
    MODEL,
    ROWS,
    SILENT,
    judge_rerun,
)
from evaluation.quotas import DEFAULT_LIMITS
from pybrain_runtime import load_knowledge
from tests.evaluation.submissions import copy_submission

pytestmark = pytest.mark.slow

FORMS = [
    "networks/bn_4_6_3_sigmoid_softmax/net.p0.pkl", "networks/bn_4_8_2/net.p2.pkl", "networks/bn_4_8_2/net.p4.pkl",
    "networks/bn_4_8_2/net.xml", "networks_numpy2/bn_4_8_2/net.p5.pkl", "networks_numpy2/bn_4_8_2/net.xml",
    "networks_py27/bn_4_8_2/net.p0.pkl", "networks_py27/bn_4_8_2/net.p1.pkl", "objects/wrap_gz.p2.pkl.gz",
    "objects/wrap_bz2.p2.pkl.bz2", "objects/params_list.p2.pkl", "objects/params_float32.p4.pkl",
]  # fmt: skip


@pytest.fixture
def made(fixtures, tmp_path):
    folder = fixtures / "default" / "iris"
    model, data = folder / "currentSolution.pkl", folder / "currentActivation.csv"
    return find_replacement(model, data, compute_expected(model, data).outputs, tmp_path, 11)


def lines_of(outputs, digits=4):
    return ["Model loaded", "Prediction: " + " ".join(f"{value:.{digits}f}" for value in outputs[0][0])]


@pytest.mark.parametrize("mean", [10, 1000, 5000])
def test_outputs_scaled_back_to_large_numbers_do_not_count_as_constant(fixtures, tmp_path, mean):
    """A hard-coded prediction does not pass just because all predictions are close to the mean of the card."""
    folder = fixtures / "default" / "course"
    for name in ("currentSolution.pkl", "currentActivation.csv"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    card = {"inputs": [{}], "outputs": [{"mean": mean, "scale": 1}]}
    (tmp_path / "currentSolution.card.json").write_text(json.dumps(card))
    model, data = tmp_path / "currentSolution.pkl", tmp_path / "currentActivation.csv"
    (tmp_path / "in").mkdir()
    made = find_replacement(model, data, compute_expected(model, data).outputs, tmp_path / "in", 5)
    assert made is not None and made.model
    assert judge_rerun(made, {}, lines_of(made.after)).outcome == FOLLOWS
    assert judge_rerun(made, {}, lines_of(made.before)).outcome == FIXED


@pytest.mark.parametrize("name", FORMS)
def test_every_network_format_is_rewritten_with_new_weights_of_the_same_shape(fixtures, tmp_path, name):
    path = fixtures / name
    if not path.exists():
        path = next(path.parent.parent.glob(f"*/{path.name}"))
    before = load_knowledge(path)
    weights = list(parameters_of(before.network))
    (tmp_path / path.name).write_bytes(with_other_weights(path.read_bytes(), weights, 5))
    after = load_knowledge(tmp_path / path.name)
    pairs = list(zip(weights, parameters_of(after.network), strict=True))
    assert all(a.shape == b.shape for a, b in pairs)
    assert all(((a != b) | (a == 0)).all() for a, b in pairs)
    assert (before.kind, before.names, before.format) == (after.kind, after.names, after.format)


def test_the_library_loads_the_replacement_and_predicts_the_same(fixtures, tmp_path):
    folder = fixtures / "default" / "course"
    model, data = folder / "currentSolution.pkl", folder / "currentActivation.csv"
    made = find_replacement(model, data, compute_expected(model, data).outputs, tmp_path, 3)
    network = pickle.loads(made.model)  # from our own fixture
    row = [float(cell) for cell in made.rows.decode().splitlines()[1].split(",")]
    np.testing.assert_allclose(network.activate(row[: network.indim]), made.after[0][0], rtol=1e-12)


def test_the_scaling_of_a_card_is_kept(fixtures, tmp_path, made):
    card = fixtures / "default" / "iris" / "currentSolution.card.json"
    assert (tmp_path / "currentSolution.card.json").read_bytes() == card.read_bytes()


def test_a_large_table_is_replaced(fixtures, tmp_path):
    folder = fixtures / "default" / "iris"
    model, data = folder / "currentSolution.pkl", tmp_path / "rows.csv"
    header, row = (folder / "currentActivation.csv").read_text("utf-8").splitlines()[:2]
    data.write_text("\n".join([header, *[row] * 100_000]) + "\n", encoding="utf-8")
    (tmp_path / "made").mkdir()
    made = find_replacement(model, data, compute_expected(model, data).outputs, tmp_path / "made", 11)
    assert made.model
    assert len(made.rows.splitlines()) == 2_000
    assert [len(outputs) for outputs in (*made.after, *made.old_rows, *made.before)] == [
        1_999,
        100_000,
        100_000,
    ]


def test_an_invalid_network_is_not_replaced():
    weights = [np.array([0.5, 0.25])]
    for content in (b"", b"\x80\x04", b"hello", b"\x1f\x8bxx", b"BZhxx", b"<xml>", pickle.dumps({"a": 0.1})):
        assert with_other_weights(content, weights, 1) == b""


def test_replacements_are_random_and_reproducible_by_seed(fixtures, tmp_path, made):
    folder = fixtures / "default" / "iris"
    model, data = folder / "currentSolution.pkl", folder / "currentActivation.csv"
    again = find_replacement(model, data, made.before, tmp_path, 11)
    other = find_replacement(model, data, made.before, tmp_path, 12)
    assert (again.rows, again.model) == (made.rows, made.model)
    assert other.rows != made.rows and other.model != made.model


def test_each_combination_of_old_and_new_files_predicts_differently(made):
    assert made.rows.splitlines()[0] == b"sepal_length,sepal_width,petal_length,petal_width"
    for one in (made.before, made.old_rows, made.old_model):
        assert clearly_differ(made.after, one)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("x,y\n0.25,1\n", r"x,y\n-?\d\.\d\d,-?\d\n"),
        ("x;y\r\n0,25;1,5\r\n", r"x;y\r\n\d,\d\d;\d,\d\d\r\n"),
        ("name,x\nann,0.50\n", r"name,x\nann,0\.\d\d\n"),
        ("1,0\n0,1\n", r"(-?\d,-?\d\n){2}"),
        ('"5.1"\t"x 1"\n', r'"\d\.\d\d"\t"x 1"\n'),
        ("3e-05\n", r"[\d.e-]+\n"),
        ("", ""),
        ("only words\n", "only words\n"),
        ("0.5,1.5\n\n \n", r"-?\d\.\d\d,\d\.\d\d\n\n \n"),
    ],
)
def test_replacement_rows_keep_their_form(text, form):
    import re

    for seed in range(20):
        assert re.fullmatch(form, with_other_numbers(text, seed)), with_other_numbers(text, seed)


def test_replacement_rows_are_in_the_ranges_of_their_columns():
    rows = "".join(f"{value / 10:.2f}\n" for value in range(10, 60))
    values = [float(line) for line in with_other_numbers(rows, 4).split()]
    assert min(values) >= 1.0 and max(values) <= 5.9


def test_a_prediction_that_follows_both_replacements_gets_points(made):
    seen = judge_rerun(made, {}, lines_of(made.after))
    assert (seen.outcome, seen.counts_against) == (FOLLOWS, False)
    assert seen.text.startswith("with other rows and another network, the prediction changes as expected")
    assert seen.chance < 1e-6


@pytest.mark.parametrize(
    ("part", "outcome", "words"),
    [
        ("before", FIXED, "the prediction is still the old one"),
        ("old_rows", ROWS, "follows the network but not the rows of container 1"),
        ("old_model", MODEL, "follows the rows but not the network of container 2"),
    ],
)
def test_a_prediction_that_ignores_a_replacement_gets_no_points(made, part, outcome, words):
    seen = judge_rerun(made, {}, lines_of(getattr(made, part)))
    assert (seen.outcome, seen.counts_against) == (outcome, True)
    assert words in seen.text


def test_the_old_prediction_beside_the_new_one_gets_no_points(made):
    seen = judge_rerun(made, {}, lines_of(made.before) + lines_of(made.after))
    assert seen.counts_against
    assert "the old prediction is shown beside the new one" in seen.text


def test_no_prediction_for_the_replaced_files_gets_no_points(made):
    """The program accepts only files with a fixed SHA-256 and exits otherwise."""
    seen = judge_rerun(made, {}, ["AssertionError: this is not my model"])
    assert (seen.outcome, seen.counts_against) == (SILENT, True)
    assert "AssertionError: this is not my model" in seen.text


def test_a_table_of_possible_predictions_gets_no_points(made):
    every = [
        f"Prediction: {a / 100:.2f} {b / 100:.2f} {1 - (a + b) / 100:.2f}"
        for a in range(101)
        for b in range(101 - a)
    ]
    seen = judge_rerun(made, {}, every)
    assert (seen.outcome, seen.counts_against) == (FLOODED, True)


def test_a_file_that_cannot_be_replaced_is_reported(made):
    alone = replace(made, rows=b"", old_rows=(), old_model=(), why_no_rows="the rows are what they are")
    seen = judge_rerun(alone, {}, lines_of(alone.after))
    assert seen.text.startswith("with another network, the prediction changes as expected")
    assert seen.text.endswith("; the rows are what they are")


def test_replacing_files_does_not_change_the_submission(submit, tmp_path):
    submission = copy_submission(str(submit()), tmp_path / "in", DEFAULT_LIMITS)
    name = "container1_activationbase/currentActivation.csv"
    own = submission.bytes(name)
    (tmp_path / "new").write_bytes(b"x,y\n9,9\n")
    other = submission_with_files(submission, {name: tmp_path / "new"}, tmp_path / "other", DEFAULT_LIMITS)
    assert other.bytes(name) == b"x,y\n9,9\n"
    assert submission.bytes(name) == own
    assert other.files == submission.files
    assert other.text("README.md") == submission.text("README.md")


def test_the_new_prediction_has_the_magnitude_of_the_old_one(fixtures, tmp_path):
    folder = fixtures / "default" / "course"
    model, data = folder / "currentSolution.pkl", folder / "currentActivation.csv"
    before = compute_expected(model, data).outputs
    for seed in range(6):
        made = find_replacement(model, data, before, tmp_path, seed)
        answer = float(made.after[0][0][0])
        assert abs(answer) >= 0.1
        assert judge_rerun(made, {}, [f"{answer:.2f} is the prediction"]).outcome == FOLLOWS


def test_a_file_reached_through_a_link_is_not_replaced(submit, tmp_path):
    folder = submit()
    canary = tmp_path / "canary"
    canary.mkdir()
    (canary / "currentActivation.csv").write_text("mine", encoding="utf-8")
    submission = copy_submission(str(folder), tmp_path / "in", DEFAULT_LIMITS)
    own = submission.root / "container1_activationbase"
    own.rename(submission.root / "elsewhere")
    own.symlink_to(canary)
    (tmp_path / "new").write_bytes(b"9,9\n")
    with pytest.raises(CannotCheck, match=r"currentActivation\.csv cannot be replaced"):
        submission_with_files(
            submission, {"container1_activationbase/currentActivation.csv": tmp_path / "new"},
            tmp_path / "other", DEFAULT_LIMITS,
        )  # fmt: skip
    assert (canary / "currentActivation.csv").read_text(encoding="utf-8") == "mine"


def simple_network(change):
    """Return a pickled 1-3-1 network of sigmoid layers, with `change` applied to each weight vector."""
    from pybrain.structure import FeedForwardNetwork, FullConnection, LinearLayer, SigmoidLayer

    network = FeedForwardNetwork()
    first, middle, last = (
        LinearLayer(1, name="in"),
        SigmoidLayer(3, name="hidden"),
        SigmoidLayer(1, name="out"),
    )
    network.addInputModule(first)
    network.addModule(middle)
    network.addOutputModule(last)
    for connection in (FullConnection(first, middle), FullConnection(middle, last)):
        network.addConnection(connection)
        connection.params[:] = change(connection.params)
    network.sortModules()
    return pickle.dumps(network, 2)


@pytest.mark.parametrize(
    "change",
    [lambda old: 0 * old, lambda old: 1e7 * (1 + abs(old)), lambda old: 0 * old + (old[0] > 0) * 1e5],
    ids=["zero", "endless", "all alike"],
)
def test_the_prediction_of_a_replacement_cannot_be_guessed(tmp_path, change):
    """A network with constant or saturated outputs is replaced by one with weights of moderate size."""
    model, data = tmp_path / "model.pkl", tmp_path / "rows.csv"
    model.write_bytes(simple_network(change))
    data.write_text("x,y\n0.0985,0.1536\n", encoding="utf-8")
    before = compute_expected(model, data).outputs
    (tmp_path / "new").mkdir()
    made = [find_replacement(model, data, before, tmp_path / "new", seed) for seed in range(6)]
    assert all(one is not None and one.model for one in made)
    answers = {round(float(one.after[0][0, 0]), 2) for one in made}
    assert len(answers) >= 4 and not answers & {0.0, 1.0}
    for one in made:
        network = pickle.loads(one.model)  # from our own fixture
        rows = (one.rows or data.read_bytes()).decode().splitlines()
        np.testing.assert_allclose(
            network.activate([float(rows[1].split(",")[0])]), one.after[0][0], rtol=1e-12
        )


def test_the_prediction_shows_whether_the_rows_or_the_network_were_used(submit, tmp_path):
    """For seed 33, a replacement was once chosen whose rows hardly changed the prediction of the old network."""
    folder = submit()
    model = folder / "container2_knowledgebase/currentSolution.pkl"
    data = folder / "container1_activationbase/currentActivation.csv"
    before = compute_expected(model, data).outputs
    (tmp_path / "new").mkdir()
    for seed in (33, 34, 35):
        replacement = find_replacement(model, data, before, tmp_path / "new", seed)
        assert replacement.rows and replacement.model
        assert replacement.old_rows and replacement.old_model


def test_rows_are_replaced_even_for_a_constant_network(tmp_path):
    """The replaced network shows whether the rows are read."""
    model, data = tmp_path / "model.pkl", tmp_path / "rows.csv"
    model.write_bytes(simple_network(lambda old: 0 * old + 40 * (1 + abs(old))))
    data.write_text("x\n0.5\n4.5\n", encoding="utf-8")
    before = compute_expected(model, data).outputs
    (tmp_path / "new").mkdir()
    made = [find_replacement(model, data, before, tmp_path / "new", seed) for seed in range(4)]
    assert any(one is not None and one.rows and one.model and not one.old_model for one in made)


@pytest.mark.parametrize(
    "text", ["0,1\n1,0\n" * 20, "0.1;x\n0.2;y\n" * 20, "0,5;1\n1,5;2\n" * 20, "255\n0\n" * 20]
)
def test_no_replacement_row_repeats_the_old_first_row(text):
    """The old prediction would be found in the new output of a correct program."""
    for seed in range(20):
        rows = with_other_numbers(text, seed).splitlines()
        assert len(rows) == len(text.splitlines())
        assert [float(row.split(";")[0].replace(",", ".")) if ";" in row else row for row in rows].count(
            float(text.split(";")[0].replace(",", ".")) if ";" in text else text.splitlines()[0]
        ) == 0


def test_many_rows_of_zeros_and_ones_are_replaced(tmp_path):
    model, data = tmp_path / "model.pkl", tmp_path / "rows.csv"
    vectors = iter(([3.0, -5.0, 2.0], [4.0, -6.0, 3.0]))
    model.write_bytes(simple_network(lambda old: next(vectors)))
    data.write_text("0\n1\n" * 20, encoding="utf-8")
    before = compute_expected(model, data).outputs
    (tmp_path / "new").mkdir()
    for seed in range(4):
        made = find_replacement(model, data, before, tmp_path / "new", seed)
        assert made is not None and made.rows and made.model
        old = [part[0][0] for part in (made.before, made.old_rows, made.old_model) if part]
        assert not any(np.allclose(row, first, rtol=1e-6) for row in made.after[0] for first in old)
