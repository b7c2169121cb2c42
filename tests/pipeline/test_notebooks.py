"""The notebooks in examples/notebooks run unchanged and print the expected output; networks are displayed as HTML."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas
import pytest

from pybrain.tools.shortcuts import buildNetwork
from pybrain_runtime import inspect_file, load_knowledge
from pybrain_runtime.errors import ActivationError
from pybrain_runtime.knowledge import Knowledge

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "examples" / "notebooks"
IRIS = ROOT / "models" / "iris.pkl"
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


@pytest.fixture
def iris() -> Knowledge:
    return load_knowledge(IRIS)


@pytest.fixture
def flowers() -> pandas.DataFrame:
    return pandas.read_csv(ROOT / "data" / "iris_150.csv")


def run_notebook(name: str, folder: Path) -> list[str]:
    """Run the cells of a notebook in one program, and return what they print."""
    place = folder / "examples" / "notebooks"
    place.mkdir(parents=True, exist_ok=True)
    for shared in ("models", "data"):
        if not (folder / shared).exists():
            (folder / shared).symlink_to(ROOT / shared)
    cells = json.loads((NOTEBOOKS / name).read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("first_steps.ipynb", ["145 of 150", "150 rows"]),
        (
            "from_pybrain_to_onnx.ipynb",
            [
                "error below 0.01: True",
                "256 rows compared, difference below 1e-12: True",
                "the same outputs: True",
            ],
        ),
    ],
)
def test_a_notebook_runs_and_prints_what_it_promises(tmp_path: Path, name: str, printed: list[str]) -> None:
    assert run_notebook(name, tmp_path) == printed
    assert run_notebook(name, tmp_path) == printed, "a second time, over the files of the first"


def test_notebooks_are_kept_without_outputs() -> None:
    for path in NOTEBOOKS.glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells), path.name


def test_a_frame_is_predicted_by_the_names_of_the_card(iris: Knowledge, flowers: pandas.DataFrame) -> None:
    shuffled = flowers[[*reversed(NAMES), "setosa"]].sample(frac=1, random_state=1)
    predicted = iris.predict(shuffled)
    assert list(predicted.columns) == ["setosa", "versicolor", "virginica", "predicted_class"]
    assert list(predicted.index) == list(shuffled.index)
    outputs = predicted[["setosa", "versicolor", "virginica"]].sort_index().to_numpy()
    assert np.array_equal(outputs, iris.session().activate(flowers[NAMES].to_numpy()))
    assert (predicted["predicted_class"].sort_index()[:50] == "setosa").all()


def test_a_frame_without_rows_gives_a_frame_with_all_columns(
    iris: Knowledge, flowers: pandas.DataFrame
) -> None:
    assert list(iris.predict(flowers[:0]).columns) == list(iris.predict(flowers[:1]).columns)


WITH_POLARS = """
import polars
from pybrain_runtime import load_knowledge
from pybrain_runtime.errors import ActivationError

iris = load_knowledge("models/iris.pkl")
flowers = polars.read_csv("data/iris_150.csv")
predicted = iris.predict(flowers.select(reversed(flowers.columns)))
print(type(predicted).__module__.partition(".")[0], predicted.columns, predicted.height)
rows = flowers.select(iris.input_names).to_numpy()
print((predicted.select(iris.output_names).to_numpy() == iris.activate(rows)).all())
print(predicted["predicted_class"].value_counts(sort=True).row(0), predicted.schema["predicted_class"])
print(iris.predict(flowers.head(0)).shape)
for frame in (flowers.drop("petal_width"), flowers.with_columns(petal_width=None), flowers.lazy()):
    try:
        iris.predict(frame)
    except ActivationError as error:
        print(error.message)
"""


@pytest.mark.slow
def test_a_polars_dataframe_gives_a_polars_dataframe() -> None:
    """In a separate process, because polars starts threads when it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", WITH_POLARS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == [
        "polars ['setosa', 'versicolor', 'virginica', 'predicted_class'] 150",
        "True",
        "('virginica', 51) String",
        "(0, 4)",
        "The frame lacks 1 input of iris.pkl: petal_width; it has sepal_length, sepal_width, petal_length, setosa, "
        "versicolor, virginica.",
        "The rows have missing or infinite values.",
        "The frame is lazy: its rows are not computed yet.",
    ], done.stderr


def test_an_array_is_predicted_as_an_array(iris: Knowledge, flowers: pandas.DataFrame) -> None:
    rows = flowers[NAMES].to_numpy()
    assert np.array_equal(iris.predict(rows), iris.session().activate(rows))


def test_a_frame_without_names_is_used_by_position(iris: Knowledge, flowers: pandas.DataFrame) -> None:
    plain = pandas.DataFrame(flowers[NAMES].to_numpy())
    assert iris.predict(plain).equals(iris.predict(flowers))


def test_a_frame_for_a_network_without_a_card_is_used_by_position() -> None:
    course = load_knowledge(ROOT / "models" / "course.pkl")
    predicted = course.predict(pandas.DataFrame({"anything": [0.1, 0.2]}))
    assert list(predicted.columns) == ["prediction"]
    assert np.array_equal(predicted["prediction"], course.activate([[0.1], [0.2]])[:, 0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda frame: frame.drop(columns="petal_width"),
            "The frame lacks 1 input of iris.pkl: petal_width; it has sepal_length, sepal_width, petal_length, setosa, "
            "versicolor, virginica.",
        ),
        (lambda frame: frame.assign(petal_width=np.nan), "The rows have missing or infinite values."),
        (lambda frame: frame.assign(petal_width="wide"), "The rows have values that are not numbers."),
        (
            lambda frame: pandas.DataFrame(frame.to_numpy()),
            "The rows have shape (150, 7); iris.pkl takes 4 columns: sepal_length, sepal_width, petal_length, "
            "petal_width.",
        ),
    ],
)
def test_a_frame_that_does_not_match_the_network_is_refused(
    iris: Knowledge, flowers: pandas.DataFrame, change, said: str
) -> None:
    with pytest.raises(ActivationError) as error:
        iris.predict(change(flowers))
    assert error.value.message == said


def shown(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_notebook_shows_a_network_with_names_scaling_and_drawing(iris: Knowledge) -> None:
    page = iris._repr_html_()
    assert shown(page) == (
        "FeedForwardNetwork, 4 inputs, 3 outputs, 51 parameters file iris.pkl "
        "inputs sepal_length, sepal_width, petal_length, petal_width outputs setosa, versicolor, virginica "
        "scaling inputs are scaled as the card says"
    )
    assert "src='data:image/svg+xml;base64," in page
    assert iris._repr_svg_().startswith("<svg")


def test_a_notebook_shows_why_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "<b>.pkl"
    path.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    page = inspect_file(path)._repr_html_()
    assert "<b>.pkl" not in page
    assert shown(page).startswith("refused file")
    assert "os.system" in shown(page)


def test_a_notebook_shows_the_modules_and_connections_of_a_network_of_the_library() -> None:
    page = buildNetwork(2, 3, 1, bias=True)._repr_html_()
    assert "in LinearLayer 2 2 0" in shown(page)
    assert "hidden0 out FullConnection 3" in shown(page)
