"""The three stages without a container engine: predictions equal PyBrain's, and skipped checks are reported."""

from __future__ import annotations

import csv
import json
import math
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.atomic_files import sha256_of
from common.errors import BuildFailed
from common.project import KNOWLEDGE_FILE, SERVICES, Layout
from pipeline.engines.local import LocalEngine
from pybrain.tools.shortcuts import buildNetwork

Drive = Callable[..., Any]

STAGE3_FILES = {
    "docker_compose_output.log",
    "execution_summary.txt",
    "report.html",
    "activation_data.csv",
    "currentSolution.pkl",
    "currentSolution.card.json",
    "prediction.csv",
    "prediction.json",
}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def assert_same_predictions(answers: Path, recorded: Path) -> None:
    """Compare predictions with those recorded from PyBrain, with a relative tolerance of 1e-12."""
    got, expected = table(answers), table(recorded)
    assert len(got) == len(expected)
    for answer, wanted in zip(got, expected, strict=True):
        for name, value in wanted.items():
            assert math.isclose(float(answer[name]), float(value), rel_tol=1e-12), (name, answer, wanted)


@pytest.fixture
def local(drive: Drive) -> Drive:
    """Return a function that runs a command with the local engine."""

    def run(*words: str, **options: Any) -> Any:
        return drive(*words, "--engine", "local", **options)

    return run


@pytest.mark.slow
def test_the_projects_own_row_gives_the_recorded_prediction(
    checkout: Layout, local: Drive, fixtures: Path
) -> None:
    done = local("run")
    assert (done.status, done.err) == (0, "")
    assert_same_predictions(
        checkout.stage3 / "prediction.csv", fixtures / "default" / "iris" / "expected_current.csv"
    )


@pytest.mark.slow
def test_all_150_iris_rows_give_the_recorded_predictions(
    checkout: Layout, local: Drive, fixtures: Path
) -> None:
    done = local("run", "--data", str(checkout.root / "data" / "iris_150.csv"))
    assert (done.status, done.err) == (0, "")
    assert_same_predictions(
        checkout.stage3 / "prediction.csv", fixtures / "default" / "iris" / "expected_all.csv"
    )


@pytest.mark.slow
def test_the_course_network_gives_the_recorded_predictions(
    checkout: Layout, local: Drive, fixtures: Path
) -> None:
    data = str(checkout.root / "data" / "course_80.csv")
    done = local("run", "--model", str(checkout.models / "course.pkl"), "--data", data)
    assert (done.status, done.err) == (0, "")
    assert_same_predictions(
        checkout.stage3 / "prediction.csv", fixtures / "default" / "course" / "expected_80.csv"
    )


@pytest.mark.slow
def test_files_selected_for_one_run_do_not_change_the_project(checkout: Layout, local: Drive) -> None:
    own = {path: path.read_bytes() for path in checkout.root.glob("container*/current*")}
    assert len(own) == 4  # the learning base included
    data = str(checkout.root / "data" / "course_80.csv")
    assert local("run", "--model", "course", "--data", data).status == 0
    assert {path: path.read_bytes() for path in checkout.root.glob("container*/current*")} == own


@pytest.mark.slow
def test_the_output_reports_the_steps_and_the_prediction_path(checkout: Layout, local: Drive) -> None:
    said = local("run").out
    heads = re.findall(r"^(Stage \d · [\w ]+|Prediction|Files)$", said, re.MULTILINE)
    assert heads == [
        "Stage 1 · prepare the files",
        "Stage 2 · test each container",
        "Stage 3 · run the stack",
        "Prediction",
        "Files",
    ]
    assert "  engine      local processes, no containers (as requested)" in said
    for line in ("✓ Model loaded: FeedForwardNetwork", "✓ Data loaded: (1, 4)", "ACTIVATION COMPLETE"):
        assert f"codebase       | {line}\n" in said
    assert ",setosa,versicolor,virginica,predicted_class\n" in said
    assert "  prediction     output/stage3_compose_execution/prediction.csv\n" in said


