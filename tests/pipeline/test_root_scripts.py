"""The root scripts are short, safe to import, and report errors before anything is installed."""

from __future__ import annotations

import ast
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from common.project import PROJECT, Layout
from pipeline.cli import parse
from pipeline.commands import registry
from pipeline.commands.base.stage_command import DEFAULT_TIMEOUT
from pipeline.commands.run import RunCommand
from pipeline.commands.test import TestCommand
from pybrain_runtime._version import __version__

COMMANDS = [command.name for command in registry.COMMANDS]
SCRIPTS = (
    "App07.py",
    "prepare_files.py",
    "test_containers.py",
    "run_compose_with_output.py",
    "detect_hardware.py",
)
# What a reader of --help must find: each status that a driver may end with.
STATUSES = ("0 done", "2 wrong usage", "65", "66", "69", "70", "73", "75", "130")
# It runs no stage.
STATUSES_OF = {"detect_hardware.py": ("0 done", "2 wrong usage", "70", "73", "130")}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, copy_project: Callable[[Path], Layout]) -> Layout:
    """Return one full copy of the project for all tests: the scripts must not change it."""
    return copy_project(tmp_path_factory.mktemp("clone") / "project")


def bare_python() -> str:
    """Return the interpreter that the environment of the tests was created with; it has none of its packages."""
    return getattr(sys, "_base_executable", None) or sys.executable


