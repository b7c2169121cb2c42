"""Console output on a terminal, in a log, and with encodings that lack the marks."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from common.console import Console, strip_escapes


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def terminal_with_encoding(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")


def written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[1;38;5;200mloud\x1b[m", "loud"),
        ("\x1b[2K\x1b[1Aover", "over"),
        ("\x1b[?25lhidden cursor\x1b[?25h", "hidden cursor"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b(B\x1b[mas tput sgr0 ends", "as tput sgr0 ends"),
        ("\x1b7saved\x1b8", "saved"),
        ("\x1bcreset", "reset"),
        ("broken off \x1b", "broken off "),
        ("10 %\r20 %\rdone\r\n", "10 %\n20 %\ndone\n"),
        ("✓ Prediction: [0.98] and \\x1b", "✓ Prediction: [0.98] and \\x1b"),
    ],
)
def test_escape_sequences_are_removed_from_a_log(text: str, plain: str) -> None:
    assert strip_escapes(text) == plain


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1"])
def test_marks_are_ascii_if_the_stream_cannot_encode_them(encoding: str) -> None:
    out, err = terminal_with_encoding(encoding), terminal_with_encoding(encoding)
    console = Console(out, err)
    with console.status("images"):
        pass
    console.error("nothing → here")
    assert re.fullmatch(r"  \[OK\] images \(\d+\.\d s\)\n", written(out))
    assert written(err) == "[FAILED] nothing -> here\n"


def test_marks_are_kept_if_the_stream_can_encode_them() -> None:
    out = terminal_with_encoding("utf-8")
    Console(out, out).error("Größe – fünf")
    assert written(out) == "✗ Größe – fünf\n"


def test_unencodable_characters_become_question_marks() -> None:
    out = terminal_with_encoding("ascii")
    Console(out, out).print("Größe 5 · Iris ✿")
    assert written(out) == "Gr??e 5 - Iris ?\n"


def test_a_step_ends_with_its_duration() -> None:
    out = io.StringIO()
    with Console(out, out).status("images"):
        assert out.getvalue() == ""
    assert re.fullmatch(r"  ✓ images \(\d+\.\d s\)\n", out.getvalue())


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failed_step_is_marked_and_its_error_is_raised(error: type[BaseException]) -> None:
    out = io.StringIO()
    with pytest.raises(error), Console(out, out).status("images"):
        raise error
    assert re.fullmatch(r"  ✗ images \(\d+\.\d s\)\n", out.getvalue())


def test_a_log_gets_plain_lines_without_progress() -> None:
    out = io.StringIO()
    console = Console(out, out)
    console.heading("Stage 1")
    with console.status("images"):
        pass
    assert "\r" not in out.getvalue()
    assert "\x1b" not in out.getvalue()
    assert out.getvalue().startswith("\nStage 1\n-------\n")


def test_progress_is_shown_on_a_terminal(until: Callable[..., None]) -> None:
    out = Terminal()
    with Console(out, io.StringIO()).status("images"):
        until("the step ticks", lambda: "… images" in out.getvalue())
    assert "\r  … images (" in out.getvalue()
    assert re.search(r"\r\x1b\[K  ✓ images \(\d+\.\d s\)\n$", out.getvalue())


def test_quiet_prints_only_errors() -> None:
    out, err = Terminal(), io.StringIO()
    console = Console(out, err, quiet=True)
    console.heading("Stage 1")
    console.print("a line")
    with console.status("images"):
        pass
    console.error("no images")
    assert out.getvalue() == ""
    assert err.getvalue() == "✗ no images\n"


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_reader_that_closes_the_output_gets_no_traceback(options: tuple[str, ...]) -> None:
    root = Path(__file__).resolve().parents[2]
    words = [sys.executable, "App07.py", "inspect", "models/iris.pkl", *options]
    with subprocess.Popen(words, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        said = program.stderr.read()
    assert (program.returncode, said) == (141, b"")
