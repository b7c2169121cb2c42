"""The wheel and the source distribution, actually built, and installed in another environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.checkout.lay_out import lay_out, sources_of
from pybrain_runtime._version import __version__

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]
OFFLINE = ["--no-deps", "--no-index"]


@dataclass(frozen=True)
class Installed:
    """The program, installed from the wheel.

    Attributes:
        wheel: the wheel.
        from_sdist: the wheel that was built from the source distribution.
        sdist: the source distribution.
        folder: the folder of the environment.
    """

    wheel: Path
    from_sdist: Path
    sdist: Path
    folder: Path

    @property
    def site(self) -> Path:
        (site,) = self.folder.glob("lib/python3*/site-packages")
        return site

    def run(self, *words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL"))
        }
        return subprocess.run(
            [self.folder / "bin" / "app07", *words],
            cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip


def built(source: Path, target: Path) -> Path:
    command: list[str | Path] = [
        *PIP,
        "wheel",
        *OFFLINE,
        "--no-build-isolation",
        "--wheel-dir",
        target,
        source,
    ]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = target.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build wheel and source distribution from a copy of the sources, and install the wheel without an index."""
    folder = tmp_path_factory.mktemp("wheel")
    source = lay_out(folder / "source").root
    hatchling: list[str | Path] = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "sdist",
        "-d",
        folder / "sdist",
    ]
    subprocess.run(hatchling, cwd=source, check=True, capture_output=True)
    (sdist,) = (folder / "sdist").glob("*.tar.gz")
    wheel = built(source, folder / "first")
    environment = folder / "environment"
    bare = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([bare, "-m", "venv", "--without-pip", environment], check=True)
    installed = Installed(wheel, built(sdist, folder / "second"), sdist, environment)
    # NumPy, PyYAML and Jinja come from the environment of the tests; its own .pth files are not read.
    (installed.site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    install: list[str | Path] = [
        *PIP,
        "--python",
        environment / "bin" / "python",
        "install",
        *OFFLINE,
        "--ignore-installed",
        wheel,
    ]
    subprocess.run(install, check=True, capture_output=True)
    return installed


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_both_distributions_have_the_same_files_and_are_small(installed: Installed) -> None:
    assert names_in(installed.from_sdist) == names_in(installed.wheel)
    assert {
        f"pipeline/checkout/data/{name}" for name in ("App07.py", "docker-compose.yml", "models/iris.pkl")
    } <= (names_in(installed.wheel))
    assert installed.wheel.stat().st_size < 3_000_000
    assert installed.sdist.stat().st_size < 3_000_000
    with tarfile.open(installed.sdist) as archive:
        folders = {name.split("/")[1] for name in archive.getnames() if "/" in name}
    assert folders.isdisjoint({"tests", "fuzz", "benchmarks"})
    assert {name.split("/")[0] for name in names_in(installed.wheel)}.isdisjoint(
        {"tests", "container3_codebase"}
    )


def test_the_commands_work_without_a_checkout(installed: Installed, tmp_path: Path) -> None:
    before = sorted(installed.site.rglob("*.[!p]*"))
    sources = sources_of()
    for name in ("models/iris.pkl", "models/iris.card.json", "data/iris_150.csv"):
        (tmp_path / Path(name).name).write_bytes(sources[name].read_bytes())
    assert installed.run("--version", cwd=tmp_path).stdout.startswith(f"app07 {__version__} (Python ")
    assert "verdict      safe" in installed.run("inspect", "iris.pkl", cwd=tmp_path).stdout
    assert installed.run("convert", "iris.pkl", "--to", "npz", cwd=tmp_path).returncode == 0
    activated = installed.run(
        "activate", "iris.npz", "iris_150.csv", "-o", "prediction.csv", "--json", cwd=tmp_path
    )
    assert json.loads(activated.stdout)["status"] == 0
    trained = installed.run(
        "train", "--data", "iris_150.csv", "--epochs", "2", "--no-plots", "--out", "trained", cwd=tmp_path
    )
    assert trained.returncode == 0, trained.stderr
    scored = installed.run(
        "score", "--model", "trained/currentSolution.pkl", "--data", "iris_150.csv", cwd=tmp_path
    )
    assert (scored.returncode, "all rows" in scored.stdout) == (0, True)
    assert json.loads(installed.run("doctor", "--json", cwd=tmp_path).stdout)["folder"] == str(tmp_path)
    assert sorted(installed.site.rglob("*.[!p]*")) == before


@pytest.mark.parametrize("words", [[], ["prepare"], ["evaluate"], ["activate"], ["submit"], ["clean"]])
def test_a_command_that_needs_a_checkout_reports_it_and_writes_nothing(
    words: list[str], installed: Installed, tmp_path: Path
) -> None:
    refused = installed.run(*words, cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (66, "")
    name = words[0] if words else "run"
    assert refused.stderr.startswith(
        f"✗ `{name}`, as typed, needs a checkout of the project, but {tmp_path} is not one: "
        "docker-compose.yml is missing.\n  `app07 init FOLDER` creates one; run the command in that folder. "
    )
    assert list(tmp_path.iterdir()) == []


def test_a_hint_about_a_missing_package_recommends_an_existing_one(
    installed: Installed, tmp_path: Path
) -> None:
    (tmp_path / "iris.pkl").write_bytes(sources_of()["models/iris.pkl"].read_bytes())
    # The environment sees those of the tests, which have all packages: one is hidden.
    (installed.site / "sitecustomize.py").write_text(
        "import sys; sys.modules['onnxruntime'] = None\n", encoding="utf-8"
    )
    try:
        refused = installed.run("convert", "iris.pkl", "--to", "onnx", cwd=tmp_path)
    finally:
        (installed.site / "sitecustomize.py").unlink()
    assert refused.returncode == 69
    assert refused.stderr.splitlines()[0] == "✗ Writing onnx needs onnxruntime, which is not installed."
    assert "'onnx==" in refused.stderr
    assert "'onnxruntime==" in refused.stderr


def test_a_new_checkout_runs_and_is_evaluated(installed: Installed, tmp_path: Path) -> None:
    made = installed.run("init", "checkout", cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.endswith("  next         cd checkout && python App07.py\n")
    root = tmp_path / "checkout"
    laid_out = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert laid_out == set(sources_of())
    prepared = installed.run("prepare", cwd=root)
    assert (prepared.returncode, "output/stage1_prepare_files/currentSolution.pkl" in prepared.stdout) == (
        0,
        True,
    )
    evaluated = installed.run("evaluate", "checkout", "--no-run", "--json", cwd=tmp_path)
    assert json.loads(evaluated.stdout)["files"]["html"] == "output/evaluation/checkout/report.html"
    # With its own environment, as in a clone.
    bare = getattr(sys, "_base_executable", sys.executable)
    ran = subprocess.run(
        [bare, "App07.py", "--engine", "local"], cwd=root, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "  this project, editable\n" in ran.stderr
    assert (root / "output" / "stage3_compose_execution" / "prediction.csv").is_file()
    (site,) = (root / ".venv").glob("lib/python3*/site-packages")
    assert not (site / "pipeline").exists()
