"""A prediction is recognized in any reasonable form, at the precision of the shown digits."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from evaluation.prediction.expected import compute_expected
from evaluation.prediction.find_prediction import _predicted_numbers, find_prediction
from evaluation.prediction.printed_numbers import LOOK, parse_numbers, shows
from evaluation.sandbox.volumes import VolumeEntry

ROWS = np.array([[2.606846667975641e-05, 0.010714612876282928, 0.9892593186570373], [0.5, 0.25, 0.125]])
ONE = np.array([[0.20709255052]])


def look(expected, *lines, **files):
    shared = {
        name: VolumeEntry(name, 1, 0.0, "file", content.encode())
        for name, content in ((".".join(key.rsplit("_", 1)), content) for key, content in files.items())
    }
    return find_prediction([expected], shared, lines)


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
        "[0.0985] -> [0.2071]",
        "y_hat = 0.2071",
        "0.207",
        "[0.2071]",
        "array([[0.2071]], dtype=float32)",
        "tf.Tensor([[2.071e-01]], shape=(1, 1), dtype=float32)",
        "0,2071",
        "20.7 %",
    ],
)
def test_one_number_is_recognised_in_common_notations(line):
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
        "[0.21]",
        "[0.3]",
        "x0.2071",
        "loss: 0.2071",
    ],
)
def test_another_number_or_too_few_digits_do_not_match(line):
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
def test_a_json_document_is_recognised_by_its_keys(document):
    assert look(ROWS, prediction_json=json.dumps(document, indent=2)).equal


def test_a_json_document_that_only_claims_success_does_not_match():
    seen = look(ROWS, "ACTIVATION COMPLETE", "All predictions correct!", summary_json='{"status": "success"}')
    assert (seen.equal, seen.where) == (False, "")


def test_a_different_shown_value_is_reported():
    assert look(ONE, "Prediction: 0.9").shown == "Prediction: 0.9"
    assert look(ONE, prediction_csv="x,prediction\n1,0.9\n").shown == "x,prediction | 1,0.9"


def test_copied_inputs_are_not_a_prediction():
    assert not look(ONE, activation_data_csv="x\n0.20709255052\n").equal


def test_numbers_inside_words_are_ignored():
    assert [figure.value for figure in parse_numbers("v1.2.3 app07 x=-1.5e3, [7.] .5")] == [-1500.0, 7.0, 0.5]
    assert shows(parse_numbers("1 2.0 3.00"), [2.0, 3.0])
    assert not shows(parse_numbers("1 2 3.00"), [2.0, 3.0])
    assert not shows(parse_numbers("1"), [1.2])


def test_the_projects_own_network_reproduces_the_recorded_outputs(fixtures):
    folder = fixtures / "default" / "iris"
    expected = compute_expected(folder / "currentSolution.pkl", folder / "currentActivation.csv")
    recorded = np.loadtxt(folder / "expected_current.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(expected.outputs[0][0], recorded, rtol=1e-12)


def test_the_first_and_the_last_columns_are_tried_as_inputs(fixtures, tmp_path):
    shutil.copy(fixtures / "default" / "course" / "currentSolution.pkl", tmp_path / "net.pkl")
    (tmp_path / "rows.csv").write_text("name,x,y,z\nann,0.1,0.2,0.3\n")
    expected = compute_expected(tmp_path / "net.pkl", tmp_path / "rows.csv")
    assert len(expected.outputs) == 2


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"cos\nsystem\n(S'touch /tmp/x'\ntR.", "the safe runtime cannot load net.pkl"),
        (b"", "the safe runtime cannot load"),
    ],
)
def test_an_invalid_model_is_not_executed(tmp_path, content, text):
    (tmp_path / "net.pkl").write_bytes(content)
    (tmp_path / "rows.csv").write_text("1\n")
    expected = compute_expected(tmp_path / "net.pkl", tmp_path / "rows.csv")
    assert expected.outputs == ()
    assert text in expected.why_not


IRIS = ROWS[:1]


@pytest.mark.parametrize(
    ("expected", "lines"),
    [
        (np.array([[0.9812]]), ["0.98 is the prediction"]),
        (np.array([[0.0107]]), ["Vorhersage: 0,0107"]),
        (np.array([[0.9893]]), ["Prediction: 98.93 %"]),
        (np.array([[98.93]]), ["Prediction: 98.93 %"]),
        (IRIS, ["Vorhersage: 0,00; 0,01; 0,99"]),
        (IRIS, ["Prediction: 0.00 0.01 0.99"]),
        (IRIS, ["Prediction: [0.   0.01 0.99]"]),
        (IRIS, ["Prediction: [2.6068e-05, 1.0715e-02, 9.8926e-01]"]),
        (IRIS, ["Prediction: setosa 0.00 %, versicolor 1.07 %, virginica 98.93 %"]),
        (IRIS, ["class 1: 0.000, class 2: 0.011, class 3: 0.989 <- prediction"]),
        (IRIS, ["Prognose:", "   setosa  versicolor  virginica", "0  0.000026  0.010715  0.989259"]),
        (IRIS, ["Prediction: [[2.60684667e-05", "  1.07146129e-02", "  9.89259319e-01]]"]),
        (np.array([[0.6012, 0.391, 0.0078]]), ["Prediction: [0.6, 0.39, 0.01]"]),
        (np.array([[1234.4]]), ["Die Vorhersage ist 1234,4 Euro."]),
    ],
)  # fmt: skip
def test_common_forms_of_a_prediction_are_recognised(expected, lines):
    assert look(expected, "Model loaded: 4 inputs, 3 outputs", *lines).equal


def test_files_in_common_forms_are_recognised():
    assert look(np.array([[0.0107]]), prediction_csv="x;y;prediction\n0,5;1,25;0,0107\n").equal
    assert look(ONE, prediction_json='{"prediction": "0.2071"}').equal
    assert look(ONE, prediction_json='{"value": 0.2071}').equal
    assert look(
        IRIS, result_json='{"classes": {"setosa": 2.6e-05, "versicolor": 0.0107, "virginica": 0.9893}}'
    ).equal


def test_many_rows_printed_with_their_inputs_are_recognised():
    number = np.random.default_rng(3)
    inputs, outputs = number.uniform(0, 8, (150, 4)), number.dirichlet([1, 1, 1], 150)
    lines = [
        f"Row {place}: inputs {np.round(row, 1)} -> prediction {np.round(answer, 2)}"
        for place, (row, answer) in enumerate(zip(inputs, outputs, strict=True), 1)
    ]
    assert look(outputs, *lines).equal
    table = "\n".join(
        ",".join(f"{value:.2f}" for value in [*row, *answer])
        for row, answer in zip(inputs, outputs, strict=True)
    )
    assert look(outputs, prediction_csv=table).equal


@pytest.mark.parametrize(
    "line",
    ["Prediction: 0 0 0.99", "Prediction: 0.00 0.01 1", "Prediction: 0.0 0.0 1", "Prediction: 0. 0. 1."],
)
def test_every_output_needs_its_digits(line):
    assert not look(IRIS, line).equal


@pytest.mark.slow
def test_too_many_numbers_are_not_a_prediction():
    every = " ".join(f"{number / 1000:.3f}" for number in range(1000))
    for lines in (["Prediction: " + every], [f"Prediction: {one}" for one in every.split()], [every] * 1725):
        seen = look(ONE, *lines)
        assert not seen.equal
    assert look(ONE, "Prediction: " + every).shown == (
        "the output has too many numbers to recognise a prediction in it"
    )
    assert not look(ONE, prediction_csv=every).equal
    assert not look(
        ONE, prediction_json=json.dumps({"prediction": [float(one) for one in every.split()]})
    ).equal
    assert not look(ONE, prediction_txt=every).equal


@pytest.mark.slow
def test_random_digits_do_not_match():
    number = np.random.default_rng(1)
    found = 0
    for _ in range(200):
        stream = " ".join(f"{value:.2f}" for value in number.random(500))
        found += look(np.array([[number.random()]]), "Prediction: " + stream).equal
    assert found <= 200 * LOOK * 2.5


def test_the_probability_of_a_chance_match_grows_with_every_comparison():
    assert look(ONE, "Prediction: 0.207").chance == pytest.approx(1e-3)
    assert look(ONE, "Prediction: 0.2071").chance == pytest.approx(1e-4)
    assert look(ONE, "Prediction: 0.511 0.612 0.207").chance == pytest.approx(3e-3)
    assert look(IRIS, "Prediction: 0.00 0.01 0.99").chance == pytest.approx(1e-4)


@pytest.mark.parametrize(
    "figure",
    [
        "1e999",
        "-1e999",
        "1" * 400,
        "1e-999",
        "nan",
        "inf",
        "1e" + "9" * 50,
        "0.2e" + "9" * 5000,
        "9" * 5000 + ".5",
    ],
)
def test_numbers_out_of_range_are_ignored(figure):
    assert not look(ONE, f"Prediction: {figure}").equal
    assert not look(ONE, prediction_csv=f"prediction\n{figure}\n").equal
    assert not look(ONE, prediction_json=f'{{"prediction": {figure}}}').equal
    assert look(ONE, f"Prediction: {figure}", "Prediction: 0.20709").equal


@pytest.mark.slow
def test_a_nested_json_document_is_read_in_one_pass():
    """Each number was once copied for each enclosing list: 120 kB took more than ten minutes."""
    deep = "[1," * 900 + "[0.5]" + "]" * 900
    wide = json.dumps({"prediction": [[[0.5]] * 3] * 8000})
    keys = '{"prediction":' * 900 + "[" + "0.3," * 20000 + "1]" + "}" * 900
    for text in (deep, wide, keys, "[" * 60000 + "]" * 60000):
        assert not look(ONE, prediction_json=text).equal
    figures, starts = _predicted_numbers(json.loads(keys), named=False)
    assert len(figures) == 20001
    assert len(starts) <= len(figures) + 1


def test_many_files_with_a_few_numbers_each_are_too_many():
    files = {f"prediction{number:02}_csv": f"p\n{number / 100:.2f}\n" for number in range(100)}
    expected = np.array([[0.8712]])
    assert not look(expected, **files).equal
    assert look(expected, prediction00_csv="p\n0.87\n").equal


XOR = np.array([[0.0404], [0.9659], [0.9682], [0.0391]])


@pytest.mark.parametrize(
    "lines",
    [
        ["a b answer", "0 0 0.04", "0 1 0.97", "1 0 0.97", "1 1 0.04", "mean error 0.001"],
        ["Prediction: 0.04", "Prediction: 0.97", "Prediction: 0.97", "Prediction: 0.04", "took 0.31 s"],
        ["loss 0.25", "x=0.0 output 0.04", "x=1.0 output 0.97", "x=1.0 output 0.97", "x=0.0 output 0.04"],
        ["| 0.04 |", "| 0.97 |", "| 0.97 |", "| 0.04 |", "Finished all predictions."],
    ],
)
def test_rows_of_a_printed_table_are_compared_to_two_digits_of_the_largest_output(lines):
    assert look(XOR, *lines).equal
    assert not look(XOR, *(line.replace("0.97", "0.98") for line in lines)).equal
    assert not look(XOR, *(line.replace("0.04", "0.0").replace("0.97", "1.0") for line in lines)).equal


def test_a_table_may_omit_trailing_zeros():
    small = np.array([[0.1247], [0.0042], [0.1279], [0.0002]])
    assert look(small, prediction_csv="prediction\n0.12\n0.0\n0.13\n0.0\n").equal
    assert not look(small, prediction_csv="prediction\n0.1\n0.0\n0.1\n0.0\n").equal


def test_identical_rows_count_as_evidence_once():
    """The network predicts the same number for every row, so random numbers beside each row match it easily."""
    alike = np.full((40, 1), 0.5)
    every = " ".join(f"{number / 100:.2f}" for number in range(25, 75))
    assert not look(alike, *["prediction " + every] * 40).equal
    assert not look(alike, prediction_csv="\n".join([every] * 40)).equal


def test_a_printed_list_is_compared_at_the_precision_of_its_first_values():
    assert look(XOR, "Predictions: [0.04, 0.97, 0.97, 0.04]").equal
    assert look(XOR, "Predictions:", "[0.04 0.97", " 0.97 0.04]").equal
    assert not look(XOR, "Predictions: [0.04, 0.97, 0.96, 0.04]").equal
    assert not look(XOR, "Predictions: [0.97, 0.04, 0.97, 0.04]").equal


def test_a_table_is_recognised_among_other_numbers():
    rows = np.linspace(-0.4, 0.9, 40).reshape(-1, 1)
    lines = [
        f"[{0.3 + 0.0123456789 * place}] -> [{round(value, 4)}]" for place, value in enumerate(rows[:, 0])
    ]
    assert look(rows, "Model loaded", *lines).equal
    assert not look(rows, *reversed(lines)).equal


def test_identical_outputs_count_as_evidence_once():
    alike = np.full((1, 3), 0.5)
    every = [
        f"prediction {number / 100:.2f} {number / 100:.2f} {number / 100:.2f}" for number in range(40, 60)
    ]
    assert look(alike, "prediction 0.50 0.50 0.50").equal
    assert not look(alike, *every).equal


def test_a_column_that_names_the_prediction_is_read_among_many_others():
    number = np.random.default_rng(7)
    outputs = number.uniform(0.1, 0.9, (3, 1))
    inputs = np.round(number.uniform(0, 1, (3, 300)), 2)
    for digits, separator, point in ((2, ",", "."), (3, ";", ",")):
        header = separator.join([*(f"x{place}" for place in range(300)), "prediction", "expected"])
        rows = [
            [*row, round(float(out), digits), 0.5]
            for row, out in zip(inputs.tolist(), outputs[:, 0], strict=True)
        ]
        lines = [separator.join(f"{value:.{digits}f}".replace(".", point) for value in row) for row in rows]
        assert look(outputs, prediction_csv="\n".join([header, *lines])).equal
        assert not look(outputs + 0.2, prediction_csv="\n".join([header, *lines])).equal
