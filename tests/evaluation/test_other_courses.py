"""Other courses need only a rubric file: the AI-CPS course, and an invented course with four containers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation.checks.framework import output_is_there
from evaluation.evaluate import EvaluationOptions, evaluate
from evaluation.evidence.evidence import Evidence
from evaluation.layout.places import find_places
from evaluation.prediction.other_content import write_other_content
from evaluation.prediction.output import data_rows, find_output
from evaluation.quotas import DEFAULT_LIMITS
from evaluation.rubric import load_rubric, read_rubric
from evaluation.sandbox.stack_run import StackRun
from evaluation.sandbox.volumes import VolumeEntry
from evaluation.submission.choose_root import Expected
from tests.evaluation.submissions import copy_submission

LOOK = EvaluationOptions(run=False)


def points_of(report):
    return {result.id: result.points for line in report.lines for result in line.results}


def without(report, *ids):
    """Return the lost points by check id; the points of the given ids count as earned."""
    return {
        result.id: result.reason
        for line in report.lines
        for result in line.results
        if result.points < result.of and result.id not in ids
    }


@pytest.fixture(scope="module")
def ai_cps():
    return load_rubric(Path("ai-cps"))


@pytest.fixture(scope="module")
def weather(courses):
    return read_rubric("weather.toml", courses.WEATHER_RUBRIC.encode())


def test_ai_cps_folders_are_found_under_the_names_of_their_topic(ai_cps, courses):
    places = find_places(ai_cps.layout, sorted(courses.AI_CPS))

    assert [place.folder for place in places.containers] == [
        "images/activationBase_fruit",
        "images/knowledgeBase_fruit",
        "images/codeBase_fruit",
    ]
    assert places.model.endswith("tmp/knowledgeBase/currentAiSolution.h5")
    assert places.rows.endswith("tmp/activationBase/activation_data.csv")
    assert places.codebase.file.endswith("tmp/codeBase/apply_annSolution.py")
    assert places.compose_file == "scenarios/apply_annSolution/x86_64/docker-compose.yml"
    assert [place.shared_file for place in places.data] == [
        "**/activation_data.csv",
        "**/currentAiSolution.h5",
    ]
    assert places.remarks == ()


@pytest.mark.slow
def test_checks_without_an_engine_are_decided_for_another_course(ai_cps, courses, tmp_path):
    report = evaluate(str(courses.write_files(tmp_path / "fruit", courses.AI_CPS)), ai_cps, LOOK)

    points = points_of(report)
    assert [points[f"compose.{check}"] for check in ("syntax", "services", "dependencies")] == [5, 5, 5]
    assert sum(points.values()) == 25


@pytest.mark.slow
@pytest.mark.parametrize("image", ["{}-base-fruit", "{}_base_fruit", "fruit-{}", "fruit_{}"])
def test_services_are_found_by_image_names_that_contain_the_container_names(ai_cps, courses, tmp_path, image):
    name = "scenarios/apply_annSolution/x86_64/docker-compose.yml"
    stack = courses.AI_CPS[name]
    for word in ("activation", "knowledge", "code"):
        stack = stack.replace(f"{word}base_fruit:", f"{image.format(word)}:").replace(
            f"{word}_base_fruit", word
        )
    files = {**courses.AI_CPS, name: stack}
    report = evaluate(str(courses.write_files(tmp_path / "fruit", files)), ai_cps, LOOK)

    points = points_of(report)
    assert (points["compose.services"], points["compose.dependencies"]) == (5, 5)


@pytest.mark.slow
def test_the_image_with_the_best_matching_name_belongs_to_a_container(ai_cps, courses, tmp_path):
    name = "scenarios/apply_annSolution/x86_64/docker-compose.yml"
    extra = "  first:\n    image: someone/fruit-activation\n"
    files = {**courses.AI_CPS, name: courses.AI_CPS[name].replace("services:\n", f"services:\n{extra}")}
    report = evaluate(str(courses.write_files(tmp_path / "fruit", files)), ai_cps, LOOK)

    told = next(item for line in report.lines for item in line.results if item.id == "compose.services")
    assert "activationBase is the service activation_base_fruit" in told.evidence[0].text


@pytest.mark.slow
def test_a_missing_image_is_reported_with_the_names_of_the_other_course(ai_cps, courses, tmp_path):
    files = {name: content for name, content in courses.AI_CPS.items() if "knowledgeBase" not in name}
    report = evaluate(str(courses.write_files(tmp_path / "fruit", files)), ai_cps, LOOK)

    reason = without(report)["knowledgebase.builds"]
    assert reason.startswith(
        "there is no folder images/knowledgeBase*/ with a Dockerfile; the submission contains: "
    )
    assert "images" in reason


@pytest.mark.slow
def test_paths_of_a_compose_file_are_relative_to_its_folder(weather, courses, tmp_path):
    report = evaluate(str(courses.write_files(tmp_path / "weather", courses.WEATHER)), weather, LOOK)

    points = points_of(report)
    assert (points["stack.services"], points["stack.dependencies"]) == (1, 1)


@pytest.mark.slow
def test_a_compose_file_cannot_reach_above_the_submission_from_its_folder(weather, courses, tmp_path):
    stack = courses.WEATHER["deploy/stack.yml"].replace("./exchange:", "../../exchange:")
    files = {**courses.WEATHER, "deploy/stack.yml": stack}
    text = courses.WEATHER_RUBRIC.replace('check = "compose_services"', 'check = "compose_syntax"')
    report = evaluate(
        str(courses.write_files(tmp_path / "weather", files)),
        read_rubric("weather.toml", text.encode()),
        LOOK,
    )

    assert "outside the submission" in without(report)["stack.services"]


@pytest.mark.slow
def test_all_four_services_are_counted(weather, courses, tmp_path):
    stack = courses.WEATHER["deploy/stack.yml"].replace(
        "normals:\n    build: ../parts/normals", "other:\n    image: busybox"
    )
    files = {**courses.WEATHER, "deploy/stack.yml": stack.replace("weights, normals]", "weights, other]")}
    report = evaluate(str(courses.write_files(tmp_path / "weather", files)), weather, LOOK)

    assert without(report)["stack.services"] == "no service runs the image weather/normals"
    assert without(report)["stack.dependencies"] == "forecaster does not depend on normals"


# --- the output of a program whose prediction the evaluation cannot compute


def entry(name, text):
    return VolumeEntry(name, 0, 0.0, "file", text.encode())


def output_of(layout, files, printed=()):
    return find_output(layout, {name: entry(name, text) for name, text in files.items()}, printed)


@pytest.mark.parametrize(
    ("files", "printed", "rows"),
    [
        ({"forecast.csv": "station,forecast\nnorth,sun\nsouth,rain\n"}, (), 2),
        ({"forecast.csv": "0.4\n0.5\n0.6\n"}, (), 3),
        ({}, ("loading", "forecast: sun", "forecast: rain"), 2),
        ({"forecast.csv": ""}, ("forecast: sun",), 1),
        ({}, ("forecast:", "[0.25]", "", "actual:", "[0.5]"), 1),
        ({}, ("forecast of two rows:", "0.25", "0.5", "done", "7"), 2),
        ({}, ("forecast:", "no number"), 1),
        ({}, ("done",), 0),
    ],
)
def test_the_predictions_of_an_output_are_counted_without_its_header(weather, files, printed, rows):
    layout = replace(weather.layout, output_lines="^forecast")
    assert len(output_of(layout, files, printed).rows) == rows


def test_the_numbers_below_a_printed_heading_are_the_output(weather):
    layout = replace(weather.layout, output_lines="(?i)predict")
    lines = ("Predicted values:", "[0.25 0.5]", "", "Actual values:", "[1.5]")
    assert output_of(layout, {}, lines).rows == ("[0.25 0.5]",)


def test_the_output_of_a_failed_program_is_not_a_prediction(ai_cps):
    printed = (
        "Traceback (most recent call last):", '  File "/app/predict.py", line 3, in <module>',
        "    predictions = model.predict(rows)", "                  ^^^^^^^^^^^^^^^^^^^",
        "ValueError: predict got 3 columns, not 4",
        "python: can't open file '/tmp/codeBase/predict.py': [Errno 2] No such file or directory",
        "ERROR: FileNotFoundError: predictions of 2024",
    )  # fmt: skip
    assert output_of(ai_cps.layout, {}, printed).lines == ()
    assert output_of(ai_cps.layout, {}, ("Prediction: 0.7", *printed)).lines == ("Prediction: 0.7",)


def test_a_missing_prediction_is_reported_without_a_long_pattern(ai_cps, courses, tmp_path):
    folder = courses.write_files(tmp_path / "fruit", courses.AI_CPS)
    submission = copy_submission(str(folder), tmp_path / "in", DEFAULT_LIMITS, Expected(ai_cps.layout))
    evidence = Evidence(submission, DEFAULT_LIMITS, None, tmp_path, layout=ai_cps.layout)
    printed = (("code_base_fruit", "PREDICTION SYSTEM"),)
    evidence.remember(Evidence.run, StackRun("docker-compose up", 0, 1.0, "", (), printed, "", {}, {}))

    reason = output_is_there(evidence).reason
    assert "and codebase prints no line of the rubric's form; /tmp contains: nothing" in reason
    assert reason.endswith("codebase printed: PREDICTION SYSTEM")


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("PRICE PREDICTION SYSTEM", 0),
        ("prediction completed", 0),
        ("0.25 is the prediction", 1),
        ("Predicted class -> apple", 1),
        ("Result: apple", 1),
        ("Prediction [[0.25]]", 1),
    ],
)
def test_a_heading_without_a_value_is_not_a_prediction_in_ai_cps(ai_cps, printed, shown):
    assert len(output_of(ai_cps.layout, {}, (printed,)).lines) == shown


def test_printed_lines_are_not_output_if_the_rubric_names_only_files(weather):
    assert not output_of(weather.layout, {}, ("prediction: sun",)).where


@pytest.mark.parametrize(
    ("document", "rows"),
    [
        ('{"names": ["a"], "values": [1.5, 2.5, 3.5]}', ("1.5", "2.5", "3.5")),
        ('{"input_shape": [1, 27], "predicted_delay": 2.5, "model": "A"}', ('{"predicted_delay": 2.5}',)),
        ('{"columns": ["a", "b", "c"], "predictions": [1.5, 2.5], "prediction_error": 1}', ("1.5", "2.5")),
        ("[1.5, 2.5]", ("1.5", "2.5")),
    ],
)
def test_the_predictions_of_a_json_file_are_named_so_or_are_its_longest_list(ai_cps, document, rows):
    assert output_of(ai_cps.layout, {"out/predictions.json": document}).rows == rows


def test_a_picture_is_one_row():
    assert (data_rows("apple.png", "\x89PNG\n1\n2"), data_rows("a.csv", "x,y\n1,2\n3,4\n")) == (1, 2)


def test_a_table_is_replaced_by_other_numbers_and_anything_else_by_other_bytes(tmp_path):
    table, model, new = tmp_path / "rows.csv", tmp_path / "model.h5", tmp_path / "new"
    table.write_text("x,y\n1.5,2\n3.5,4\n")
    model.write_bytes(bytes(range(64)))

    assert write_other_content(table, new, seed=1)
    assert new.read_text().startswith("x,y\n") and new.read_text() != table.read_text()
    assert not write_other_content(model, new, seed=1)
    assert len(new.read_bytes()) == 64 and not set(zip(range(64), new.read_bytes(), strict=True)) & {
        (value, value) for value in range(64)
    }


def test_a_json_document_gets_other_numbers_and_keeps_its_sizes(tmp_path):
    model, new = tmp_path / "model.json", tmp_path / "new"
    model.write_text('{"layers": [3, 2], "weights": [[0.5, -1.25]], "name": "a", "trained": true}')

    assert write_other_content(model, new, seed=1)
    other = json.loads(new.read_text())
    assert (other["layers"], other["name"], other["trained"]) == ([3, 2], "a", True)
    assert other["weights"][0][0] != 0.5 and other["weights"][0][1] != -1.25
    model.write_text('{"counts": [3, 2]}')
    assert write_other_content(model, new, seed=1) and json.loads(new.read_text())["counts"] != [3, 2]
    model.write_text("[" * 100_000)
    assert not write_other_content(model, new, seed=1)


def test_numpy_arrays_get_other_numbers_and_keep_names_and_shapes(tmp_path):
    model, single, new = tmp_path / "w.npz", tmp_path / "w.npy", tmp_path / "new"
    np.savez(model, w=np.array([[0.5, 1.5]], np.float32), sizes=np.array([2, 1]))
    np.save(single, np.array([1.0, 2.0]))

    assert write_other_content(model, new, seed=1)
    with np.load(new, allow_pickle=False) as arrays:
        assert (arrays["w"].shape, arrays["w"].dtype) == ((1, 2), np.float32)
        assert (arrays["w"] != [[0.5, 1.5]]).all() and arrays["sizes"].tolist() == [2, 1]
    assert write_other_content(single, new, seed=1) and (np.load(new) != [1.0, 2.0]).all()


def test_a_damaged_archive_of_arrays_is_replaced_by_other_bytes(tmp_path):
    model, new = tmp_path / "w.npz", tmp_path / "new"
    np.savez_compressed(model, w=np.arange(50.0))
    whole = model.read_bytes()
    for place in range(0, len(whole), 7):
        model.write_bytes(whole[:place] + bytes(40) + whole[place + 40 :])
        write_other_content(model, new, seed=1)
        assert new.read_bytes() != model.read_bytes()


# --- in real containers


@pytest.fixture(scope="session")
def fruit(engine, courses, tmp_path_factory):
    """Return the report of the AI-CPS sample."""
    source = courses.write_files(tmp_path_factory.mktemp("course") / "fruit", courses.AI_CPS)
    return evaluate(str(source), load_rubric(Path("ai-cps")), EvaluationOptions())


@pytest.fixture(scope="session")
def forecast(engine, courses, tmp_path_factory):
    """Return the report of the invented course, whose forecaster ignores the weights."""
    program = courses.WEATHER["parts/forecaster/forecast.py"].replace(
        "json.load(open(wanted[0]))", "{'pressure': 1.01}"
    )
    files = {**courses.WEATHER, "parts/forecaster/forecast.py": program}
    source = courses.write_files(tmp_path_factory.mktemp("course") / "weather", files)
    return evaluate(
        str(source), read_rubric("weather.toml", courses.WEATHER_RUBRIC.encode()), EvaluationOptions()
    )


def test_a_scenario_whose_activation_container_keeps_running_ends_with_its_program(fruit):
    (result,) = [result for line in fruit.lines for result in line.results if result.id == "compose.status"]
    assert result.reason == "`docker-compose up` exited with status 0, as codeBase did"


def test_a_scenario_with_hub_names_and_an_external_volume_earns_all_points_except_the_tutors(fruit):
    assert without(fruit, "prediction.right") == {}
    assert fruit.total_text == "95 of 95 decided"


def test_a_decision_for_the_tutor_is_reported_with_the_output(fruit):
    (result,) = [result for line in fruit.lines for result in line.results if result.id == "prediction.right"]

    assert result.for_tutor
    assert result.reason.startswith("please check whether it is correct (predictions of TensorFlow")
    assert "prediction | -0.12" in result.reason


def test_a_course_of_four_containers_is_evaluated_by_its_rubric_alone(forecast):
    assert without(forecast, "forecast.weights") == {}


def test_a_program_that_ignores_the_knowledge_loses_the_points_for_it(forecast):
    assert without(forecast) == {
        "forecast.weights": "with a different parts/weights/weights.json, the output is the same: it does not depend on that file"
    }
