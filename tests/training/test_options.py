"""Options come from the command line, the environment, a TOML file, and the defaults, in this order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from common.project import PROJECT
from pybrain_runtime.errors import InputMissing
from tests.training.runs import IRIS, program
from training.errors import OptionError
from training.option_sources import resolve
from training.options import TrainingOptions, flag, table, variable
from training.search_options import search_table


def test_defaults_without_any_source() -> None:
    assert resolve({}, {"PATH": "/bin"}) == TrainingOptions()


def test_the_command_line_overrides_the_environment_and_both_override_the_file(tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text('epochs = 10\nseed = 10\nhidden = [3, 2]\nlearning-rate = 0.5\ntarget = "kind"\n')
    options = resolve({"config": str(config), "epochs": 30}, {"TRAIN_EPOCHS": "20", "TRAIN_SEED": "20"})
    assert (options.epochs, options.seed, options.hidden) == (30, 20, (3, 2))
    assert (options.learning_rate, options.target) == (0.5, ("kind",))


def test_the_environment_may_select_the_file(tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text("plots = false\n")
    assert not resolve({}, {"TRAIN_CONFIG": str(config)}).plots


def test_an_unknown_key_is_an_error_that_suggests_a_similar_one(tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text("learnig_rate = 0.1\n")
    with pytest.raises(OptionError, match=r"no option 'learnig_rate'.\n.*Did you mean learning_rate\?"):
        resolve({"config": str(config)}, {})
    with pytest.raises(OptionError, match=r"TRAIN_EPOCH is not a known option.\n.*TRAIN_EPOCHS"):
        resolve({}, {"TRAIN_EPOCH": "5"})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("epochs", "many", "TRAIN_EPOCHS is 'many': expected a number."),
        ("epochs", "0", "expected a whole number, 1 to 10,000,000"),
        ("learning_rate", "-1", "expected a number, more than 0"),
        ("learning_rate", "nan", "expected a finite number"),
        ("momentum", "1", "expected a number, 0 or more and below 1"),
        ("trainer", "sgd", "expected one of adam, lbfgs, rprop, backprop"),
        ("hidden", "8,,3", "expected a number"),
        ("hidden", "8,0", "a layer must have at least one unit"),
        ("plots", "perhaps", "expected true or false"),
        ("name", "../x", "expected a letter or digit, followed by letters, digits"),
        ("name", "a b", "expected a letter or digit, followed by letters, digits"),
        ("target", "a,a", "a name appears twice"),
        ("out", " ", "TRAIN_OUT is set, but empty"),
    ],
)
def test_an_invalid_value_is_reported_with_what_was_expected(key: str, value: str, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        resolve({}, {variable(key): value})
    assert message in str(caught.value)
    assert caught.value.status == 2


def test_shares_that_leave_no_rows_for_training_are_refused() -> None:
    with pytest.raises(OptionError, match="leave less than 5 %"):
        resolve({"validation": 0.5, "test": 0.5}, {})


def test_a_configuration_that_does_not_exist_or_is_not_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputMissing):
        resolve({"config": str(tmp_path / "none.toml")}, {})
    (tmp_path / "bad.toml").write_text("epochs: 5\n")
    with pytest.raises(OptionError, match="is not TOML"):
        resolve({"config": str(tmp_path / "bad.toml")}, {})


def test_each_option_has_a_flag_a_variable_and_a_help_text() -> None:
    for row in (*table(), *search_table()):
        assert flag(row.name).startswith("--") and variable(row.name).startswith("TRAIN_")
        assert row.metadata["help"] and row.metadata["scenarios"]


@pytest.mark.parametrize("command", ["train", "refine", "score", "tune"])
def test_help_is_shown_without_any_package(command: str) -> None:
    """Before `.venv` exists there is the standard library, and the checkout on the path."""
    text = f"from pipeline.cli import parse; parse(['--help'], name={command!r})"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(PROJECT.root)!r}); {text}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "--data FILE" in done.stdout
    assert ("--learning-rate" in done.stdout) == (command != "score")


@pytest.mark.slow
def test_the_program_reports_which_paths_it_needs() -> None:
    done = program("create")
    assert done.returncode == 2
    assert done.stderr == "--data (TRAIN_DATA) and --out (TRAIN_OUT) must be set.\n"


def test_a_configuration_that_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "deep.toml"
    config.write_text("a = " + "[" * 100_000, encoding="utf-8")
    with pytest.raises(OptionError, match="nested too deeply"):
        resolve({"config": str(config)}, {})


def test_a_whole_number_is_written_in_digits() -> None:
    with pytest.raises(OptionError, match="TRAIN_SEED is '1e3': expected a whole number in digits"):
        resolve({}, {"TRAIN_SEED": "1e3"})


@pytest.mark.slow
def test_the_program_takes_its_options_from_the_environment(tmp_path: Path) -> None:
    done = program(
        "create", TRAIN_DATA=str(IRIS), TRAIN_OUT=str(tmp_path), TRAIN_EPOCHS="3", TRAIN_PLOTS="false"
    )
    assert done.returncode == 0, done.stderr
    assert "96 train, 24 validation, 30 test" in done.stdout
    assert (tmp_path / "currentSolution.pkl").exists()


@pytest.mark.slow
def test_its_advice_refers_to_variables_if_it_has_no_options(tmp_path: Path) -> None:
    done = program("create", TRAIN_DATA=str(IRIS), TRAIN_OUT=str(tmp_path), TRAIN_TARGET="specie")
    assert done.returncode == 65
    assert "Choose columns of the file with TRAIN_TARGET and TRAIN_FEATURES." in done.stderr