@pytest.mark.slow
def test_stage_3_saves_inputs_prediction_summary_and_log_for_all_users(
    checkout: Layout, local: Drive
) -> None:
    assert local("run").status == 0
    stage = checkout.stage3
    assert {path.name for path in stage.iterdir()} == STAGE3_FILES
    assert sha256_of(stage / "activation_data.csv") == sha256_of(checkout.own_activation)
    assert sha256_of(stage / "currentSolution.pkl") == sha256_of(checkout.own_knowledge)
    summary = (stage / "execution_summary.txt").read_text(encoding="utf-8")
    assert summary.startswith(
        "Result:       prediction made\nExit status:  0\nEngine:       local processes, no containers\n"
    )
    story = re.search(r"Starts and ends, in order:\n((?:  \d.*\n)+)", summary)
    assert story is not None
    events = [line.split(maxsplit=1) for line in story.group(1).splitlines()]
    assert [moment for moment, _ in events] == sorted(moment for moment, _ in events)
    assert sorted(what for _, what in events[:2]) == ["activationbase started", "knowledgebase started"]
    assert [what for _, what in events[2:4]] == ["codebase started", "codebase exited with status 0"]
    assert sorted(what for _, what in events[4:]) == [
        "activationbase exited with status 0",
        "knowledgebase exited with status 0",
    ]
    for name in STAGE3_FILES - {"docker_compose_output.log", "execution_summary.txt", "report.html"}:
        path = stage / name
        assert re.search(
            rf"^  {re.escape(name)} +{path.stat().st_size} bytes  sha256 {sha256_of(path)}$",
            summary,
            re.MULTILINE,
        )
    head = (stage / "prediction.csv").read_text(encoding="utf-8").splitlines()
    assert f"\nPrediction:\n  {head[0]}\n  {head[1]}\n" in summary
    report = json.loads((stage / "prediction.json").read_text(encoding="utf-8"))
    assert report["knowledge"]["sha256"] == sha256_of(checkout.own_knowledge)
    assert report["activation"]["sha256"] == sha256_of(checkout.own_activation)
    assert report["prediction"]["sha256"] == sha256_of(stage / "prediction.csv")
    for name in STAGE3_FILES - {"docker_compose_output.log", "execution_summary.txt", "report.html"}:
        assert (checkout.shared_data / name).stat().st_mode & 0o444 == 0o444, name


@pytest.mark.slow
def test_the_log_contains_the_shown_lines_without_escape_sequences(checkout: Layout, local: Drive) -> None:
    code = checkout.code.read_text(encoding="utf-8")
    colours = 'print("\\x1b[32mgreen\\x1b[0m\\r50 %\\r100 %", flush=True)\n'
    checkout.code.write_text(
        code.replace("def main(settings", f"{colours}\n\ndef main(settings", 1), encoding="utf-8"
    )
    done = local("compose")
    assert done.status == 0, done.err
    log = (checkout.stage3 / "docker_compose_output.log").read_text(encoding="utf-8")
    assert "\x1b" not in log + done.out
    assert "codebase       | green\ncodebase       | 50 %\ncodebase       | 100 %\n" in log
    assert all(f"  {line}\n" in done.out for line in log.splitlines())


@pytest.mark.slow
def test_json_prints_only_json(checkout: Layout, local: Drive) -> None:
    done = local("run", "--json")
    assert (done.status, done.err) == (0, "")
    told = done.json
    assert told["status"] == 0
    assert told["engine"] == "local processes, no containers"
    assert told["prediction"]["activation"]["rows"] == 1
    assert told["prepared"]["knowledge"]["from"] == "container2_knowledgebase/currentSolution.pkl"
    assert told["containers"].keys() == {service.name for service in SERVICES}
    assert told["files"]["prediction.csv"] == "output/stage3_compose_execution/prediction.csv"


# --- stage 2


