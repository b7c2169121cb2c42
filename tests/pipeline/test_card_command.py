"""`App07.py card`, and notes about cards and scaling."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.project import PROJECT, Layout
from pybrain_runtime import load_knowledge

Drive = Callable[..., Any]
PAGE = (PROJECT.root / "docs" / "model-card.md").read_text("utf-8")


@pytest.fixture
def here(checkout: Layout, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the checkout as working directory, with a copy of the default network that has no card."""
    monkeypatch.chdir(checkout.root)
    shutil.copy(checkout.models / "iris.pkl", "flower.pkl")
    return checkout.root


@pytest.fixture
def species(here: Path) -> str:
    """Return a typical file: a number for each row, the measurements, and the species as text."""
    with (here / "data" / "iris_150.csv").open() as file:
        header, *rows = csv.reader(file)
    names = [f"Iris-{name}" for name in header[4:]]
    with Path("Iris.csv").open("w") as file:
        writer = csv.writer(file)
        writer.writerow(["Id", *header[:4], "Species"])
        writer.writerows([place, *row[:4], names[row[4:].index("1")]] for place, row in enumerate(rows, 1))
    return "Iris.csv"


def card_of(path: str) -> Any:
    return json.loads(Path(path).read_text("utf-8"))


def test_the_page_shows_the_output_and_every_option(here: Path, drive: Drive, capsys: Any) -> None:
    shown = PAGE.split("--data data/course_80.csv -->\n```\n")[1].split("```")[0]
    assert drive("card", "models/course.pkl", "--data", "data/course_80.csv").out == shown
    with pytest.raises(SystemExit):
        drive("card", "--help")
    for option in ("--data", "--scale", "--input-columns", "--target-columns", "--pick", "--json"):
        assert option in PAGE and option in capsys.readouterr().out + PAGE


def test_the_shortest_card_of_the_page_is_read(here: Path) -> None:
    Path("flower.card.json").write_text(PAGE.split("```json\n")[1].split("```")[0])
    card = load_knowledge("flower.pkl").card
    assert card is not None and card.class_column == "Species"
    assert (
        [column.name for column in card.outputs] == list(card.labels) == ["setosa", "versicolor", "virginica"]
    )


def test_a_card_without_rows_is_a_template_that_changes_nothing(here: Path, drive: Drive) -> None:
    assert drive("card", "flower.pkl").status == 0
    card = card_of("flower.card.json")
    assert len(card["inputs"]) == 4 and len(card["outputs"]) == 3
    assert {(c["name"], c["mean"], c["scale"]) for c in card["inputs"]} == {("", 0.0, 1.0)}
    row = [[5.8, 2.7, 5.1, 1.9]]
    plain = load_knowledge(here / "flower.pkl").activate(row)
    Path("flower.card.json").unlink()
    assert np.array_equal(load_knowledge("flower.pkl").activate(row), plain)


def test_classes_are_matched_by_the_rows_and_inputs_are_scaled_on_request(species: str, drive: Drive) -> None:
    columns = "sepal_length,sepal_width,petal_length,petal_width"
    seen = drive("card", "flower.pkl", "--data", species, "--scale", "--input-columns", columns)
    assert seen.status == 0
    assert (
        "classes     Iris-setosa, Iris-versicolor, Iris-virginica (column Species; accuracy 0.96" in seen.out
    )
    card = card_of("flower.card.json")
    assert card["labels"] == ["Iris-setosa", "Iris-versicolor", "Iris-virginica"]
    assert (card["class_column"], card["task"]) == ("Species", "classification")
    lengths = [float(line.split(",")[3]) for line in Path(species).read_text().splitlines()[1:]]
    assert card["inputs"][2] == {
        "name": "petal_length",
        "mean": pytest.approx(np.mean(lengths)),
        "scale": pytest.approx(np.std(lengths)),
    }


