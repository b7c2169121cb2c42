"""Ranges are stated on the command line, in a TOML file or in the environment; errors say what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.errors import OptionError
from training.option_sources import Resolved, resolve, resolve_all
from training.search.ranges import Choices, Interval, ranges_of
from training.search.values import applied, default_values, fits, option_values


def resolved(*ranges: str, **options: object) -> Resolved:
    return resolve_all({**({"range": list(ranges)} if ranges else {}), **options}, {})


def test_intervals_and_choices_are_read() -> None:
    found = ranges_of(resolved("learning_rate=1e-4..1e-1:log", "hidden=4|8|8,6", "epochs=5..50"))
    assert found == (
        Interval("learning_rate", "1e-4..1e-1:log", 1e-4, 0.1, True),
        Choices("hidden", "4|8|8,6", ("4", "8", "8,6")),
        Interval("epochs", "5..50", 5, 50, False),
    )
    assert option_values({"hidden": "8,6", "epochs": 7}) == {"hidden": (8, 6), "epochs": 7}


def test_a_file_has_them_as_a_table(tmp_path: Path) -> None:
    config = tmp_path / "search.toml"
    config.write_text(
        'epochs = 9\n[search]\ntrials = 7\n[search.ranges]\nlearning-rate = "0.001..0.1:log"\nhidden = [4, [8, 6]]\n'
        "shuffle = [true, false]\n"
    )
    found = resolve_all({"config": str(config)}, {})
    assert (found.training.epochs, found.search.trials) == (9, 7)
    assert found.search.range == (
        ("learning_rate", "0.001..0.1:log"), ("hidden", "4|8,6"), ("shuffle", "true|false"),
    )  # fmt: skip
    assert resolve({"config": str(config)}, {}).epochs == 9  # also for a training


def test_the_command_line_overrides_the_environment_and_both_override_the_file(tmp_path: Path) -> None:
    config = tmp_path / "search.toml"
    config.write_text('[search]\ntrials = 7\nfolds = 2\n[search.ranges]\nhidden = "1|2"\n')
    environment = {
        "TRAIN_CONFIG": str(config), "TRAIN_RANGE": "hidden=4|8; momentum=0..0.5", "TRAIN_FOLDS": "3",
    }  # fmt: skip
    found = resolve_all({"folds": 4}, environment).search
    assert (found.trials, found.folds) == (7, 4)
    assert found.range == (("hidden", "4|8"), ("momentum", "0..0.5"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("learning_rate", "expected NAME=RANGE"),
        ("learning_rate=", "expected NAME=RANGE"),
        ("learnig_rate=0.1..1", "no option 'learnig_rate' to search.\n  Did you mean learning_rate?"),
        ("speed=1..2", "Searchable options: hidden, hidden_class, trainer"),
        ("seed=1..5", "The option seed cannot be searched; searchable options: hidden"),
        ("learning_rate=0.1..0.01", "0.1 is not smaller than 0.01"),
        ("learning_rate=0.1..0.1", "0.1 is not smaller than 0.1"),
        ("learning_rate=0..1", "'0': expected a number, more than 0"),
        ("learning_rate=a..1", "'a': expected a number"),
        ("learning_rate=..", "expected a number"),
        ("learning_rate=0.1..inf", "expected a finite number"),
        ("learning_rate=0.1..1:ln", "ends with ':ln': expected ':log' or nothing"),
        ("weight_decay=0..1:log", "with ':log' the smallest value must be positive"),
        ("momentum=0..1", "'1': expected a number, 0 or more and below 1"),
        ("batch_size=1.5..8", "'1.5': expected a whole number"),
        ("hidden=1..8", "hidden does not support intervals"),
        ("hidden=8", "is a single value: expected A|B|C"),
        ("learning_rate=0.1", "is a single value: expected LOW..HIGH or A|B|C"),
        ("hidden=8|8", "contains a duplicate value"),
        ("hidden=8|x", "'x': expected a number"),
        ("trainer=adam|sgd", "'sgd': expected one of adam, lbfgs"),
        ("momentum=0..0.5", "momentum is not used by adam"),
    ],
)
def test_an_invalid_range_is_reported_with_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        ranges_of(resolved(text))
    assert message in str(caught.value)
    assert caught.value.status == 2


def test_two_ranges_of_an_option_are_an_error() -> None:
    with pytest.raises(OptionError, match="there are two ranges of hidden"):
        resolved("hidden=1|2", "hidden=4|8")


def test_batch_and_batch_size_are_mutually_exclusive() -> None:
    for ranges, options in (
        (["batch=true|false", "batch_size=4..8"], {}),
        (["batch_size=4..8"], {"batch": True}),
    ):
        with pytest.raises(OptionError, match="mutually exclusive, including as ranges"):
            ranges_of(resolved(*ranges, **options))


def test_an_unknown_key_of_a_file_is_an_error_that_suggests_a_similar_one(tmp_path: Path) -> None:
    config = tmp_path / "search.toml"
    for text, message in (
        ("[search]\ntrails = 5\n", r"no option 'search.trails'.\n  Did you mean trials\?"),
        ("trials = 5\n", r"no option 'trials'.\n  It belongs to the table \[search\]."),
        ("search = 5\n", r"search must be a table, \[search\]"),
        ("[search]\nranges = 5\n", "expected NAME=RANGE"),
        ("[search.ranges]\nhidden = [1979-05-27]\n", "expected a string"),
    ):
        config.write_text(text)
        with pytest.raises(OptionError, match=message):
            resolve({"config": str(config)}, {})
    with pytest.raises(OptionError, match=r"TRAIN_TRAILS is not a known option.\n.*TRAIN_TRIALS"):
        resolve({}, {"TRAIN_TRAILS": "5"})


def test_the_default_ranges_suit_the_trainer_and_keep_options_that_are_set() -> None:
    assert {one.option for one in ranges_of(resolved())} == {
        "hidden", "learning_rate", "weight_decay", "batch_size",
    }  # fmt: skip
    assert {one.option for one in ranges_of(resolved(hidden="8", batch=True))} == {
        "learning_rate",
        "weight_decay",
    }
    assert {one.option for one in ranges_of(resolved(trainer="lbfgs"))} == {"hidden", "weight_decay"}
    assert "momentum" in {one.option for one in ranges_of(resolved(trainer="backprop"))}
    with pytest.raises(OptionError, match="nothing to search"):
        ranges_of(resolved(trainer="lbfgs", hidden="8", weight_decay="0"))


def test_a_trial_has_defaults_for_options_that_its_trainer_does_not_use() -> None:
    found = resolved("trainer=adam|lbfgs", "hidden=4|8", learning_rate=0.5, batch_size=7)
    ranges = ranges_of(found)
    adam = applied(found.training, {"trainer": "adam", "hidden": "4"}, ranges)
    assert (adam.learning_rate, adam.batch_size, adam.hidden) == (0.5, 7, (4,))
    lbfgs = applied(found.training, {"trainer": "lbfgs", "hidden": "4"}, ranges)
    assert (lbfgs.learning_rate, lbfgs.batch_size) == (None, None)


def test_the_first_trial_has_the_defaults_if_the_ranges_contain_them() -> None:
    def first(*ranges: str, classification: bool = True, **options: object) -> object:
        found = resolved(*ranges, **options)
        return default_values(found.training, ranges_of(found), classification=classification, rows=400)

    assert first() == {"hidden": "8", "learning_rate": 0.01, "weight_decay": "0.1", "batch_size": "32"}
    assert first(trainer="lbfgs", classification=False) == {"hidden": "8", "weight_decay": "0"}
    assert first("epochs=100..300", "trainer=rprop|adam", "learning_rate=0.01..0.1", learning_rate=0.05) == {
        "epochs": 300, "trainer": "adam", "learning_rate": 0.05,
    }  # fmt: skip
    assert first("hidden=4|16") is None
    assert first("learning_rate=0.1..1") is None


def test_values_outside_the_ranges_do_not_fit() -> None:
    ranges = ranges_of(resolved("learning_rate=0.1..1", "batch_size=4..8", "hidden=4|8"))
    right = {"learning_rate": 0.5, "batch_size": 4, "hidden": "8"}
    assert fits(right, ranges, "adam")
    for change in ({"learning_rate": 2.0}, {"batch_size": 4.5}, {"hidden": "9"}, {"momentum": 0.1}):
        assert not fits({**right, **change}, ranges, "adam")
    assert not fits({"learning_rate": 0.5}, ranges, "adam")
