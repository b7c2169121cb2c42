"""The project creates its environment once, detects when it is outdated, and continues inside it.

Nothing here needs the package index: where an environment must be complete, it is put together from what the
tests themselves run in.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from common.project import PROJECT, Layout
from common.run_lock import exclusive
from pipeline.environment import bootstrap
from pipeline.environment.bootstrap import write_ascii_paths
from pybrain_runtime.errors import ExitStatus

pytestmark = pytest.mark.slow


def bare_python() -> str:
    """Return the interpreter that the environment of the tests was created with."""
    return getattr(sys, "_base_executable", None) or sys.executable


def outside() -> dict[str, str]:
    """Return variables without an active environment and without access to a package index."""
    clean = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL", "PIP_"))
    }
    return clean | {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}


def run_command(
    layout: Layout, *words: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command in a checkout, with only Python installed."""
    return subprocess.run(
        [bare_python(), *words],
        cwd=layout.root,
        env=outside() | (variables or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def asked(layout: Layout, expression: str, python: Path | str | None = None) -> Any:
    """Return the value of an expression about the bootstrap module of a checkout."""
    code = f"import json; from pipeline.environment import bootstrap as b; print(json.dumps({expression}, default=str))"
    done = subprocess.run(
        [python or bare_python(), "-c", code],
        cwd=layout.root,
        env=outside(),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def fits(layout: Layout, kind: str = "run") -> bool:
    return bool(asked(layout, f"b._fits({kind!r}, b.ENVIRONMENT / 'bin' / 'python')"))


@dataclass(frozen=True)
class Template:
    """What the checkouts of the tests are copied from.

    Attributes:
        checkout: a checkout with compiled modules. Except for `pipeline`, its packages are links.
        environment: an environment with nothing in it.
        recipe: what the environment of the checkout is stamped with.
    """

    checkout: Layout
    environment: Path
    recipe: dict[str, str]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, copy_project: Callable[[Path], Layout]) -> Template:
    folder = tmp_path_factory.mktemp("template")
    checkout = copy_project(folder / "project")
    beside = [path for path in checkout.code.parent.iterdir() if path.is_dir()]
    for copied in (checkout.root / "evaluation", *beside):
        shutil.rmtree(copied)
        copied.symlink_to(PROJECT.root / copied.relative_to(checkout.root))
    subprocess.run([bare_python(), "-m", "compileall", "-q", checkout.root / "pipeline"], check=True)
    environment = folder / "environment"
    subprocess.run([bare_python(), "-m", "venv", "--without-pip", environment], check=True, env=outside())
    return Template(checkout, environment, asked(checkout, "b._recipe('run')"))


@pytest.fixture
def clone(template: Template, tmp_path: Path) -> Layout:
    """Return a checkout whose files a test may change, except for the packages beside `pipeline`."""
    return Layout(shutil.copytree(template.checkout.root, tmp_path / "project", symlinks=True))


@pytest.fixture
def made(clone: Layout, template: Template) -> Layout:
    """Return a checkout with a complete environment."""
    environment = clone.root / ".venv"
    shutil.copytree(template.environment, environment, symlinks=True)
    (site,) = environment.glob("lib/python3*/site-packages")
    packages = (clone.root, clone.code.parent, sysconfig.get_path("purelib"))
    (site / "project.pth").write_text("".join(f"{path}\n" for path in packages), encoding="utf-8")
    stamp = template.recipe | {"root": str(clone.root)}
    (environment / "app07.json").write_text(json.dumps(stamp), encoding="utf-8")
    return clone


@pytest.fixture
def without_ensurepip(tmp_path: Path) -> dict[str, str]:
    """Return variables with which Python has no pip to install, which takes seconds; all else happens as with it."""
    (tmp_path / "instead").mkdir()
    (tmp_path / "instead" / "ensurepip.py").write_text("raise SystemExit(1)\n", encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path / "instead")}


@pytest.fixture
def uninstallable(clone: Layout) -> Layout:
    """Return a checkout whose environment cannot be installed, because the lock file is empty."""
    for lock in clone.root.glob("requirements*.lock"):
        lock.write_text("# nothing\n", encoding="utf-8")
    return clone


# --- when an environment fits


def test_a_complete_environment_is_not_changed(made: Layout) -> None:
    before = (made.root / ".venv" / "app07.json").stat().st_mtime_ns
    assert fits(made)
    done = run_command(made, "prepare_files.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert (made.root / ".venv" / "app07.json").stat().st_mtime_ns == before
    assert not (made.root / ".venv.lock").exists()


@pytest.mark.parametrize("change", ["requirements.lock", "pyproject.toml"])
def test_an_environment_is_outdated_when_its_inputs_change(made: Layout, change: str) -> None:
    path = made.root / change
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert not fits(made)


def test_the_test_lock_file_does_not_affect_a_run_environment(made: Layout) -> None:
    path = made.root / "requirements-test.lock"
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert fits(made)


def test_a_run_environment_is_not_a_test_environment(made: Layout) -> None:
    assert not fits(made, "test")


def test_a_moved_checkout_needs_a_new_environment(made: Layout) -> None:
    moved = Layout(made.root.rename(made.root.with_name("moved")))
    assert not fits(moved)


@pytest.mark.parametrize("content", [None, "", "[]", '{"run": "', '{"run": 1}'])
def test_an_incomplete_environment_is_not_used(made: Layout, content: str | None) -> None:
    path = made.root / ".venv" / "app07.json"
    if content is None:
        path.unlink()
    else:
        path.write_text(content, encoding="utf-8")
    assert not fits(made)


def test_an_environment_without_its_python_is_not_used(made: Layout) -> None:
    (made.root / ".venv" / "bin" / "python").unlink()
    assert not fits(made)


def test_another_python_version_can_start_an_existing_environment(made: Layout) -> None:
    """A script may be started by Python 3.13 although the environment was created with 3.11."""
    path = made.root / ".venv" / "app07.json"
    path.write_text(
        json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"python": "3.99"}), encoding="utf-8"
    )
    assert fits(made)


