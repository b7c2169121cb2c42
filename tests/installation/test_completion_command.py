"""The scripts of `completion` complete what is typed, in the shells themselves."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.project import Layout
from pipeline.cli import parse
from pipeline.commands.completion import CompletionCommand
from pipeline.commands.registry import COMMANDS
from tests.conftest import in_ci
from tests.driving import driven

COMMON: list[tuple[str, str]] = [
    ("app07 conv", "app07 convert "),
    ("app07 convert --to on", "app07 convert --to onnx "),
    ("app07 --engine loc", "app07 --engine local "),
    ("app07 --no-bu", "app07 --no-build "),
    ("app07 completion fi", "app07 completion fish "),
    ("app07 keys re", "app07 keys revoke "),
    ("app07 inspect net", "app07 inspect network.pkl "),
    ("app07 activate --card net", "app07 activate --card network.pkl "),
    ("app07 keys add --scope compose:b", "app07 keys add --scope compose:bundle "),
]
"""What is typed, and what is shown after the Tab key."""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that writes the script of a shell; skips the test if the shell is not installed."""
    folder = tmp_path_factory.mktemp("scripts")

    def script(shell: str) -> Path:
        if shutil.which(shell) is None:
            missing = f"{shell} is not installed (Debian: apt install {shell})"
            pytest.fail(missing) if in_ci() else pytest.skip(missing)
        path = folder / f"script.{shell}"
        done = subprocess.run(
            [sys.executable, "-c", "import sys; from pipeline.cli import main; sys.exit(main())", "completion", shell],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        path.write_text(done.stdout, encoding="utf-8")
        return path

    return script


class Terminal:
    """A shell in a terminal.

    Args:
        command: the shell.
        folder: the current folder.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        ours, theirs = pty.openpty()
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._terminal = ours

    def type(self, text: str, expected: str, seconds: float = 20.0) -> str:
        """Type a string, and return the output as soon as it contains another string."""
        os.write(self._terminal, text.encode())
        shown, end = "", time.monotonic() + seconds
        while expected not in shown and time.monotonic() < end:
            if select.select([self._terminal], [], [], 0.1)[0]:
                shown += os.read(self._terminal, 65536).decode("utf-8", "replace")
                shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[>=]|[\x07\r]", "", shown)
        return shown

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Return a function that starts a shell in a folder with one file; it is ended after the test."""
    (tmp_path / "network.pkl").touch()
    opened: list[Terminal] = []

    def start(*command: str) -> Terminal:
        opened.append(Terminal(list(command), tmp_path))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.mark.slow
def test_bash_completes_what_is_typed(
    scripts: Callable[[str], Path], terminal: Callable[..., Terminal]
) -> None:
    shell = terminal("bash", "--norc", "--noprofile", "-i")
    shell.type(
        f"PS1='> '; bind 'set enable-bracketed-paste off'; source {scripts('bash')}; echo rea''dy\n", "ready"
    )
    for typed, completed in [*COMMON, ("app07 convert --to=xm", "app07 convert --to=xml ")]:
        assert completed in shell.type(f"{typed}\t", completed), typed
        shell.type("\x15\n", "> ")


@pytest.mark.slow
def test_zsh_completes_what_is_typed(
    scripts: Callable[[str], Path], terminal: Callable[..., Terminal]
) -> None:
    shell = terminal("zsh", "-f", "-i")
    start = f"PS1='> '; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source {scripts('zsh')}"
    shell.type(f"{start}; echo rea''dy\n", "ready")
    for typed, completed in [*COMMON, ("app07 convert --to=xm", "app07 convert --to=xml ")]:
        assert completed in shell.type(f"{typed}\t", completed), typed
        shell.type("\x15\n", "> ")


@pytest.mark.slow
def test_fish_completes_what_is_typed(scripts: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "network.pkl").touch()
    asked = "".join(f"complete -C '{typed}'; echo ==; " for typed, _ in COMMON)
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source {scripts('fish')}; {asked}"],
        cwd=tmp_path, env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    answers = [
        [line.partition("\t")[0] for line in part.splitlines()] for part in done.stdout.split("==\n")[:-1]
    ]
    expected = [[completed.split()[-1]] for _, completed in COMMON]
    assert (answers, done.stderr) == (expected, "")


def test_every_command_and_every_option_is_in_every_script(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for shell, start in (("bash", "--"), ("zsh", "--"), ("fish", "-l ")):
        script = driven(capsys, Layout(tmp_path), "completion", shell).out
        assert [each.name for each in COMMANDS if each.name not in script] == []
        for option in ("no-build", "learning-rate", "sha256", "on-bad-row", "dry-run"):
            assert f"{start}{option}" in script


def test_only_the_script_is_printed_and_json_contains_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    plain = driven(capsys, Layout(tmp_path), "completion", "bash")
    assert (plain.status, plain.err) == (0, "")
    told = driven(capsys, Layout(tmp_path), "completion", "bash", "--json").json
    assert (told["status"], told["shell"], told["script"]) == (0, "bash", plain.out)
    assert isinstance(parse(["completion", "zsh"]), CompletionCommand)


@pytest.mark.parametrize("words", [[], ["csh"]])
def test_an_unknown_shell_is_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["completion", *words])
    assert ended.value.code == 2
    assert "SHELL" in capsys.readouterr().err
