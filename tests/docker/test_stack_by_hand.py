"""The literal Compose commands on a fresh checkout, with both versions of Compose."""

from __future__ import annotations

import csv
import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.docker.conftest import inside_containers


def outputs(prediction: Path, names: list[str]) -> np.ndarray:
    with prediction.open(encoding="utf-8", newline="") as file:
        return np.array([[float(row[name]) for name in names] for row in csv.DictReader(file)])


def recorded(path: Path) -> tuple[list[str], np.ndarray]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return rows[0], np.array(rows[1:], dtype=float)


def assert_predicts(prediction: Path, expected: Path) -> None:
    names, figures = recorded(expected)
    np.testing.assert_allclose(outputs(prediction, names), figures, rtol=1e-12, atol=0)


def test_up_on_a_fresh_clone_reproduces_the_recorded_prediction(unbuilt, fixtures):
    typed = unbuilt.up()
    assert typed.status == 0, typed.output
    assert_predicts(unbuilt.shared("prediction.csv"), fixtures / "default/iris/expected_current.csv")
    assert "✓ Model loaded: FeedForwardNetwork" in typed.output
    assert "✓ Data loaded: (1, 4)" in typed.output
    assert "✓ Prediction: 0.000026" in typed.output
    assert "virginica" in typed.output
    assert "ACTIVATION COMPLETE" in typed.output
    assert unbuilt.running() == []

    # A second `up` without `down` writes a new prediction.
    unbuilt.shared("prediction.json").unlink()
    unbuilt.shared("prediction.csv").write_text("left over\n")
    typed = unbuilt.up()
    assert typed.status == 0, typed.output
    assert unbuilt.shared("prediction.json").is_file()
    assert "left over" not in unbuilt.shared("prediction.csv").read_text()


@inside_containers
def test_all_rows_of_a_file_on_the_host_are_predicted_in_order(stack, fixtures):
    typed = stack.up(DATA_PATH="./data/iris_150.csv")
    assert typed.status == 0, typed.output
    assert_predicts(stack.shared("prediction.csv"), fixtures / "default/iris/expected_all.csv")


@inside_containers
def test_a_network_outside_the_project_is_used_with_its_label(stack, fixtures, place):
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(fixtures / "default/course/currentSolution.pkl", elsewhere / "new_model.pkl")
    typed = stack.plain(
        "up",
        MODEL_PATH="../elsewhere/new_model.pkl",
        MODEL_NAME="model_v2",
        DATA_PATH="./data/course_80.csv",
    )
    assert typed.status == 0, typed.output
    assert "model_v2 (../elsewhere/new_model.pkl)" in typed.output
    assert "WARNING" not in typed.output
    assert stack.running() == []
    assert_predicts(stack.shared("prediction.csv"), fixtures / "default/course/expected_80.csv")


@inside_containers
def test_the_model_card_is_copied_with_a_network_given_by_an_absolute_path(stack, fixtures, place):
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    for ending in (".pkl", ".card.json"):
        shutil.copy(fixtures / f"default/iris/currentSolution{ending}", elsewhere / f"flowers{ending}")
    typed = stack.up(MODEL_PATH=str(elsewhere / "flowers.pkl"))
    assert typed.status == 0, typed.output
    assert stack.shared("currentSolution.card.json").is_file()
    assert_predicts(stack.shared("prediction.csv"), fixtures / "default/iris/expected_current.csv")


@inside_containers
def test_a_network_of_the_models_folder_is_selected_by_name(stack, fixtures):
    shutil.copy(stack.layout.models / "course.pkl", stack.layout.models / "model_v2.pkl")
    typed = stack.up(MODEL_NAME="model_v2.pkl", DATA_PATH="./data/course_80.csv")
    assert typed.status == 0, typed.output
    assert_predicts(stack.shared("prediction.csv"), fixtures / "default/course/expected_80.csv")


