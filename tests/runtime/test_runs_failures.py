"""Failures during a run (full disk, no permission, concurrent runs) leave no partial file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from pybrain_runtime import (
    ActivationStream,
    Knowledge,
    Progress,
    StreamOptions,
    activate_file,
    open_prediction,
)
from pybrain_runtime.errors import CannotWrite, DataError, UsageError
from pybrain_runtime.runs.parallel_map import parallel_map
from pybrain_runtime.runs.partial_output import PartialOutput

FIXTURES = Path(__file__).parents[1] / "fixtures"
MODEL = FIXTURES / "default/iris/currentSolution.pkl"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Return a file of about 2 MB of rows, in a separate folder."""
    path = tmp_path / "in" / "rows.csv"
    path.parent.mkdir()
    numbers = np.random.default_rng(1).normal(size=(28_000, 4))
    path.write_text("\n".join(",".join(map(repr, row)) for row in numbers.tolist()) + "\n")
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return an empty output folder."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def names_in(folder: Path) -> set[str]:
    return set(os.listdir(folder))  # noqa: PTH208 - hidden ones too, and names are all that is asked for


# A disk that is full: the system lets no file grow beyond a limit.

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
from pybrain_runtime import StreamOptions, activate_file, load_knowledge
from pybrain_runtime.errors import PipelineError
try:
    activate_file(load_knowledge({model!r}), {data!r}, {output!r}, StreamOptions(resume={resume}, checkpoint=0.0))
except PipelineError as error:
    print(error, end="")
    sys.exit(error.status)
