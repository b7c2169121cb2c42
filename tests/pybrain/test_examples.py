"""The programs in examples/ run without warnings and print the expected output."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

SHOWN = {
    "build_a_network": [
        "Softmax outputs sum to one",
        "<SigmoidLayer 'hidden'>, <LinearLayer 'out'>]",
        "bias to hidden",
    ],
    "data_sets": ["takes 2 values per row, not 3", "Scaled to -1 .. 1: [-1.0", "Sequences of [2, 3] steps"],
    "train_a_network": ["[-1.  1.] -> +1.000, wanted +1", "training diverged in epoch", "still answers"],
    "classify_points": ["they are still ClassificationDataSets", "corners of the plane: [0, 0, 2, 1]"],
    "remember_a_bit": ["1 recurrent connection", "began with +1, ends with +", "began with -1, ends with -"],
    "parameters_as_a_black_box": ["seen in the whole: [1.0, 2.0, 3.0]", "has 10 parameters; 3 were given"],
    "save_load_go_on": ["The same answer: [ True] [ True]", "The first network is as it was: [ True]"],
    "two_answers": ["which is never right", "with chance 0.5", "about -", "about +"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.py")))
def test_an_example_prints_the_expected_output(name, capsys):
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    printed = capsys.readouterr().out
    for words in SHOWN[name]:
        assert words in printed


def test_the_list_of_examples_is_complete():
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert f"`{path.name}`" in text