def test_the_environment_must_contain_the_python_it_was_created_with(made: Layout) -> None:
    python = made.root / ".venv" / "bin" / "python"
    expression = "b._fits('run', b.ENVIRONMENT / 'bin' / 'python')"
    assert asked(made, expression, python) is True
    path = made.root / ".venv" / "app07.json"
    path.write_text(
        json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"python": "3.99"}), encoding="utf-8"
    )
    assert asked(made, expression, python) is False


# --- going on inside it


def test_the_main_script_writes_a_prediction(made: Layout) -> None:
    done = run_command(made, "App07.py", "--engine", "local")
    assert (done.returncode, done.stderr) == (0, "")
    assert "codebase       | ACTIVATION COMPLETE" in done.stdout
    assert (made.stage3 / "prediction.csv").is_file()


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("prepare_files.py", "--model", "irsi"), 66, "✗ --model irsi: there is no such network"),
        (("App07.py", "prepare", "--model", "irsi"), 66, "✗ --model irsi: there is no such network"),
        (
            ("test_containers.py", "--engine", "local", "--no-build"),
            69,
            "✗ activationbase is missing or outdated",
        ),
        (("run_compose_with_output.py", "--engine", "local", "--data", ""), 2, "✗ --data is empty"),
    ],
    ids=["prepare", "run prepare", "check", "compose"],
)
def test_a_script_exits_with_the_status_of_its_command(
    made: Layout, words: tuple[str, ...], status: int, says: str
) -> None:
    done = run_command(made, *words)
    assert done.returncode == status
    assert done.stderr.startswith(says)