@pytest.mark.slow
def test_stage_2_lists_the_checks_it_could_not_perform(checkout: Layout, local: Drive) -> None:
    done = local("check")
    assert (done.status, done.err) == (0, "")
    results = json.loads((checkout.stage2 / "test_results.json").read_text(encoding="utf-8"))
    assert [container["container"] for container in results["containers"]] == [
        "activationbase",
        "knowledgebase",
        "codebase",
    ]
    needs_containers = {"the image can be built", "runs as a non-root user, given by numeric UID"}
    for container in results["containers"]:
        status = {check["name"]: check["status"] for check in container["checks"]}
        assert {status[name] for name in needs_containers} == {"not checked"}
        assert "passed" in status.values()
        assert (container["image"], container["image_id"]) == ("", "")
        for check in container["checks"]:
            if check["status"] == "not checked":
                assert check["detail"] == "needs a container engine"
                assert f"    – {check['name']} (not checked): needs a container engine\n" in done.out
            else:
                assert f"    ✓ {check['name']}\n" in done.out
    assert results["not_checked"] == 8
    assert results["engine"] == "local processes, no containers"


@pytest.mark.slow
def test_stage_2_saves_the_output_of_each_container(checkout: Layout, local: Drive) -> None:
    assert local("check").status == 0
    wrote = [
        (checkout.stage2 / name).read_text(encoding="utf-8")
        for name in ("container1_output.txt", "container2_output.txt", "container3_pybrain_test.txt")
    ]
    assert wrote[0] == checkout.own_activation.read_text(encoding="utf-8")
    assert re.search(
        rf"^ +{checkout.own_knowledge.stat().st_size} currentSolution\.pkl$", wrote[1], re.MULTILINE
    )
    assert wrote[2].startswith("OK\n✓ Model loaded: FeedForwardNetwork\n")
    assert "--- prediction.csv ---\n" in wrote[2]
    results = json.loads((checkout.stage2 / "test_results.json").read_text(encoding="utf-8"))
    assert [container["output"] for container in results["containers"]] == wrote
    assert all(container["seconds"] > 0 for container in results["containers"])


@pytest.mark.slow
def test_rows_with_windows_line_endings_are_printed_unchanged(checkout: Layout, local: Drive) -> None:
    rows = checkout.own_activation.read_bytes().replace(b"\n", b"\r\n")
    checkout.own_activation.write_bytes(b"\xef\xbb\xbf" + rows)
    done = local("check")
    assert (done.status, done.err) == (0, "")


@pytest.mark.slow
def test_stage_2_fails_if_codebase_and_host_predict_differently(checkout: Layout, local: Drive) -> None:
    code = checkout.code.read_text(encoding="utf-8")
    assert "outputs = session.activate(batch.inputs)" in code
    checkout.code.write_text(
        code.replace(
            "outputs = session.activate(batch.inputs)",
            "outputs = session.activate(batch.inputs) * (1 + 1e-9)",
        ),
        encoding="utf-8",
    )
    done = local("check")
    assert done.status == 70
    assert "codebase: predicts a row as the host does – [" in done.err
    results = json.loads((checkout.stage2 / "test_results.json").read_text(encoding="utf-8"))
    assert results["passed"] is False
    assert [container["status"] for container in results["containers"]] == ["passed", "passed", "failed"]


@pytest.mark.slow
@pytest.mark.parametrize("number", ["nan", "inf"])
def test_stage_2_fails_if_one_prediction_is_not_a_number(checkout: Layout, local: Drive, number: str) -> None:
    """Even if it is not the first prediction and all others are correct."""
    code = checkout.code.read_text(encoding="utf-8")
    changed = code.replace(
        "report.wrote(prediction.commit(computed=session.note))\n",
        "report.wrote(prediction.commit(computed=session.note))\n"
        "    text = open(settings.output).read().rstrip().rsplit(',', 2)\n"
        f"    open(settings.output, 'w').write(text[0] + ',{number},' + text[2] + '\\n')\n",
    )
    assert changed != code
    checkout.code.write_text(changed, encoding="utf-8")
    done = local("check")
    assert done.status == 70
    assert "codebase: predicts a row as the host does – [" in done.err