@pytest.mark.parametrize("generation", ["v1"], indirect=True)  # v2: test_an_outdated_network_in_the_image
def test_a_network_can_be_built_into_the_image(stack, fixtures):
    folder = stack.layout.own_knowledge.parent
    shutil.copy(stack.layout.models / "course.pkl", folder / "alternative_model.pkl")
    typed = stack.up("--build", MODEL_FILE="alternative_model.pkl", DATA_PATH="./data/course_80.csv")
    assert typed.status == 0, typed.output
    assert_predicts(stack.shared("prediction.csv"), fixtures / "default/course/expected_80.csv")


@inside_containers
def test_an_unknown_model_name_fails_and_lists_the_known_names(stack):
    typed = stack.up(MODEL_NAME="model_v3.pkl")
    assert typed.status == 66, typed.output
    assert "models/ has no model_v3.pkl; there are: course.pkl digits.pkl iris.pkl" in typed.output
    assert not stack.shared("prediction.csv").exists()
    assert stack.running() == []


def test_a_missing_model_file_fails_the_build_and_lists_the_known_names(stack):
    typed = stack.up("--build", MODEL_FILE="nope.pkl")
    assert typed.status != 0
    assert "has no MODEL_FILE=nope.pkl; there are:" in typed.output
    assert "currentSolution.pkl" in typed.output


@pytest.mark.parametrize("variable", ["MODEL_PATH", "DATA_PATH"])
def test_a_missing_path_fails_and_creates_nothing_on_the_host(stack, variable, place):
    typed = stack.up(**{variable: "../elsewhere/nope"})
    assert typed.status != 0
    assert "bind source path does not exist" in typed.output
    assert "elsewhere/nope" in typed.output
    assert not (place / "elsewhere").exists()
    assert not stack.shared("prediction.csv").exists()


@inside_containers
def test_files_of_an_earlier_run_are_not_used(stack):
    for name in ("activation_data.csv", "currentSolution.pkl", "currentSolution.card.json"):
        stack.shared(name).write_text("of an earlier run, owned by root\n")
    stack.shared("prediction.csv").write_text("old\n")
    stack.shared("prediction.json").write_text("{}\n")
    typed = stack.up(MODEL_NAME="nope.pkl")
    assert typed.status == 66, typed.output
    left = sorted(path.name for path in stack.layout.shared_data.iterdir())
    assert left == [".gitkeep", "activation_data.csv"]


@inside_containers
def test_bad_rows_fail_the_run_with_65_and_a_message_with_the_location(stack, place):
    (place / "rows.csv").write_text(
        "sepal_length,sepal_width,petal_length,petal_width\n1,2,3,4\n1,2,x,4\n", encoding="utf-8"
    )
    typed = stack.up(DATA_PATH="../rows.csv")
    assert typed.status == 65, typed.output
    assert "line 3" in typed.output
    assert not stack.shared("prediction.csv").exists()


@inside_containers
def test_a_malicious_network_is_refused_and_not_executed(stack, place):
    (place / "evil.pkl").write_bytes(b"cos\nsystem\n(S'touch /shared_data/owned'\ntR.")
    typed = stack.up(MODEL_PATH="../evil.pkl")
    assert typed.status == 65, typed.output
    assert "os.system" in typed.output
    assert not stack.shared("owned").exists()


def test_a_missing_shared_data_is_an_error_and_is_not_created_by_root(stack):
    shutil.rmtree(stack.layout.shared_data)
    typed = stack.up()
    assert typed.status != 0
    assert "bind source path does not exist" in typed.output
    assert not stack.layout.shared_data.exists()


