"""Options and variables select networks and rows; a wrong selection lists the available files."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import InputMissing, PipelineError, UsageError
from common.project import Layout
from pipeline.prepared_files import Selection
from pipeline.stages.selection import select


@pytest.fixture
def project(tmp_path: Path) -> Layout:
    """Return a project with three networks and two in models/; the files are never opened."""
    root = tmp_path / "project"
    for name in (
        "container1_activationbase/currentActivation.csv",
        "container2_knowledgebase/currentSolution.pkl",
        "container2_knowledgebase/alternative_model.pkl",
        "models/iris.pkl",
        "models/iris.card.json",
        "models/model_v2.pkl",
        "models/README.md",
        "data/rows.csv",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return Layout(root.resolve())


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Return a folder beside the project, with a network and rows."""
    folder = (tmp_path / "elsewhere").resolve()
    folder.mkdir()
    (folder / "new_model.pkl").touch()
    (folder / "rows.csv").touch()
    return folder


def chosen(
    project: Layout, model: str | None = None, data: str | None = None, **environment: str
) -> Selection:
    return select(project, environment, model=model, data=data)


def refusal(
    project: Layout, model: str | None = None, data: str | None = None, **environment: str
) -> PipelineError:
    with pytest.raises(PipelineError) as refused:
        chosen(project, model, data, **environment)
    return refused.value


def test_by_default_the_projects_own_files_are_selected(project: Layout) -> None:
    selection = chosen(project)
    assert selection.model == project.own_knowledge
    assert selection.data == project.own_activation
    assert selection.model_from == selection.data_from == "the project's own"


def test_an_empty_variable_selects_nothing_as_in_compose(project: Layout) -> None:
    assert chosen(project, MODEL_PATH="", MODEL_NAME="", MODEL_FILE="", DATA_PATH="") == chosen(project)