@pytest.mark.slow
def test_results_of_an_earlier_check_are_replaced(checkout: Layout, local: Drive) -> None:
    assert local("check").status == 0
    checkout.code.write_text("raise SystemExit(7)\n", encoding="utf-8")
    assert local("check").status == 7
    results = (checkout.stage2 / "test_results.json").read_text(encoding="utf-8")
    assert json.loads(results)["passed"] is False
    third = (checkout.stage2 / "container3_pybrain_test.txt").read_text(encoding="utf-8")
    assert third == "OK\n--- prediction.csv ---\n"


# --- what the images would hold


@pytest.mark.slow
def test_a_second_run_copies_nothing(checkout: Layout) -> None:
    engine = LocalEngine(checkout)
    first = engine.build(allowed=True, on_line=lambda line: None)
    assert first == [
        f"{service.name} copied to output/local_containers/{service.name}" for service in SERVICES
    ]
    assert engine.build(allowed=True, on_line=lambda line: None) == [
        f"{service.name} is up to date in output/local_containers/{service.name}" for service in SERVICES
    ]


@pytest.mark.slow
def test_files_removed_from_the_project_are_removed_from_the_containers(checkout: Layout) -> None:
    engine = LocalEngine(checkout)
    engine.build(allowed=True, on_line=lambda line: None)
    card = checkout.local_containers / "knowledgebase" / "knowledgeBase" / "currentSolution.card.json"
    assert card.is_file()
    (checkout.own_knowledge.parent / "currentSolution.card.json").unlink()
    said = engine.build(allowed=True, on_line=lambda line: None)
    assert not card.exists()
    assert (card.parent / KNOWLEDGE_FILE).is_file()
    assert said[2] == "codebase is up to date in output/local_containers/codebase"


@pytest.mark.slow
def test_no_build_fails_if_files_are_missing_or_outdated(checkout: Layout, local: Drive) -> None:
    done = local("compose", "--no-build")
    assert done.status == 69
    assert done.err == (
        "✗ activationbase is missing or outdated in output/local_containers/activationbase\n"
        "  Omit --no-build.\n"
    )
    assert local("compose").status == 0
    assert local("compose", "--no-build").status == 0
    checkout.code.write_text(checkout.code.read_text(encoding="utf-8") + "\n# newer\n", encoding="utf-8")
    with pytest.raises(BuildFailed, match="codebase is missing or outdated"):
        LocalEngine(checkout).build(allowed=False, on_line=lambda line: None)


# --- shared_data


@pytest.mark.slow
def test_a_missing_shared_data_is_created(checkout: Layout, local: Drive) -> None:
    shutil.rmtree(checkout.shared_data)
    assert local("compose").status == 0
    assert (checkout.shared_data / "prediction.csv").is_file()
    assert checkout.shared_data.stat().st_mode & 0o005 == 0o005


@pytest.mark.slow
def test_another_network_removes_the_previous_card_from_shared_data(checkout: Layout, local: Drive) -> None:
    assert local("compose").status == 0
    data = str(checkout.root / "data" / "course_80.csv")
    assert local("compose", "--model", "course", "--data", data).status == 0
    assert not (checkout.shared_data / "currentSolution.card.json").exists()
    assert not (checkout.stage3 / "currentSolution.card.json").exists()