def test_a_script_with_json_prints_only_json(made: Layout) -> None:
    done = run_command(made, "prepare_files.py", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["status"] == 0


def test_a_script_inside_the_environment_does_not_start_another_process(made: Layout) -> None:
    done = subprocess.run(
        [made.root / ".venv" / "bin" / "python", "prepare_files.py"],
        cwd=made.root,
        env=outside(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_environment_may_be_a_link_to_another_folder(made: Layout, tmp_path: Path) -> None:
    (made.root / ".venv").rename(tmp_path / "roomy")
    (made.root / ".venv").symlink_to(tmp_path / "roomy")
    done = run_command(made, "prepare_files.py")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_script_can_be_started_from_another_folder(made: Layout, tmp_path: Path) -> None:
    done = subprocess.run(
        [bare_python(), made.root / "prepare_files.py"],
        cwd=tmp_path,
        env=outside(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (made.stage1 / "prepared.json").is_file()


def test_the_test_command_passes_its_options_to_pytest(made: Layout) -> None:
    path = made.root / ".venv" / "app07.json"
    path.write_text(json.dumps(asked(made, "b._recipe('test') | b._recipe('run')")), encoding="utf-8")
    (made.root / "tests").mkdir()
    done = run_command(made, "App07.py", "test", "--version")
    assert done.returncode == 0
    assert re.match(r"pytest \d+\.\d+", done.stdout + done.stderr)


# --- making it


def test_a_failed_installation_is_reported_and_repeated_by_the_next_run(
    uninstallable: Layout, without_ensurepip: dict[str, str]
) -> None:
    for variables in ({}, without_ensurepip):
        done = run_command(uninstallable, "prepare_files.py", variables=variables)
        assert (done.returncode, done.stdout) == (69, "")
        lines = done.stderr.splitlines()
        assert lines[0] == "creating .venv for the pipeline (once; needs the package index)"
        assert lines[1] == "  an empty environment"
        assert "The project's environment cannot be created: " in done.stderr
        assert "Traceback" not in lines[0]
        assert not (uninstallable.root / ".venv" / "app07.json").exists()
        assert not (uninstallable.output / ".lock").exists(), "the command ran nevertheless"


@pytest.mark.parametrize("by", ["folder", "link", "file"])
def test_a_folder_not_created_by_this_project_is_not_emptied(
    by: str, uninstallable: Layout, tmp_path: Path
) -> None:
    environment, own = uninstallable.root / ".venv", tmp_path / "own"
    if by == "link":
        own.mkdir()
        environment.symlink_to(own)
    elif by == "folder":
        environment.mkdir()
    kept = environment if by == "file" else environment / "somebody's work"
    kept.write_text("years", encoding="utf-8")
    done = run_command(uninstallable, "prepare_files.py")
    assert (done.returncode, done.stdout) == (73, "")
    what = "is not a folder" if by == "file" else "was not created by this project"
    assert f"The project's environment cannot be created: {environment}: it exists and {what}." in done.stderr
    assert "Nothing was changed; move it away, or delete it, then start again." in done.stderr
    assert kept.read_text(encoding="utf-8") == "years"


def test_a_link_to_the_environment_of_another_checkout_is_not_changed(
    made: Layout, tmp_path: Path, clone: Layout
) -> None:
    other = tmp_path / "other"
    shutil.copytree(clone.root, other, symlinks=True, ignore=shutil.ignore_patterns(".venv"))
    (other / ".venv").symlink_to(made.root / ".venv")
    done = run_command(Layout(other), "prepare_files.py")
    assert done.returncode == 73
    assert f"it is a link to the environment of {made.root}. Nothing was changed" in done.stderr
    assert fits(made)


def test_an_environment_is_created_at_the_target_of_a_link(
    uninstallable: Layout, tmp_path: Path, without_ensurepip: dict[str, str]
) -> None:
    (uninstallable.root / ".venv").symlink_to(tmp_path / "roomy")
    (tmp_path / "roomy").mkdir()
    for _ in range(2):
        done = run_command(uninstallable, "prepare_files.py", variables=without_ensurepip)
        assert done.returncode == 69  # there is no pip, but there is an environment
        assert "Traceback" not in done.stderr
        assert (tmp_path / "roomy" / "pyvenv.cfg").is_file()
        assert (uninstallable.root / ".venv").is_symlink()


@pytest.mark.parametrize("locale", ["C", "de_DE.ISO-8859-1"])
def test_the_path_of_a_checkout_may_have_characters_that_the_locale_lacks(
    tmp_path: Path, locale: str
) -> None:
    root = tmp_path / "Für Ω"
    subprocess.run([bare_python(), "-m", "venv", "--without-pip", str(root / ".venv")], check=True)
    (packages,) = (root / ".venv").glob("lib/python*/site-packages")
    (root / "code" / "ours").mkdir(parents=True)
    (root / "code" / "ours" / "__init__.py").touch()
    # What pip writes for an editable installation.
    (packages / "_app07.pth").write_text(f"{root}\n{root / 'code'}\n", encoding="utf-8")
    write_ascii_paths(root / ".venv")
    started = subprocess.run(
        [root / ".venv" / "bin" / "python", "-c", "import ours"],
        env={"LC_ALL": locale}, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    assert (started.returncode, started.stderr) == (0, "")


def test_the_test_command_reports_missing_tests(uninstallable: Layout) -> None:
    (uninstallable.root / "requirements-test.lock").unlink()
    done = run_command(uninstallable, "App07.py", "test")
    assert done.returncode == 66
    assert "requirements-test.lock not found: the submission archive has no tests" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_during_the_installation_exits_with_130_and_leaves_no_stamp(uninstallable: Layout) -> None:
    process = subprocess.Popen(
        [bare_python(), "prepare_files.py"],
        cwd=uninstallable.root,
        env=outside(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while "an empty environment" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    rest = process.communicate()[1]
    assert process.returncode == 130
    assert rest == "Interrupted while the environment was being created; the next start creates it again.\n"
    assert not (uninstallable.root / ".venv" / "app07.json").exists()


def test_a_second_start_waits_for_the_installation_of_the_first(uninstallable: Layout) -> None:
    with exclusive(uninstallable.root / ".venv.lock", patience=0, on_wait=pytest.fail):
        process = subprocess.Popen(
            [bare_python(), "prepare_files.py"],
            cwd=uninstallable.root,
            env=outside(),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        line = process.stderr.readline()
        process.kill()
        process.communicate()
    assert line.startswith(f"waiting for process {os.getpid()}, since ")


def test_a_read_only_checkout_without_an_environment_is_reported(
    uninstallable: Layout, read_only: Callable[[Path], Path]
) -> None:
    read_only(uninstallable.root)
    done = run_command(uninstallable, "prepare_files.py")
    assert done.returncode == 73
    assert done.stderr == (
        f"The project's environment cannot be created: Read-only file system: {uninstallable.root / '.venv.lock'}\n"
    )


def test_generated_files_are_ignored_by_git(clone: Layout) -> None:
    """Git ignores each file that a start may create in the project's folder."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    shutil.copy(PROJECT.root / ".gitignore", clone.root)
    subprocess.run([git, "init", "--quiet", clone.root], check=True)
    left = [".venv/app07.json", ".venv.lock", "output/.lock", "output/x/y.csv", "shared_data/prediction.csv"]
    ignored = subprocess.run(
        [git, "-C", clone.root, "check-ignore", *left], capture_output=True, text=True, check=False
    )
    assert ignored.stdout.split() == left


@pytest.mark.parametrize("name", ["NO_INPUT", "UNAVAILABLE", "CANNOT_WRITE", "TRY_AGAIN", "INTERRUPTED"])
def test_the_exit_statuses_without_packages_are_those_of_the_library(name: str) -> None:
    assert getattr(bootstrap, name) == ExitStatus[name]