"""


def run_with_file_size_limit(
    data: Path, output: Path, *, limit: int, resume: bool = False
) -> tuple[int, str]:
    """Run a command with a limit on file sizes."""
    code = LIMITED.format(limit=limit, model=str(MODEL), data=str(data), output=str(output), resume=resume)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_a_full_disk_leaves_no_partial_file(ending: str, rows: Path, out: Path) -> None:
    output = out / f"p{ending}"
    status, said = run_with_file_size_limit(rows, output, limit=1_200_000)
    assert (status, said) == (
        73,
        f"{output} cannot be written: file too large.\n"
        "  Raise the file size limit (ulimit -f), then run again.",
    )
    assert names_in(out) == set()


@pytest.mark.slow
def test_a_run_resumes_after_a_full_disk(rows: Path, out: Path, flower: Knowledge) -> None:
    status, _ = run_with_file_size_limit(rows, out / "p.csv", limit=2_500_000, resume=True)
    assert status == 73
    assert names_in(out) == {".p.csv.part", ".p.csv.journal"}
    done = activate_file(flower, rows, out / "p.csv", StreamOptions(resume=True))
    assert done.continued > 0
    activate_file(flower, rows, out / "whole.csv")
    assert (out / "p.csv").read_bytes() == (out / "whole.csv").read_bytes()


@pytest.mark.slow
def test_the_container_program_leaves_no_partial_file(rows: Path, out: Path, flower: Knowledge) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        ActivationStream(rows, flower) as activation,
        open_prediction(out / "p.csv", flower, activation) as prediction,
    ):
        for inputs, targets in activation:
            prediction.write(inputs, flower.activate(inputs), targets)
            raise KeyboardInterrupt
    with ActivationStream(rows, flower) as activation, open_prediction(out / "p.csv", flower, activation):
        pass  # never committed
    assert names_in(out) == set()


# Places that cannot be written.


@pytest.mark.slow
def test_a_read_only_folder_is_reported(
    rows: Path, flower: Knowledge, ordinary_user: Callable[[], AbstractContextManager[None]]
) -> None:
    with tempfile.TemporaryDirectory() as name:  # tmp_path may only be entered by who runs the tests
        folder = Path(name)
        shutil.copy(rows, folder / "rows.csv")
        folder.chmod(0o555)
        with ordinary_user(), pytest.raises(CannotWrite) as caught:
            activate_file(flower, folder / "rows.csv", folder / "p.csv")
        folder.chmod(0o755)
        assert names_in(folder) == {"rows.csv"}
    assert str(caught.value).startswith(
        f"{folder / 'p.csv'} cannot be written: permission denied.\n  Give the"
    )
    assert caught.value.status == 73


def test_a_missing_output_folder_is_reported(rows: Path, out: Path, flower: Knowledge) -> None:
    with pytest.raises(CannotWrite, match="cannot be written: no such file or directory"):
        activate_file(flower, rows, out / "none" / "p.csv")


@pytest.mark.slow
def test_a_folder_with_the_name_of_the_prediction_is_reported(
    rows: Path, out: Path, flower: Knowledge
) -> None:
    (out / "p.csv").mkdir()
    with pytest.raises(CannotWrite, match=r"p\.csv cannot be written: it is a directory"):
        activate_file(flower, rows, out / "p.csv")
    assert names_in(out) == {"p.csv"}


@pytest.mark.slow
def test_no_input_is_overwritten(rows: Path, flower: Knowledge) -> None:
    folder, content = rows.parent, rows.read_bytes()
    (folder / "linked.csv").symlink_to(rows)
    for data, output in (("rows.csv", "rows.csv"), ("linked.csv", "rows.csv"), ("rows.csv", "linked.csv")):
        with pytest.raises(UsageError, match=r"csv would overwrite .*csv, which is an input"):
            activate_file(flower, folder / data, folder / output)
    rows.rename(folder / "rows.json")
    with pytest.raises(UsageError, match=r"rows\.json would overwrite"):  # by the report
        activate_file(flower, folder / "rows.json", folder / "rows.csv")
    (folder / "rows.json").rename(folder / "p.rejected.csv")
    with pytest.raises(UsageError, match=r"p\.rejected\.csv would overwrite"):
        activate_file(flower, folder / "p.rejected.csv", folder / "p.csv", StreamOptions(skip=True))
    assert (folder / "p.rejected.csv").read_bytes() == content
    assert names_in(folder) == {"p.rejected.csv", "linked.csv"}


@pytest.mark.slow
def test_a_file_that_changes_while_it_is_read_is_an_error(rows: Path, out: Path, flower: Knowledge) -> None:
    def add_a_row(progress: Progress) -> None:
        with rows.open("a") as file:
            file.write("1,2,3,4\n")

    with pytest.raises(DataError, match=r"rows\.csv was changed while it was read"):
        activate_file(flower, rows, out / "p.csv", on_progress=add_a_row)
    assert names_in(out) == set()


@pytest.mark.slow
@pytest.mark.parametrize("threads", [0, -1, True, 1.5])
def test_an_invalid_number_of_threads_is_refused(
    threads: object, rows: Path, out: Path, flower: Knowledge
) -> None:
    with pytest.raises(UsageError, match="The number of threads must be a positive integer"):
        activate_file(flower, rows, out / "p.csv", StreamOptions(threads=threads))  # type: ignore[arg-type]
    assert names_in(out) == set()


# Two runs at once.


@pytest.mark.slow
def test_a_second_run_to_the_same_output_is_refused(rows: Path, out: Path, flower: Knowledge) -> None:
    seen: list[str] = []

    def start_second_run(progress: Progress) -> None:
        with pytest.raises(CannotWrite) as caught:
            activate_file(flower, rows, out / "p.csv", StreamOptions(resume=True))
        seen.append(str(caught.value))

    done = activate_file(flower, rows, out / "p.csv", on_progress=start_second_run)
    assert done.prediction.rows == 28_000
    assert set(seen) == {
        f"{out / 'p.csv'} is being written by another run.\n"
        "  Wait until it has ended, or choose another path for the prediction."
    }
    assert names_in(out) == {"p.csv", "p.json"}


@pytest.mark.slow
def test_runs_to_different_outputs_are_independent(rows: Path, out: Path, flower: Knowledge) -> None:
    def run_another(progress: Progress) -> None:
        activate_file(flower, rows, out / "q.csv")

    activate_file(flower, rows, out / "p.csv", on_progress=run_another)
    assert (out / "p.csv").read_bytes() == (out / "q.csv").read_bytes()
    assert names_in(out) == {"p.csv", "p.json", "q.csv", "q.json"}


def test_a_partial_output_is_locked_until_it_is_committed(out: Path) -> None:
    path = str(out / "p.csv")
    first = PartialOutput(path, keep=False)
    first.truncate()
    first.write(b"first")
    first.finish()
    with pytest.raises(CannotWrite, match="is being written by another run"):
        PartialOutput(path, keep=False)
    first.commit()
    assert (out / "p.csv").read_bytes() == b"first"


def test_a_run_that_opens_a_committed_partial_output_opens_a_new_one(out: Path) -> None:
    path = str(out / "p.csv")
    first = PartialOutput(path, keep=False)
    first.write(b"first")
    first.finish()

    class LatePartialOutput(PartialOutput):
        """A partial output that opens its file, and continues only after the first run has ended."""

        def _lock(self) -> None:
            if not (out / "p.csv").exists():
                first.commit()
            super()._lock()

    second = LatePartialOutput(path, keep=False)
    second.truncate()
    assert (out / "p.csv").read_bytes() == b"first"
    second.write(b"second")
    second.finish()
    second.commit()
    assert (out / "p.csv").read_bytes() == b"second"


# Work in several threads.


def test_results_are_in_the_order_of_the_items() -> None:
    assert list(parallel_map(lambda item: item * 2, range(50), 4)) == list(range(0, 100, 2))


@pytest.mark.parametrize("threads", [1, 3])
def test_the_first_error_in_that_order_is_raised(threads: int) -> None:
    def work(item: int) -> int:
        if item in (5, 7):
            raise ValueError(item)
        return item

    found = []
    with pytest.raises(ValueError, match="5"):
        for result in parallel_map(work, range(20), threads):
            found.append(result)
    assert found == [0, 1, 2, 3, 4]


def test_only_a_bounded_number_of_items_is_in_progress() -> None:
    taken: list[int] = []

    def items() -> object:
        for item in range(100):
            taken.append(item)
            yield item

    for done, _ in enumerate(parallel_map(lambda item: item, items(), 3)):  # type: ignore[arg-type]
        assert len(taken) <= done + 1 + 3 + 2