@pytest.mark.slow
def test_selected_columns_are_passed_to_codebase(
    checkout: Layout, local: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = tmp_path / "wide.csv"
    wide.write_text("id,y,x\n7,0.1535813413368235,0.09845332941224094\n", encoding="utf-8")
    monkeypatch.setenv("INPUT_COLUMNS", "x")
    monkeypatch.setenv("TARGET_COLUMNS", "y")
    done = local("run", "--model", "course", "--data", str(wide))
    assert (done.status, done.err) == (0, "")
    (answer,) = table(checkout.stage3 / "prediction.csv")
    assert math.isclose(float(answer["prediction"]), 0.2070925504942791, rel_tol=1e-12)


@pytest.mark.slow
def test_a_text_class_is_compared_and_selected_columns_are_passed_through(
    checkout: Layout, local: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = tmp_path / "named.csv"
    flowers = [f'{place:03},5.1,3.5,1.4,0.2,setosa,"no. {place}, ""é"" <b>"\n' for place in range(9)]
    named.write_text(
        "id,sepal_length,sepal_width,petal_length,petal_width,Species,note\n"
        + "".join(flowers)
        + "009,5.8,2.7,5.1,1.9,setosa,=1+1\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("TARGET_COLUMNS", "Species")
    monkeypatch.setenv("KEEP_COLUMNS", "id,note")
    done = local("run", "--data", str(named))
    assert (done.status, done.err) == (0, "")
    said = "(by the names of the card); expected class: Species; passed through: id, note"
    assert done.out.count(said) == 2  # by stage 1 and by codebase
    assert "Compared with the expected outputs: accuracy 0.9, correct 9" in done.out
    answers = table(checkout.stage3 / "prediction.csv")
    assert [(row["id"], row["note"]) for row in answers][8:] == [("008", 'no. 8, "é" <b>'), ("009", "=1+1")]
    classes = [(row["predicted_class"], row["expected_class"]) for row in answers]
    assert classes == [("setosa", "setosa")] * 9 + [("virginica", "setosa")]
    page = (checkout.stage3 / "report.html").read_text(encoding="utf-8")
    assert "9 of 10 rows have the\n  expected class" in page
    assert "no. 8, &#34;é&#34; &lt;b&gt;" in page


@pytest.mark.slow
def test_columns_to_keep_may_be_set_in_the_env_file(checkout: Layout, local: Drive, tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text("id,x\nfirst,0.5\n", encoding="utf-8")
    (checkout.root / ".env").write_text("KEEP_COLUMNS=id\n", encoding="utf-8")
    done = local("run", "--model", "course", "--data", str(tmp_path / "wide.csv"))
    assert done.status == 0, done.err
    (answer,) = table(checkout.stage3 / "prediction.csv")
    assert (list(answer), answer["id"]) == (["id", "x", "prediction"], "first")


@pytest.mark.slow
def test_host_file_selection_variables_are_ignored_in_the_containers(
    checkout: Layout, local: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_PATH", "models/course.pkl")
    monkeypatch.setenv("DATA_PATH", "data/course_80.csv")
    monkeypatch.setenv("OUTPUT_PATH", "/nowhere/at/all.csv")
    done = local("run")
    assert (done.status, done.err) == (0, "")
    assert len(table(checkout.stage3 / "prediction.csv")) == 80


@pytest.mark.slow
def test_the_stages_report_columns_and_scaling(
    checkout: Layout, local: Drive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = buildNetwork(1, 2, 1)
    content = {"net": network, "x_min": 0.0, "x_max": 10.0, "y_min": 0.0, "y_max": 4.0}
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(content, 2))
    (tmp_path / "x.csv").write_text("x,y\n5,1\n")
    words = ("run", "--model", str(tmp_path / "net.pkl"), "--data", str(tmp_path / "x.csv"))
    plain = local(*words)
    line = "Scaling values found beside the network, but not used: x_min, x_max, y_min, y_max. To use them: "
    line += "SCALE_INPUTS=x_min..x_max SCALE_OUTPUTS=y_min..y_max\n"
    assert f"              {line}" in plain.out and f"codebase       |   {line}" in plain.out
    columns = "inputs: x (by position); expected values: y\n"
    assert f"              {columns}" in plain.out and f"codebase       |   {columns}" in plain.out
    monkeypatch.setenv("SCALE_INPUTS", "x_min..x_max")
    monkeypatch.setenv("SCALE_OUTPUTS", "y_min..y_max")
    scaled = local(*words)
    assert (scaled.status, scaled.err) == (0, "")
    assert "inputs are scaled by x_min..x_max, outputs scaled back by y_min..y_max" in scaled.out
    answer = float(network.activate([0.5])[0] * 4)
    row = (checkout.stage3 / "prediction.csv").read_text().splitlines()[1].split(",")
    assert float(row[1]) == pytest.approx(answer, rel=1e-12)
    prepared = json.loads((checkout.stage1 / "prepared.json").read_text())
    assert prepared["knowledge"]["scaling_not_used"] is None
    assert prepared["activation"]["columns_used"]["expected"] == ["y"]
