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
    "train_a_network": [
        "[-1.  1.] -> +1.000, expected +1",
        "training diverged in epoch",
        "can still be used",
    ],
    "classify_points": ["both are still ClassificationDataSets", "corners of the plane: [0, 0, 2, 1]"],
    "remember_a_bit": [
        "1 recurrent connection",
        "first input +1, last output +",
        "first input -1, last output -",
    ],
    "parameters_as_a_black_box": [
        "visible in the vector: [1.0, 2.0, 3.0]",
        "has 10 parameters; 3 were given",
    ],
    "save_load_go_on": ["The same output: [ True] [ True]", "The first network is unchanged: [ True]"],
    "two_answers": ["which is never correct", "probability 0.5", "about -", "about +"],
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
