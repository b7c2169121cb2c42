"""A prediction is recognised in any reasonable form, to the digits that are shown, and in no other."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from pipeline.evaluation.expected import expect
from pipeline.evaluation.figures import figures_in, shows
from pipeline.evaluation.prediction_seen import look_for_prediction
from pipeline.evaluation.volumes import Left

ROWS = np.array([[2.606846667975641e-05, 0.010714612876282928, 0.9892593186570373], [0.5, 0.25, 0.125]])
ONE = np.array([[0.20709255052]])


def look(expected, *lines, **files):
    shared = {
        name: Left(name, 1, 0.0, "file", content.encode())
        for name, content in ((".".join(key.rsplit("_", 1)), content) for key, content in files.items())
    }
    return look_for_prediction([expected], shared, lines)


@pytest.mark.parametrize(
    "line",
    [
        "Prediction: 0.2070925505",
        "Prediction: [0.20709255]",
        "✓ Prediction: 0.207",
        "prediction = 2.0709255e-01",
        "Output of the network -> [ 0.21]",
        "Vorhersage: 0.2071",
        "The result is 0.2071.",
        "0.20709255051999",
    ],
)
def test_one_number_is_recognised_as_it_is_printed(line):
    assert look(ONE, "loading", line).equal


@pytest.mark.parametrize(
    "line",
    [
        "Prediction: 0.3",
        "Prediction: 0.2",
        "Prediction: 0.2072",
        "accuracy 0.2071",
        "Prediction made",
        "0.21",
        "x0.2071",
    ],
)
def test_another_number_or_too_few_digits_are_no_prediction(line):
    assert not look(ONE, line).equal


def test_several_outputs_are_recognised_on_one_line_and_on_several():
    assert look(ROWS, "Prediction: 0.000026 (setosa), 0.010715 (versicolor), 0.989259 (virginica)").equal
    assert look(ROWS, "Prediction:", "[[2.60684667e-05", "  1.07146129e-02", "  9.89259319e-01]]").equal
    assert not look(ROWS, "Prediction: 0.989259, 0.010715, 0.000026").equal
    assert not look(ROWS, "Prediction: virginica").equal


def test_a_table_must_show_every_row_in_order():
    good = "a,b,c,d\n1,2.606846667975641e-05,0.010714612876282928,0.9892593186570373\n2,0.5,0.25,0.125\n"
    assert look(ROWS, prediction_csv=good).where == "shared_data/prediction.csv"
    assert look(ROWS, output_txt=good).equal
    head, first, second = good.splitlines()
    assert not look(ROWS, prediction_csv="\n".join([head, second, first])).equal
    assert not look(ROWS, prediction_csv="\n".join([head, first])).equal


@pytest.mark.parametrize(
    "document",
    [
        {"predictions": ROWS.tolist()},
        {"prediction": ROWS[0].tolist()},
        {"model": 3, "results": {"output": [round(v, 4) for v in ROWS[0].tolist()]}},
        ROWS.tolist(),
    ],
)
def test_a_document_is_recognised_by_what_its_keys_say(document):
    assert look(ROWS, prediction_json=json.dumps(document, indent=2)).equal


def test_a_document_that_only_claims_success_is_no_prediction():
    seen = look(ROWS, "ACTIVATION COMPLETE", "All predictions correct!", summary_json='{"status": "success"}')
    assert (seen.equal, seen.where) == (False, "")


def test_what_was_seen_instead_is_told():
    assert look(ONE, "Prediction: 0.9").shown == "Prediction: 0.9"
    assert look(ONE, prediction_csv="x,prediction\n1,0.9\n").shown == "x,prediction | 1,0.9"


def test_inputs_that_were_copied_are_no_prediction():
    assert not look(ONE, activation_data_csv="x\n0.20709255052\n").equal


def test_numbers_inside_words_are_none():
    assert [figure.value for figure in figures_in("v1.2.3 app07 x=-1.5e3, [7.] .5")] == [-1500.0, 7.0, 0.5]
    assert shows(figures_in("1 2.0 3.00"), [2.0, 3.0])
    assert not shows(figures_in("1 2 3.00"), [2.0, 3.0])
    assert not shows(figures_in("1"), [1.2])


def test_the_projects_own_network_answers_as_pybrain_recorded(fixtures):
    folder = fixtures / "default" / "iris"
    expected = expect(folder / "currentSolution.pkl", folder / "currentActivation.csv")
    recorded = np.loadtxt(folder / "expected_current.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(expected.outputs[0][0], recorded, rtol=1e-12)


def test_rows_with_other_columns_are_tried_as_the_first_and_the_last(fixtures, tmp_path):
    shutil.copy(fixtures / "default" / "course" / "currentSolution.pkl", tmp_path / "net.pkl")
    (tmp_path / "rows.csv").write_text("name,x,y,z\nann,0.1,0.2,0.3\n")
    expected = expect(tmp_path / "net.pkl", tmp_path / "rows.csv")
    assert len(expected.outputs) == 2


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"cos\nsystem\n(S'touch /tmp/x'\ntR.", "the safe runtime does not take net.pkl"),
        (b"", "the safe runtime does not"),
    ],
)
def test_a_model_that_is_none_is_not_executed(tmp_path, content, text):
    (tmp_path / "net.pkl").write_bytes(content)
    (tmp_path / "rows.csv").write_text("1\n")
    expected = expect(tmp_path / "net.pkl", tmp_path / "rows.csv")
    assert expected.outputs == ()
    assert text in expected.why_not