def mounted(folder: Path, options: str):
    """Mount a file system on `folder`, because permissions do not restrict root."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system")


@needs_root
@inside_containers
@pytest.mark.parametrize("left_over", [False, True])
def test_a_read_only_shared_data_is_reported_with_status_73(stack, left_over):
    mounted(stack.layout.shared_data, "size=64k")
    if left_over:
        stack.shared("activation_data.csv").write_text("1,2,3,4\n")
    subprocess.run(["mount", "-o", "remount,ro", str(stack.layout.shared_data)], check=True)
    try:
        typed = stack.up()
    finally:
        stack.down()
        subprocess.run(["umount", str(stack.layout.shared_data)], check=True)
    assert typed.status == 73, typed.output
    assert "read-only" in typed.output
    assert "ACTIVATION COMPLETE" not in typed.output
    assert stack.running() == []


@inside_containers
@pytest.mark.parametrize(
    ("name", "status"), [("prediction.csv", 73), ("prediction.json", 73), ("activation_data.csv", 66)]
)
def test_a_directory_instead_of_a_file_is_reported_with_its_status(stack, name, status):
    (stack.shared(name) / "mine").mkdir(parents=True)
    typed = stack.up()
    assert typed.status == status, typed.output
    assert f"/shared_data/{name} is a directory; take it away" in typed.output
    assert (stack.shared(name) / "mine").is_dir()
    assert stack.running() == []


@needs_root
@inside_containers
def test_a_full_disk_is_reported_with_status_73_and_leaves_no_partial_file(stack):
    mounted(stack.layout.shared_data, "size=8k")
    try:
        typed = stack.up(DATA_PATH="./data/iris_150.csv")
        left = sorted(path.name for path in stack.layout.shared_data.iterdir())
    finally:
        stack.down()
        subprocess.run(["umount", str(stack.layout.shared_data)], check=True)
    assert typed.status == 73, typed.output
    assert "disk full" in typed.output
    assert "ACTIVATION COMPLETE" not in typed.output
    assert not any(name.startswith("prediction") or name.endswith(".tmp") for name in left), left


@needs_root
def test_an_ordinary_user_runs_the_stack_and_can_read_overwrite_and_remove_every_file(stack):
    subprocess.run(["chown", "-R", "23457:23457", str(stack.layout.root)], check=True)
    # As after a clone with umask 077: other users have no access.
    subprocess.run(["chmod", "-R", "go-rwx", str(stack.layout.root)], check=True)
    typed = dataclasses.replace(stack, user=23457).up()
    assert typed.status == 0, typed.output
    names = ["activation_data.csv", "currentSolution.pkl", "prediction.csv", "prediction.json"]
    paths = [str(stack.shared(name)) for name in names]
    as_user = {"user": 23457, "group": 23457, "extra_groups": []}
    subprocess.run(["cat", *paths], check=True, stdout=subprocess.DEVNULL, **as_user)
    subprocess.run(["tee", "-a", *paths], input=b"edited", check=True, stdout=subprocess.DEVNULL, **as_user)
    subprocess.run(["rm", *paths], check=True, **as_user)
    assert not any(stack.shared(name).exists() for name in names)


def test_containers_have_no_network_and_only_the_capabilities_they_use(stack):
    assert stack.up().status == 0
    where = f"label=com.docker.compose.project.working_dir={stack.layout.root}"
    fields = (
        '(index .Config.Labels "com.docker.compose.service")',
        ".HostConfig.NetworkMode",
        ".HostConfig.ReadonlyRootfs",
        ".HostConfig.CapDrop",
        ".HostConfig.CapAdd",
        ".Config.User",
        ".HostConfig.Memory",
        ".HostConfig.PidsLimit",
        ".HostConfig.SecurityOpt",
    )
    form = " ".join(f"{{{{{field}}}}}" for field in fields)
    ids = subprocess.run(
        ["docker", "ps", "-aq", "--filter", where], capture_output=True, text=True, check=True
    )
    seen = subprocess.run(
        ["docker", "inspect", "--format", form, *ids.stdout.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = sorted(seen.stdout.split("\n")[:-1])
    data = "none true [ALL] [CHOWN DAC_OVERRIDE FOWNER] 0:0 67108864 32 [no-new-privileges:true]"
    assert [line.replace("CAP_", "") for line in lines] == [
        f"activationbase {data}",
        "codebase none true [ALL] [] 10001:10001 1073741824 64 [no-new-privileges:true]",
        f"knowledgebase {data}",
    ]
