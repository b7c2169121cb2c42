"""Optional parts are installed from their lock file when a command first needs them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from common.extras import EXTRAS, ensure
from common.project import PROJECT, Layout
from pybrain_runtime.errors import MissingPackage
from tests.training.runs import IRIS, command

# MLflow's client, 45 packages, is tested in containers; pip-audit, 30 packages, is a program with recorded outputs.
# The text of PDF documents is read where pypdf is there; without it they are left to the tutor, which is tested.
UNTESTED = {"audit", "pdf", "track"}

_CODE = """
import sys
from pathlib import Path
from common import extras
from common.project import Layout

extras.EXTRAS["plot"] = extras.Extra("tiny", "tiny_package", "Drawing plots")
extras.ensure("plot", Layout(Path(sys.argv[1])), print)
import tiny_package
"""


@pytest.fixture
def environment(tmp_path: Path) -> Layout:
    """Return a folder with an environment that sees this project and pip, and a lock file with one small wheel."""
    venv = tmp_path / ".venv"
    bare = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([bare, "-m", "venv", "--without-pip", venv], check=True)
    (site,) = venv.glob("lib/python3*/site-packages")
    paths = (PROJECT.root, PROJECT.code.parent, sysconfig.get_path("purelib"))
    (site / "project.pth").write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_package.py", "")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr(
            "tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    (tmp_path / "requirements").mkdir()
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock_of(tmp_path).write_text(f"tiny @ {wheel.as_uri()} --hash=sha256:{digest}\n", encoding="utf-8")
    return Layout(tmp_path)


def lock_of(root: Path) -> Path:
    return root / "requirements" / "plot.lock"


def ensured(layout: Layout) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [layout.root / ".venv" / "bin" / "python", "-c", _CODE, layout.root],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the paths are those of POSIX")
def test_a_part_is_installed_once_and_reported_in_one_line(environment: Layout) -> None:
    first = ensured(environment)
    assert first.returncode == 0, first.stderr
    assert first.stdout == (
        "Installing tiny into .venv from requirements/plot.lock (once; needs the package index).\n"
    )
    second = ensured(environment)
    assert (second.returncode, second.stdout) == (0, "")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the paths are those of POSIX")
def test_a_package_with_another_hash_is_not_installed(environment: Layout) -> None:
    lock = lock_of(environment.root)
    lock.write_text(lock.read_text().rpartition(":")[0] + ":" + "0" * 64 + "\n", encoding="utf-8")
    done = ensured(environment)
    assert (
        "NotInstalled: Drawing plots needs tiny, which cannot be installed: THESE PACKAGES DO NOT MATCH"
        in done.stderr
    )
    assert not (environment.root / ".venv" / "app07-extras.json").exists()


def test_nothing_is_installed_outside_the_environment_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.extras.find_spec", lambda module: None)
    with pytest.raises(MissingPackage, match=r"^Drawing plots needs matplotlib, which is not installed\.$"):
        ensure("plot", Layout(tmp_path), pytest.fail)


def test_the_packages_of_the_test_suite_include_every_part_but_three() -> None:
    for name in EXTRAS.keys() - UNTESTED:
        ensure(name, PROJECT, pytest.fail)


def _versions(lock: Path) -> dict[str, str]:
    lines = lock.read_text(encoding="utf-8").splitlines()
    pins = [line.split()[0] for line in lines if "==" in line and not line.lstrip().startswith("#")]
    return dict(pin.split("==") for pin in pins)


@pytest.mark.parametrize("name", EXTRAS)
def test_a_lock_file_has_the_versions_of_the_test_suite(name: str) -> None:
    pinned = _versions(PROJECT.root / "requirements-test.lock")
    versions = _versions(PROJECT.root / "requirements" / f"{name}.lock")
    assert versions
    assert {package: pinned.get(package, version) for package, version in versions.items()} == versions
    if name not in UNTESTED:
        assert versions.keys() <= pinned.keys()
    project = tomllib.loads((PROJECT.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert name in project["optional-dependencies"]


@pytest.mark.slow
def test_without_the_package_training_continues_without_plots(
    tmp_path: Path, copy_project: Callable[[Path], Layout]
) -> None:
    root = copy_project(tmp_path / "project").root
    text = (
        "import sys; from pathlib import Path; from common import extras, project; "
        f"project.PROJECT = project.Layout(Path({str(root)!r})); extras.find_spec = lambda module: None; "
        "from pipeline.cli import main; sys.exit(main())"
    )
    done = command("train", "--data", str(IRIS), "--out", str(tmp_path / "out"), "--epochs", "2", start=text)
    assert done.returncode == 0, done.stderr
    assert "Drawing plots needs matplotlib, which is not installed. No plots will be drawn.\n" in done.stderr
    assert not (tmp_path / "out" / "learning_curve.svg").exists()