def run_command(layout: Layout, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a checkout, with a Python that has only the standard library."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL"))
    }
    return subprocess.run(
        [bare_python(), "-I", "-S", "-c", _AS_A_SCRIPT, *words],
        cwd=layout.root,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


# `python script.py` with isolated mode on: the script's folder comes first, as Python itself puts it.
_AS_A_SCRIPT = """
import os, runpy, sys
sys.dont_write_bytecode = True
sys.argv = sys.argv[1:]
sys.path.insert(0, os.getcwd())
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_importing_a_script_has_no_effect(clone: Layout, script: str) -> None:
    before = sorted(clone.root.rglob("*"))
    done = type_in_python(clone, f"import {script.removesuffix('.py')}; print('imported')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "imported\n", "")
    assert sorted(clone.root.rglob("*")) == before


def type_in_python(layout: Layout, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [bare_python(), "-I", "-S", "-B", "-c", f"import sys; sys.path.insert(0, '.'); {code}"],
        cwd=layout.root,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_short(script: str) -> None:
    code = [line for line in (PROJECT.root / script).read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(code) <= 15


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_needs_nothing_but_python(clone: Layout, script: str) -> None:
    done = run_command(clone, script, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: {script} ")
    shown = " ".join(done.stdout.split())
    assert [status for status in STATUSES_OF.get(script, STATUSES) if status not in shown] == []
    assert not (clone.root / ".venv").exists()
    assert not (clone.root / ".venv.lock").exists()


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_needs_nothing_but_python(clone: Layout, command: str) -> None:
    done = run_command(clone, "App07.py", command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: App07.py {command} ")
    assert "exit status: 0 done" in done.stdout
    assert not (clone.root / ".venv").exists()


@pytest.mark.slow
def test_help_of_the_main_script_lists_every_command_and_option(clone: Layout) -> None:
    shown = run_command(clone, "App07.py", "--help").stdout
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", shown, re.MULTILINE)
    for option in ("--engine", "--model", "--data", "--timeout", "--json", "--no-build", "--debug"):
        assert option in shown


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("App07.py", "--engine", "podman"), "argument --engine: invalid choice: 'podman'"),
        (
            ("App07.py", "--timeout", "0"),
            "argument --timeout: '0' is not a number of seconds between 0 and 86400",
        ),
        (
            ("App07.py", "--timeout", "nan"),
            "argument --timeout: 'nan' is not a number of seconds between 0 and 86400",
        ),
        (("App07.py", "--timeout", "soon"), "argument --timeout: 'soon' is not a number of seconds"),
        (("App07.py", "--model"), "argument --model: expected one argument"),
        (("App07.py", "--mod", "iris"), "unrecognized arguments: --mod iris"),
        (("prepare_files.py", "--engine", "local"), "unrecognized arguments: --engine local"),
        (("test_containers.py", "iris"), "unrecognized arguments: iris"),
        (("run_compose_with_output.py", "--nobuild"), "unrecognized arguments: --nobuild"),
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2_and_creates_nothing(
    clone: Layout, words: tuple[str, ...], says: str
) -> None:
    done = run_command(clone, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert not (clone.root / ".venv").exists()


@pytest.mark.slow
def test_an_unknown_command_lists_the_commands(clone: Layout) -> None:
    done = run_command(clone, "App07.py", "tets")
    assert done.returncode == 2
    assert (
        f"unknown command 'tets'. Did you mean test? The commands are: {', '.join(COMMANDS)}" in done.stderr
    )


@pytest.mark.slow
def test_version_and_help_need_no_environment(clone: Layout) -> None:
    version = run_command(clone, "App07.py", "--version")
    assert version.stdout == f"app07 {__version__} (Python {platform.python_version()})\n"
    helped, asked = (
        run_command(clone, "App07.py", *words) for words in (("help", "submit"), ("submit", "--help"))
    )
    assert helped.stdout == asked.stdout
    assert "usage: App07.py submit" in helped.stdout
    assert run_command(clone, "App07.py", "help").stdout == run_command(clone, "App07.py", "--help").stdout
    assert not (clone.root / ".venv").exists()


def test_the_main_script_without_a_command_runs_all_stages() -> None:
    command = parse([])
    assert isinstance(command, RunCommand)
    assert (command.engine, command.timeout) == ("auto", DEFAULT_TIMEOUT)
    assert (command.model, command.data, command.json, command.no_build) == (None, None, False, False)


def test_options_after_test_are_passed_to_pytest() -> None:
    command = parse(["test", "-k", "iris", "-x", "tests/pipeline"])
    assert isinstance(command, TestCommand)
    assert command.pytest == ["-k", "iris", "-x", "tests/pipeline"]


def test_a_script_and_its_command_have_the_same_options() -> None:
    for name in ("prepare", "check", "compose"):
        script, command = parse(["--model", "iris"], name=name), parse([name, "--model", "iris"])
        assert type(script) is type(command)
        assert script == command


@pytest.mark.parametrize("script", [*SCRIPTS, "pipeline/environment/entry_point.py", "pipeline/__init__.py"])
def test_an_old_python_can_parse_a_script(script: str) -> None:
    text = (PROJECT.root / script).read_bytes()
    ast.parse(text, script, feature_version=(3, 7))
    text.decode("ascii")  # Python 2 stops at anything else


def test_an_old_python_reports_the_required_version(clone: Layout) -> None:
    pretend = "import sys; sys.version_info = (3, 8, 18, 'final', 0); sys.argv = ['App07.py']"
    done = type_in_python(
        clone,
        f"{pretend}; from pipeline.environment.entry_point import run_script; sys.exit(run_script())",
    )
    assert (done.returncode, done.stdout) == (69, "")
    assert re.fullmatch(
        r"This project needs Python 3\.11 or newer; .+ is Python 3\.8\.\n"
        r"  Run it with another interpreter, for example: python3\.11 App07\.py\n",
        done.stderr,
    )
    assert not (clone.root / ".venv").exists()


def old_pythons() -> list[str]:
    """Return the installed Python interpreters that are too old for the project."""
    found = []
    for version in ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10"):
        program = shutil.which(f"python{version}")
        if program and subprocess.run([program, "-V"], capture_output=True, check=False).returncode == 0:
            found.append(program)
    return found


@pytest.mark.slow
def test_every_installed_old_python_reports_the_required_version(clone: Layout) -> None:
    pythons = old_pythons()
    if not pythons:
        pytest.skip("no Python older than 3.11 on this machine; the test above pretends to be one")
    for python in pythons:
        for script in SCRIPTS:
            done = subprocess.run(
                [python, "-B", script], cwd=clone.root, capture_output=True, text=True, check=False
            )
            assert done.returncode == 69, (python, script)
            assert done.stderr.startswith("This project needs Python 3.11 or newer; "), (python, script)


_HELLO = '''
"""Say hello."""

from pipeline.commands.base.command import Command


class HelloCommand(Command):
    """Say hello."""

    name = "hello"
    summary = "Say hello to a new command."
'''


@pytest.mark.parametrize("words", [[], ["activate"], ["card"], ["evaluate"]])
def test_help_fits_a_narrow_terminal(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    with pytest.raises(SystemExit):
        parse([*words, "--help"])
    lines = capsys.readouterr().out.splitlines()
    # What argparse itself does not break: the names of options with all their values.
    assert [line for line in lines if len(line) > 40 and not line.lstrip().startswith(("-", "["))] == []
    assert any(line.startswith("exit status: ") for line in lines)


@pytest.mark.slow
def test_a_new_command_is_one_file(copy_project: Callable[[Path], Layout], tmp_path: Path) -> None:
    clone = copy_project(tmp_path / "project")
    (clone.root / "pipeline" / "commands" / "hello.py").write_text(_HELLO, encoding="utf-8")
    listed = run_command(clone, "App07.py", "--help").stdout
    shown = [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2:3].isalpha()]
    assert shown == [*COMMANDS, "hello"]
    done = run_command(clone, "App07.py", "hello", "--help")
    assert (done.returncode, "Say hello to a new command." in done.stdout) == (0, True)