def test_model_path_is_relative_to_the_compose_file(
    project: Layout, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    selection = chosen(project, MODEL_PATH="../elsewhere/new_model.pkl", DATA_PATH="../elsewhere/rows.csv")
    assert (selection.model, selection.model_from) == (elsewhere / "new_model.pkl", "MODEL_PATH")
    assert (selection.data, selection.data_from) == (elsewhere / "rows.csv", "DATA_PATH")


def test_an_option_is_relative_to_the_working_directory(
    project: Layout, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(elsewhere)
    selection = chosen(project, model="./new_model.pkl", data="rows.csv")
    assert (selection.model, selection.model_from) == (elsewhere / "new_model.pkl", "--model")
    assert (selection.data, selection.data_from) == (elsewhere / "rows.csv", "--data")


def test_a_file_in_the_working_directory_can_be_named_without_a_folder(
    project: Layout, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(elsewhere)
    assert chosen(project, model="new_model.pkl").model == elsewhere / "new_model.pkl"


def test_a_tilde_is_expanded_to_the_home_folder(
    project: Layout, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(elsewhere))
    selection = chosen(project, model="~/new_model.pkl", data="~/rows.csv")
    assert (selection.model, selection.data) == (elsewhere / "new_model.pkl", elsewhere / "rows.csv")


@pytest.mark.parametrize("name", ["model_v2", "model_v2.pkl"])
def test_a_name_selects_a_file_in_models_with_or_without_its_suffix(
    project: Layout, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    by_option, by_variable = chosen(project, model=name), chosen(project, MODEL_NAME=name)
    assert by_option.model == by_variable.model == project.models / "model_v2.pkl"
    assert (by_option.model_from, by_variable.model_from) == ("--model", "MODEL_NAME")


def test_the_projects_own_network_can_be_selected_by_name(project: Layout) -> None:
    assert chosen(project, MODEL_NAME="currentSolution.pkl").model == project.own_knowledge


def test_model_file_is_a_file_of_the_knowledge_folder(project: Layout) -> None:
    selection = chosen(project, MODEL_FILE="alternative_model.pkl")
    assert selection.model == project.own_knowledge.with_name("alternative_model.pkl")
    assert selection.model_from == "MODEL_FILE"


def test_with_a_path_the_name_is_only_a_label(project: Layout, elsewhere: Path) -> None:
    selection = chosen(project, MODEL_PATH="../elsewhere/new_model.pkl", MODEL_NAME="model_of_tomorrow")
    assert (selection.model, selection.model_from) == (elsewhere / "new_model.pkl", "MODEL_PATH")


def test_option_path_name_and_file_are_considered_in_this_order(project: Layout, elsewhere: Path) -> None:
    choices = {
        "MODEL_PATH": "../elsewhere/new_model.pkl",
        "MODEL_NAME": "iris",
        "MODEL_FILE": "alternative_model.pkl",
    }
    assert chosen(project, model="model_v2", **choices).model_from == "--model"
    assert chosen(project, **choices).model_from == "MODEL_PATH"
    choices["MODEL_PATH"] = ""
    assert chosen(project, **choices).model_from == "MODEL_NAME"
    choices["MODEL_NAME"] = ""
    assert chosen(project, **choices).model_from == "MODEL_FILE"


def test_an_option_for_the_rows_overrides_the_variable(project: Layout, elsewhere: Path) -> None:
    selection = chosen(project, data=str(elsewhere / "rows.csv"), DATA_PATH="data/rows.csv")
    assert selection.data == elsewhere / "rows.csv"


def test_a_link_is_resolved_to_its_target(project: Layout, elsewhere: Path) -> None:
    (project.models / "linked.pkl").symlink_to(elsewhere / "new_model.pkl")
    assert chosen(project, model="linked").model == elsewhere / "new_model.pkl"


@pytest.mark.parametrize("how", ["option", "variable"])
def test_an_unknown_name_is_refused_and_known_names_are_listed(
    project: Layout, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    refused = refusal(project, model="irsi") if how == "option" else refusal(project, MODEL_NAME="irsi")
    said = {"option": "--model irsi", "variable": "MODEL_NAME=irsi"}[how]
    assert isinstance(refused, InputMissing)
    assert refused.status == 66
    assert str(refused) == (
        f"{said}: there is no such network; models/ has: iris.pkl, model_v2.pkl\n"
        "  Specify one of these names, or a path to a file."
    )


def test_an_empty_or_missing_models_folder_is_reported(project: Layout) -> None:
    for path in list(project.models.iterdir()):
        path.unlink()
    assert "models/ has: none" in refusal(project, MODEL_NAME="iris").message
    project.models.rmdir()
    assert "models/ has: none" in refusal(project, MODEL_NAME="iris").message


@pytest.mark.parametrize("name", ["../elsewhere/new_model.pkl", "/tmp/net.pkl", "models\\iris.pkl"])
def test_a_path_given_as_a_name_is_wrong_usage(project: Layout, elsewhere: Path, name: str) -> None:
    refused = refusal(project, MODEL_NAME=name)
    assert isinstance(refused, UsageError)
    assert refused.status == 2
    assert str(refused) == (
        f"MODEL_NAME={name} is a path; expected the name of a file in models/\n  For a path, use MODEL_PATH or --model."
    )


@pytest.mark.parametrize("empty", ["", "  "])
@pytest.mark.parametrize("option", ["model", "data"])
def test_an_empty_option_is_wrong_usage(project: Layout, option: str, empty: str) -> None:
    refused = refusal(project, **{option: empty})
    assert refused.status == 2
    assert str(refused) == f"--{option} is empty\n  Specify a file, or omit the option."


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"model": "{0}/missing.pkl"}, "--model {0}/missing.pkl"),
        ({"data": "{0}/missing.csv"}, "--data {0}/missing.csv"),
        ({"MODEL_PATH": "{0}/missing.pkl"}, "MODEL_PATH={0}/missing.pkl"),
        ({"DATA_PATH": "{0}/missing.csv"}, "DATA_PATH={0}/missing.csv"),
    ],
)
def test_a_missing_file_is_reported_with_the_files_in_its_folder(
    project: Layout, elsewhere: Path, choice: dict[str, str], said: str
) -> None:
    refused = refusal(project, **{key: value.format(elsewhere) for key, value in choice.items()})
    assert refused.status == 66
    assert str(refused) == (
        f"{said.format(elsewhere)}: there is no such file\n  {elsewhere} has: new_model.pkl, rows.csv."
    )


def test_a_missing_model_file_is_reported_with_the_files_in_its_folder(project: Layout) -> None:
    refused = refusal(project, MODEL_FILE="missing.pkl")
    assert refused.message == "MODEL_FILE=missing.pkl: there is no such file"
    assert "has: alternative_model.pkl, currentSolution.pkl." in refused.hint


def test_a_missing_folder_is_reported(project: Layout, tmp_path: Path) -> None:
    refused = refusal(project, data=str(tmp_path / "nowhere" / "rows.csv"))
    assert refused.hint == f"The folder {tmp_path / 'nowhere'} does not exist either."


def test_long_lists_of_files_are_shortened(project: Layout, elsewhere: Path) -> None:
    for number in range(20):
        (elsewhere / f"a{number:02}.csv").touch()
    hint = refusal(project, data=str(elsewhere / "missing.csv")).hint
    assert hint.endswith("a10.csv, a11.csv and 10 more.")


@pytest.mark.parametrize(
    ("choice", "said", "what"),
    [
        ({"model": "{0}"}, "--model {0}", "network"),
        ({"data": "{0}"}, "--data {0}", "CSV file"),
        ({"MODEL_PATH": "{0}"}, "MODEL_PATH={0}", "network"),
        ({"DATA_PATH": "{0}"}, "DATA_PATH={0}", "CSV file"),
    ],
)
def test_a_folder_in_place_of_a_selected_file_is_refused(
    project: Layout, elsewhere: Path, choice: dict[str, str], said: str, what: str
) -> None:
    refused = refusal(project, **{key: value.format(elsewhere) for key, value in choice.items()})
    assert refused.status == 66
    assert refused.message == f"{said.format(elsewhere)} is a folder; a {what} was expected"
    assert refused.path == str(elsewhere)
