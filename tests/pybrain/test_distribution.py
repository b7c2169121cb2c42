"""The library can be installed as a separate distribution and needs only NumPy."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[2]
SOURCE = PROJECT / "container3_codebase"

# Importing these says that they are not included.
NOT_INCLUDED = ("pybrain.optimization", "pybrain.rl")

IMPORT_EVERYTHING = f"""
import importlib, json, pkgutil, sys
import pybrain, pybrain3
names = [module.name for module in pkgutil.walk_packages(pybrain.__path__, "pybrain.", onerror=lambda name: None)]
for name in names:
    if not name.startswith({NOT_INCLUDED!r}):
        importlib.import_module(name)
assert importlib.import_module("pybrain3.structure") is importlib.import_module("pybrain.structure")
foreign = {{name.split(".")[0] for name in sys.modules}} - set(sys.stdlib_module_names) - {{"__main__"}}
print(json.dumps({{"files": [pybrain.__file__, pybrain3.__file__], "names": len(names), "foreign": sorted(foreign)}}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Build the wheel from a checkout, offline, and install it into an empty folder."""
    target = tmp_path_factory.mktemp("site")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-index",
            "--no-deps",
            "--no-build-isolation",
            "--no-compile",
            "--target",
            target,
            SOURCE,
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    return target


def python(installed, *arguments):
    """Run Python with the installed distribution and NumPy on its path, and return what it printed."""
    numpys_folder = Path(np.__file__).parents[1]
    done = subprocess.run(
        # -S: the checkout's own editable install is not on the path.
        [sys.executable, "-S", "-W", "error", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), str(numpys_folder)])},
        cwd=installed,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_can_be_imported_with_only_numpy(installed):
    found = json.loads(python(installed, "-c", IMPORT_EVERYTHING))
    assert found["foreign"] == ["numpy", "pybrain", "pybrain3"]
    assert all(Path(file).is_relative_to(installed) for file in found["files"])
    assert found["names"] > 100


def test_the_installed_library_learns_xor(installed):
    printed = python(installed, str(PROJECT / "examples" / "train_a_network.py"))
    assert "[-1.  1.] -> +1.000, expected +1" in printed


def test_the_example_on_its_page_prints_the_shown_output(installed):
    page = (SOURCE / "pybrain" / "README.md").read_text(encoding="utf-8")
    example = page.split("```python\n")[1].split("```")[0]
    assert python(installed, "-c", example).strip() == example.rstrip().rpartition("# ")[2] == "1.000"


def test_the_wheel_holds_both_packages_their_type_marker_and_the_license(installed):
    (metadata,) = installed.glob("*.dist-info")
    assert sorted(path.name for path in installed.iterdir()) == ["pybrain", "pybrain3", metadata.name]
    assert (installed / "pybrain" / "py.typed").is_file()
    assert (installed / "pybrain3" / "py.typed").is_file()
    license_text = (metadata / "licenses" / "LICENSE").read_text(encoding="utf-8")
    assert license_text == (PROJECT / "LICENSE").read_text(encoding="utf-8")


def test_numpy_and_python_requirements_match_the_project(installed):
    own, whole = (
        tomllib.loads((folder / "pyproject.toml").read_text())["project"] for folder in (SOURCE, PROJECT)
    )
    assert own["dependencies"] == [one for one in whole["dependencies"] if one.startswith("numpy")]
    assert own["requires-python"] == whole["requires-python"]
