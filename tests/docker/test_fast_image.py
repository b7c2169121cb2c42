"""The image target `fast`, with pyarrow for Parquet and for millions of rows."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from common.project import FAST_SERVICE, PROJECT, SERVICES, Layout
from pipeline.engines.image_names import content_tag
from tests.docker.conftest import image_id

CONTEXT = PROJECT.code.parent


@pytest.fixture(scope="module")
def images(docker: None) -> Iterator[dict[str, str]]:
    """Build both targets and the default image with separate names."""
    tag = f"test-{uuid.uuid4().hex[:8]}"
    names = {target: f"codebase_app07:{tag}-{target or 'plain'}" for target in ("fast", "codebase", "")}
    for target, name in names.items():
        words = ["docker", "build", "--quiet", "-t", name, *(["--target", target] if target else []), "."]
        built = subprocess.run(words, cwd=CONTEXT, capture_output=True, text=True, timeout=600, check=False)
        assert built.returncode == 0, built.stderr
    yield names
    subprocess.run(["docker", "rmi", *names.values()], check=True, capture_output=True)


@pytest.fixture
def shared(place: Path, fixtures: Path) -> Path:
    """Return a volume with the iris network and 150 rows as Parquet."""
    place.chmod(0o777)
    for name in ("currentSolution.pkl", "currentSolution.card.json"):
        shutil.copy(fixtures / "default/iris" / name, place / name)
    with (PROJECT.root / "data/iris_150.csv").open(encoding="utf-8") as file:
        names, *rows = list(csv.reader(file))
    columns = [pa.array(column) for column in np.array(rows, dtype=float).T]
    parquet.write_table(pa.table(columns, names=names), place / "activation_data.csv")
    return place


def answer(image: str, shared: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    given = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
    command = [
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        "--read-only",
        "-v",
        f"{shared}:/shared_data",
        *given,
    ]
    return subprocess.run([*command, image], capture_output=True, text=True, timeout=600, check=False)


def inspected(image: str, what: str) -> str:
    words = ["docker", "image", "inspect", "--format", what, image]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_the_fast_image_predicts_a_parquet_file(images: dict[str, str], shared: Path, fixtures: Path) -> None:
    done = answer(images["fast"], shared, OUTPUT_PATH="/shared_data/prediction.parquet")
    assert done.returncode == 0, done.stderr
    assert "✓ Data loaded: (150, " in done.stdout
    found = parquet.read_table(shared / "prediction.parquet")
    with (fixtures / "default/iris/expected_all.csv").open(encoding="utf-8") as file:
        names, *expected = list(csv.reader(file))
    answers = np.column_stack([found.column(name).to_numpy() for name in names])
    np.testing.assert_allclose(answers, np.array(expected, dtype=float), rtol=1e-12, atol=0)
    assert json.loads((shared / "prediction.json").read_text())["activation"]["rows"] == 150


def test_the_default_image_explains_how_to_enable_parquet(images: dict[str, str], shared: Path) -> None:
    done = answer(images["codebase"], shared)
    assert done.returncode == 69
    assert "needs pyarrow, which is not installed.\n" in done.stderr
    assert (
        "  With pyarrow: docker build --target fast -t codebase_app07_fast container3_codebase && "
        in done.stderr
    )


def test_without_a_target_the_default_image_is_built(images: dict[str, str]) -> None:
    layers = [inspected(images[target], "{{.RootFS.Layers}}") for target in ("", "codebase", "fast")]
    assert layers[0] == layers[1] != layers[2]
    listed = ["docker", "run", "--rm", images[""], "ls", "/opt", "/opt/pybrain"]
    held = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    assert held == [
        "/opt:", "pybrain", "site-packages", "/opt/pybrain:", "pybrain", "pybrain3", "pybrain_runtime"
    ]  # fmt: skip
    assert inspected(images["fast"], "{{.Config.User}}") == "10001:10001"


@pytest.mark.xdist_group("latest images")
@pytest.mark.usefixtures("latest_images_stay_as_they_are")
def test_the_driver_runs_a_parquet_file_with_the_fast_image(
    shared: Path, copy_project: Callable[[Path], Layout]
) -> None:
    layout = copy_project(shared / "app07")
    had_latest = image_id(FAST_SERVICE.image)
    words = ["compose", "--engine", "docker", "--data", str(shared / "activation_data.csv")]
    program = (
        "import sys; from pathlib import Path; from pipeline import cli; from common.project import Layout; "
        "sys.exit(cli.execute(cli.parse(sys.argv[2:]), Layout(Path(sys.argv[1]))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(layout.root), *words],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        assert "codebase runs from an image with pyarrow" in done.stdout
        with (layout.stage3 / "prediction.csv").open(encoding="utf-8") as file:
            assert len(list(csv.reader(file))) == 151
    finally:
        tag = content_tag(layout, SERVICES)
        names = [f"{service.image}:{tag}" for service in (*SERVICES, FAST_SERVICE)]
        names += [] if had_latest else [f"{FAST_SERVICE.image}:latest"]
        subprocess.run(["docker", "image", "rm", *names], capture_output=True, check=False)