def test_rows_may_be_an_excel_workbook(here: Path, drive: Drive) -> None:
    data = str(PROJECT.root / "tests/fixtures/excel/openpyxl.xlsx")
    columns = "sepal_length,sepal_width,petal_length,petal_width"
    seen = drive("card", "flower.pkl", "--data", data, "--input-columns", columns)
    assert (seen.status, seen.err) == (0, "")
    assert [column["name"] for column in card_of("flower.card.json")["inputs"]] == columns.split(",")


def test_unclear_columns_have_to_be_named(species: str, drive: Drive) -> None:
    seen = drive("card", "flower.pkl", "--data", species)
    assert seen.status == 65 and "--input-columns" in seen.err
    assert "Id, sepal_length, sepal_width, petal_length, petal_width, Species" in seen.err
    assert not Path("flower.card.json").exists()


def test_classes_that_do_not_match_are_left_out(species: str, drive: Drive) -> None:
    text = Path(species).read_text().replace("Iris-setosa", "Iris-virginica")
    Path("two.csv").write_text(text)
    columns = "sepal_length,sepal_width,petal_length,petal_width"
    seen = drive("card", "flower.pkl", "--data", "two.csv", "--input-columns", columns)
    assert seen.status == 0 and "classes     none" in seen.out
    assert "labels" not in card_of("flower.card.json")


def test_a_card_is_never_overwritten(here: Path, drive: Drive) -> None:
    before = Path("models/iris.card.json").read_bytes()
    for name in ("iris", "models/iris.pkl"):
        seen = drive("card", name, "--data", "data/iris_150.csv")
        assert seen.status == 73 and "a card is never overwritten" in seen.err
    assert Path("models/iris.card.json").read_bytes() == before
    Path("flower.card.json").symlink_to("nowhere")
    assert drive("card", "flower.pkl").status == 73
    assert not Path("nowhere").exists()


def test_means_without_rows_are_wrong_usage(here: Path, drive: Drive) -> None:
    seen = drive("card", "flower.pkl", "--scale")
    assert seen.status == 2 and "--data" in seen.err


@pytest.mark.parametrize(
    "words",
    [
        ("inspect", "flower.pkl"),
        ("activate", "flower.pkl", "data/iris.csv"),
        ("prepare", "--model", "flower.pkl", "--data", "data/iris.csv"),
    ],
)
def test_a_copy_of_a_network_without_its_card_is_reported(
    words: tuple[str, ...], here: Path, drive: Drive
) -> None:
    seen = drive(*words)
    assert seen.status == 0
    assert "models/iris.card.json is the card of the same network, but is not used" in seen.err
    assert "inputs are not scaled" in seen.out
    command = seen.err.split("To use it: ")[1].split()
    shutil.copy(command[1], command[2])
    seen = drive(*words)
    assert seen.err == "" and "scaled" in seen.out and "not scaled" not in seen.out


def test_a_network_without_a_copy_has_no_note(here: Path, drive: Drive) -> None:
    seen = drive("activate", "models/course.pkl", "data/course_80.csv")
    assert seen.err == "" and "1 input, 1 output; inputs are not scaled (no card)" in seen.out


def test_commands_accept_the_name_of_a_network(here: Path, drive: Drive) -> None:
    assert drive("inspect", "iris").out.startswith("models/iris.pkl\n")
    assert drive("activate", "course", "data/course_80.csv").status == 0
    assert drive("convert", "course.pkl", "--to", "npz", "--output", "c.npz").status == 0
    seen = drive("inspect", "irs")
    assert seen.status == 66 and "models/ has: course.pkl, digits.pkl, iris.pkl" in seen.err


@pytest.mark.parametrize(
    "words",
    [
        ("inspect", r"C:\Users\me\net.pkl"),
        ("activate", "iris", r"C:\Users\me\net.pkl"),
        ("prepare", "--data", "C:/Users/me/net.pkl"),
        ("prepare", "--model", r"c:\Users\me\net.pkl"),
    ],
)
def test_a_windows_path_is_refused_with_the_path_under_wsl(
    words: tuple[str, ...], here: Path, drive: Drive
) -> None:
    seen = drive(*words)
    assert seen.status == 66 and "Under WSL it is /mnt/c/Users/me/net.pkl" in seen.err
