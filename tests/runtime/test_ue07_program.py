"""UE_07_App5.py as the container runs it: output, files and exit status."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pybrain.tools.shortcuts import buildNetwork

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "container3_codebase" / "UE_07_App5.py"
FIXTURES = ROOT / "tests" / "fixtures"
IRIS, COURSE = FIXTURES / "default/iris", FIXTURES / "default/course"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(
        model: Path = IRIS / "currentSolution.pkl",
        data: Path = IRIS / "currentActivation.csv",
        **environment: str,
    ) -> subprocess.CompletedProcess[str]:
        settings = {"MODEL_PATH": str(model), "DATA_PATH": str(data)}
        settings["OUTPUT_PATH"] = str(tmp_path / "out" / "prediction.csv")
        (tmp_path / "out").mkdir(exist_ok=True)
        plain = {"PATH": os.environ["PATH"], "PYTHONUTF8": "0", "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(
            [sys.executable, str(PROGRAM)],
            env=plain | settings | environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=600,
        )

    return run


def test_the_default_files_give_the_recorded_prediction(run: Run, tmp_path: Path) -> None:
    done = run()
    assert done.stderr == ""
    assert done.stdout == (
        "✓ Model loaded: FeedForwardNetwork\n"
        "  inputs are scaled as the card says\n"
        "✓ Data loaded: (1, 4)\n"
        "  inputs: sepal_length, sepal_width, petal_length, petal_width (by the names of the card); "
        "expected values: none\n"
        "✓ Prediction: 0.000026 (setosa), 0.010715 (versicolor), 0.989259 (virginica) -> virginica\n"
        "ACTIVATION COMPLETE\n"
    )
    assert done.returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["prediction.csv", "prediction.json"]


@pytest.mark.slow
def test_the_course_files_give_the_recorded_predictions(run: Run) -> None:
    done = run(COURSE / "currentSolution.pkl", COURSE / "currentActivation.csv")
    lines = done.stdout.splitlines()
    assert lines[:5] == [
        "✓ Model loaded: FeedForwardNetwork",
        "  inputs are not scaled (no card)",
        "✓ Data loaded: (1, 2)",
        "  inputs: x (by position); expected values: y",
        "✓ Prediction: 0.207093",
    ]
    assert lines[5].startswith("  Compared with the expected outputs: mse 0.0028")
    assert lines[6:] == ["ACTIVATION COMPLETE"]


@pytest.mark.slow
def test_a_short_run_that_requests_a_gpu_reports_the_cpu(run: Run, tmp_path: Path) -> None:
    plain = run()
    written = (tmp_path / "out" / "prediction.csv").read_bytes()
    done = run(COMPUTE_DEVICE="gpu")
    assert (tmp_path / "out" / "prediction.csv").read_bytes() == written
    added = [line for line in done.stdout.splitlines() if line not in plain.stdout.splitlines()]
    assert len(added) == 1
    assert added[0].startswith("  Computed on the CPU: for this network, a GPU is tried from ")
    report = json.loads((tmp_path / "out" / "prediction.json").read_text(encoding="utf-8"))
    assert report["prediction"]["computed"] == added[0].strip()


@pytest.mark.slow
def test_an_unknown_device_is_an_error_that_names_the_variable(run: Run) -> None:
    done = run(COMPUTE_DEVICE="tpu")
    assert done.returncode == 2
    assert "COMPUTE_DEVICE is 'tpu'.\n  Set it to cpu or gpu, or unset it." in done.stderr


@pytest.mark.slow
def test_for_many_rows_the_first_ones_and_a_count_are_shown(run: Run, tmp_path: Path) -> None:
    done = run(data=IRIS / "activation_all.csv")
    lines = done.stdout.splitlines()
    assert lines[2] == "✓ Data loaded: (150, 7)"
    assert sum(line.startswith("✓ Prediction: ") for line in lines) == 5
    assert lines[9] == f"  ... 150 rows in total, in {tmp_path / 'out' / 'prediction.csv'}"
    assert "accuracy 0.966667" in lines[10]
    assert lines[-1] == "ACTIVATION COMPLETE"


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "latin1", "cp1252"])
def test_marks_are_ascii_if_the_encoding_requires_it(encoding: str, run: Run) -> None:
    done = run(PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert done.stdout.startswith(
        "[OK] Model loaded: FeedForwardNetwork\n  inputs are scaled as the card says\n"
        "[OK] Data loaded: (1, 4)\n  inputs: "
    )
    failed = run(data=IRIS / "nope.csv", PYTHONIOENCODING=encoding)
    assert failed.stderr.startswith("[FAILED] The activation file ")


@pytest.mark.slow
def test_a_name_outside_the_encoding_is_escaped(run: Run, tmp_path: Path) -> None:
    model = tmp_path / "model.pkl"
    model.write_bytes((COURSE / "currentSolution.pkl").read_bytes())
    model.with_name("model.card.json").write_text('{"outputs": [{"name": "Höhe"}]}', encoding="utf-8")
    done = run(model, COURSE / "currentActivation.csv", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "[OK] Prediction: 0.207093 (H\\xf6he)\n" in done.stdout
    assert "Höhe" in (tmp_path / "out" / "prediction.csv").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "MODEL_PATH",
        "DATA_PATH",
        "OUTPUT_PATH",
        "INPUT_COLUMNS",
        "TARGET_COLUMNS",
        "IGNORE_CARD_NAMES",
        "SCALE_INPUTS",
        "SCALE_OUTPUTS",
        "CPU_THREADS",
    ],
)
def test_a_variable_that_is_set_but_empty_is_wrong_usage(name: str, run: Run) -> None:
    done = run(**{name: ""})
    assert done.returncode == 2
    assert done.stderr.startswith(f"✗ {name} is set, but empty.\n")
    assert done.stdout == ""


@pytest.mark.slow
def test_columns_are_selected_by_name(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "a.csv"
    data.write_text("d,c,b,a,note\n1.9,5.1,2.7,5.8,text\n")
    done = run(data=data, INPUT_COLUMNS="a, b, c, d")
    assert done.returncode == 0, done.stderr
    assert "-> virginica" in done.stdout and "✓ Data loaded: (1, 5)" in done.stdout


@pytest.mark.slow
def test_card_names_can_be_ignored_with_a_variable(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "a.csv"
    data.write_text("petal_width,petal_length,sepal_width,sepal_length\n1.9,5.1,2.7,5.8\n")
    done = run(data=data)
    assert done.returncode == 65
    assert "has the inputs in a different order" in done.stderr and "IGNORE_CARD_NAMES=1" in done.stderr
    done = run(data=data, IGNORE_CARD_NAMES="1")
    assert done.returncode == 0
    assert "(by position, the names of the card are ignored); expected values: none" in done.stdout


@pytest.mark.slow
def test_scaling_in_companions_is_reported_and_used_on_request(run: Run, tmp_path: Path) -> None:
    np.random.seed(4)
    network = buildNetwork(1, 2, 1)
    (tmp_path / "net.pkl").write_bytes(pickle.dumps({"net": network, "x_min": 0.0, "x_max": 10.0}, 2))
    (tmp_path / "a.csv").write_text("x\n5\n")
    done = run(tmp_path / "net.pkl", tmp_path / "a.csv")
    assert done.stdout.splitlines()[1] == "  inputs are not scaled (no card)"
    assert done.stdout.splitlines()[2] == (
        "  Scaling values found beside the network, but not used: x_min, x_max. To use them: SCALE_INPUTS=x_min..x_max"
    )
    assert f"✓ Prediction: {network.activate([5.0])[0]:.6f}\n" in done.stdout
    done = run(tmp_path / "net.pkl", tmp_path / "a.csv", SCALE_INPUTS="x_min..x_max")
    assert done.stdout.splitlines()[1] == "  inputs are scaled by x_min..x_max"
    assert f"✓ Prediction: {network.activate([0.5])[0]:.6f}\n" in done.stdout
    assert run(SCALE_INPUTS="a..b").returncode == 2  # the card scales already


@pytest.mark.slow
def test_invalid_data_exits_with_65_and_leaves_no_file(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "activation_data.csv"
    data.write_text("1,2,x,4\n1,2,3,4\n")
    data.write_text("sepal_length,sepal_width,petal_length,petal_width\n1,2,x,4\n")
    done = run(data=data)
    assert done.returncode == 65
    assert done.stderr.startswith(
        "✗ activation_data.csv line 2, column 3 (petal_length): 'x' is not a number."
    )
    assert "Traceback" not in done.stderr
    assert "ACTIVATION COMPLETE" not in done.stdout
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.slow
def test_a_malicious_model_exits_with_65_and_is_not_executed(run: Run, tmp_path: Path) -> None:
    model = tmp_path / "currentSolution.pkl"
    model.write_bytes(f"cos\nsystem\n(S'touch {tmp_path / 'canary'}'\ntR.".encode())
    done = run(model)
    assert done.returncode == 65
    assert done.stderr == (
        "✗ currentSolution.pkl refers to os.system, which is not on the allow-list; "
        "the file was not executed.\n"
    )
    assert not (tmp_path / "canary").exists()


@pytest.mark.slow
def test_a_missing_input_exits_with_66_and_is_reported(run: Run, tmp_path: Path) -> None:
    done = run(data=tmp_path / "nope.csv")
    assert done.returncode == 66
    assert done.stderr.startswith(f"✗ The activation file {tmp_path / 'nope.csv'} was not found.")


@pytest.mark.slow
def test_without_inputs_the_program_explains_its_usage(run: Run, tmp_path: Path) -> None:
    done = run(tmp_path / "a.pkl", tmp_path / "b.csv")
    assert done.returncode == 66
    assert "This is the codebase container" in done.stderr
    assert f"knowledge:  {tmp_path / 'a.pkl'}  (MODEL_PATH)" in done.stderr
    assert "docker-compose up --abort-on-container-exit" in done.stderr


@pytest.mark.slow
def test_an_unwritable_output_exits_with_73(run: Run, tmp_path: Path) -> None:
    done = run(OUTPUT_PATH=str(tmp_path / "nowhere" / "prediction.csv"))
    assert done.returncode == 73
    assert "cannot be written: no such file or directory." in done.stderr
    assert "ACTIVATION COMPLETE" not in done.stdout


@pytest.mark.slow
def test_an_internal_error_exits_with_70_and_one_line(tmp_path: Path) -> None:
    code = (
        "import sys; from pybrain_runtime.container.program import run_program\n"
        "def job(settings, report): raise ZeroDivisionError('oops')\n"
        "sys.exit(run_program(job))"
    )
    environment = os.environ | {"MODEL_PATH": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 70
    assert done.stderr.startswith("✗ Internal error: ZeroDivisionError: oops\n")
    assert "Traceback" not in done.stderr
    environment["APP07_DEBUG"] = "1"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, encoding="utf-8"
    )
    assert "Traceback" in done.stderr


@pytest.mark.slow
def test_debug_shows_a_traceback_of_a_user_error(run: Run, tmp_path: Path) -> None:
    done = run(data=tmp_path / "nope.csv", APP07_DEBUG="1")
    assert done.returncode == 66
    assert "Traceback" in done.stderr and "✗ The activation file" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signals_terminate_the_program_with_their_status(number: int, status: int, tmp_path: Path) -> None:
    code = (
        "import sys, time; from pybrain_runtime.container.program import run_program\n"
        "def job(settings, report):\n    print('ready', flush=True); time.sleep(60)\n"
        "sys.exit(run_program(job))"
    )
    environment = os.environ | {"MODEL_PATH": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    start = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == status
    assert time.monotonic() - start < 5
    assert "Traceback" not in errors


@pytest.mark.slow
def test_a_closed_pipe_prints_no_traceback(tmp_path: Path) -> None:
    environment = os.environ | {
        "MODEL_PATH": str(IRIS / "currentSolution.pkl"),
        "DATA_PATH": str(IRIS / "activation_all.csv"),
        "OUTPUT_PATH": str(tmp_path / "prediction.csv"),
    }
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, str(PROGRAM)], env=environment, stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode == 141


@pytest.mark.slow
def test_no_large_library_is_imported(run: Run) -> None:
    done = run(PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    assert {"numpy", "pybrain_runtime.engine.compiled_network", "json"} <= loaded
    heavy = [
        "pathlib",
        "csv",
        "tempfile",
        "random",
        "logging",
        "argparse",
        "bz2",
        "zlib",
        "xml",
        "decimal",
        "asyncio",
        "traceback",
    ]
    assert not loaded & set(heavy)
    assert not {name for name in loaded if name.split(".")[0] in {"pybrain", "pipeline", "scipy"}}


@pytest.mark.parametrize("module", ["pybrain_runtime", "pybrain_runtime.errors", "pybrain_runtime.limits"])
def test_the_package_is_imported_without_numpy(module: str) -> None:
    code = f"import sys, {module}; print([n for n in sys.modules if n.startswith('numpy')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_public_name_can_be_imported() -> None:
    import pybrain_runtime

    for name in pybrain_runtime.__all__:
        assert getattr(pybrain_runtime, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = pybrain_runtime.nonsense


@pytest.mark.slow
def test_columns_to_keep_and_the_class_as_text_come_from_variables(run: Run, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    row = {
        "sepal_length": 5.1,
        "sepal_width": 3.5,
        "petal_length": 1.4,
        "petal_width": 0.2,
        "Species": "setosa",
    }
    rows.write_text(json.dumps({"id": "two\nlines", **row}) + "\n", encoding="utf-8")
    done = run(data=rows, KEEP_COLUMNS="id", TARGET_COLUMNS="Species")
    assert (done.returncode, done.stderr) == (0, "")
    assert "expected class: Species; passed through: id" in done.stdout
    header, *content = (tmp_path / "out/prediction.csv").read_text(encoding="utf-8").splitlines()
    assert header.split(",")[0] == "id"
    assert header.split(",")[-2:] == ["predicted_class", "expected_class"]
    assert content[0] == '"two'
    assert content[1].endswith(",setosa,setosa")
    report = json.loads((tmp_path / "out/prediction.json").read_text(encoding="utf-8"))
    assert report["errors"] == {"accuracy": 1.0, "correct": 1}
    assert report["activation"]["columns_used"]["kept"] == ["id"]
    empty = run(data=rows, KEEP_COLUMNS="")
    assert (empty.returncode, empty.stderr.splitlines()[0]) == (2, "✗ KEEP_COLUMNS is set, but empty.")


def test_the_program_is_short_and_readable() -> None:
    assert len(PROGRAM.read_text(encoding="utf-8").splitlines()) <= 70


def test_the_garbage_collector_runs_once_the_imports_are_done() -> None:
    program = """
import gc
gc.disable()
from pybrain_runtime.container.program import run_program
run_program(lambda settings, report: print(gc.isenabled(), gc.get_freeze_count() > 1000))
"""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PROGRAM.parent),
        "MODEL_PATH": str(IRIS / "currentSolution.pkl"),
        "DATA_PATH": str(IRIS / "currentActivation.csv"),
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.stdout == "True True\n", done.stderr
