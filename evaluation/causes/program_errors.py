"""Explain the errors of the program of codebase: what each means, and how to fix it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from evaluation.causes.explanation import Explanation
from evaluation.causes.import_errors import explain_import
from evaluation.causes.missing_file import explain_missing_file
from evaluation.causes.program import FailedProgram

Explainer = Callable[[FailedProgram], Explanation | None]
_NESTED = re.compile(
    r"setting an array element with a sequence|shape \(\d+, \d+\) was given|"
    r"could not broadcast input array from shape \(\d+, ?\d+\)|only (?:size|length)-1 arrays can be converted"
)
_INPUTS = re.compile(
    r"takes (?P<takes>\d+) inputs?; (?P<given>\d+) values? (?:were|was) given|"
    r"could not broadcast input array from shape \((?P<from>\d+),\) into shape \((?P<into>\d+),\)"
)
_LFS = b"version https://git-lfs.github.com/spec/"
_LFS_LENGTH = len(_LFS)
_SYNTAX = ("SyntaxError", "IndentationError", "TabError")
_NETWORK = (
    "URLError",
    "gaierror",
    "ConnectionError",
    "ConnectionRefusedError",
    "MaxRetryError",
    "NewConnectionError",
)


def explain(program: FailedProgram) -> Explanation:
    """Explain a failure of the program.

    Args:
        program: how it failed.
    """
    for explainer in _EXPLAINERS:
        if (explanation := explainer(program)) is not None:
            return explanation
    return _any_crash(program)


def _nested(program: FailedProgram) -> Explanation | None:
    crash = program.crash
    in_activate = crash is not None and any(
        "activate" in frame.function or ".activate(" in frame.code for frame in crash.frames
    )
    call = program.nested_call() if in_activate or not crash else None
    if not (call or in_activate) or not (call or _NESTED.search(program.error)):
        return None
    if not _NESTED.search(program.error) and not in_activate:
        return None
    what = f"{program.statement} fails with {program.error}"
    instead = "the row itself"
    if call:
        origin = f" on line {call.assigned}: `{call.argument} = {call.value}`" if call.assigned else ""
        what += f". `{call.argument}` is a table (a list in a list, or an array of two dimensions){origin}"
        instead = f"`{call.source.partition('(')[0]}({call.argument}[0])`"
    return Explanation(
        "nested-activate", "activate() is given a table, but takes a single row", f"{what}.",
        f"Pass activate() one flat row with as many numbers as the network has inputs: {instead}, or for "
        f"every row of "
        "a table `[net.activate(row) for row in table]`.",
    )  # fmt: skip


def _number_of_inputs(program: FailedProgram) -> Explanation | None:
    match = _INPUTS.search(program.error)
    if not match:
        return None
    given, takes = match.group("given") or match.group("from"), match.group("takes") or match.group("into")
    return Explanation(
        "number-of-inputs", f"The network takes {takes} inputs, but gets {given}",
        f"{program.statement} fails with {program.error}.",
        f"Pass activate() only the {takes} input columns, without an index, a target or a header, and in the "
        f"order "
        "used in training.",
    )  # fmt: skip


def _columns(program: FailedProgram) -> Explanation | None:
    kind = program.crash.kind if program.crash else ""
    if kind == "KeyError":
        header = _header(program)
        return Explanation(
            "no-column", f"The program asks for {program.crash.message if program.crash else ''}, which does not exist",
            f"{program.statement} fails with "
            f"{program.error}." + (f" The rows have these columns: {header}." if header else ""),
            "Use a name that exists, with the same spelling, upper and lower case.",
        )  # fmt: skip
    if re.search(r"could not convert string to float: '[-+]?\d+,\d+'", program.error):
        return Explanation(
            "decimal-comma", "The program reads a number with a decimal comma",
            f"{program.statement} fails with {program.error}.",
            "float() takes a decimal point: replace the comma first, float(text.replace(',', '.')), or "
            "pandas.read_csv(..., decimal=',').",
        )  # fmt: skip
    if "could not convert string to float" in program.error:
        return Explanation(
            "text-as-number", "The program tries to convert text to a number",
            f"{program.statement} fails with {program.error}.",
            "Skip the header before the rows are converted (next(reader), or skiprows=1), and convert only the input "
            "columns.",
        )  # fmt: skip
    return None


def _header(program: FailedProgram) -> str:
    lines = program.evidence.submission.text(program.evidence.places.rows or "-").splitlines()
    return lines[0][:120] if lines else ""


def _network_file(program: FailedProgram) -> Explanation | None:
    kind = program.crash.kind if program.crash else ""
    unreadable = kind == "UnpicklingError" or (kind == "EOFError" and "pickle" in " ".join(program.lines))
    if kind == "EOFError" and "Ran out of input" in program.error:
        return Explanation(
            "half-copied", "The network is empty or half copied when codebase reads it",
            f"{program.statement} fails with {program.error}.",
            "Start codebase only when the copy is complete: copy to another name and rename it (mv), let a "
            "healthcheck look "
            "for the final name, and let codebase wait for `condition: service_healthy`.",
        )  # fmt: skip
    name = program.evidence.places.model or "-"
    if unreadable and program.evidence.submission.bytes(name)[:_LFS_LENGTH] == _LFS:
        return Explanation(
            "lfs-pointer", "The network file is a Git LFS pointer, not the network",
            f"{name} is a text file of three lines that points to Git LFS storage. {program.statement} fails with "
            f"{program.error}.",
            "Fetch the file with `git lfs pull`, and hand in the folder, or a zip archive of it: archives that a "
            "server creates contain the pointers.",
        )  # fmt: skip
    if unreadable:
        return Explanation(
            "no-pickle", "The network file is not a readable pickle",
            f"{program.statement} fails with {program.error}.",
            "Copy the file unchanged (cp), without any text tool or git setting that converts line endings, "
            "and open "
            "it in mode 'rb'.",
        )  # fmt: skip
    if kind == "AttributeError" and "Can't get attribute" in program.error:
        return Explanation(
            "own-class", "The network was saved with a class that codebase does not have",
            f"{program.statement} fails with {program.error}.",
            "Define the class in a module that is copied into the image as well, and import it from there when the "
            "network is saved.",
        )  # fmt: skip
    return None


def _permission(program: FailedProgram) -> Explanation | None:
    if "Permission denied" not in program.error and "Read-only file system" not in program.error:
        return None
    return Explanation(
        "permission", "codebase lacks permission for a file", f"{program.statement} fails with {program.error}.",
        "Write results only to the shared folder, mount it without `:ro`, and set USER in the Dockerfile to "
        "a user that may "
        "write there (files that another container has created belong to its user).",
    )  # fmt: skip


def _syntax(program: FailedProgram) -> Explanation | None:
    crash = program.crash
    if crash is None and "Non-UTF-8 code starting with" in program.error:
        return Explanation(
            "syntax-error", "The program is not UTF-8", f"Python expects UTF-8, and prints: {program.error}",
            "Save the program as UTF-8, or write its comments and strings without umlauts and accents.",
        )  # fmt: skip
    if crash is None or crash.kind not in _SYNTAX:
        return None
    return Explanation(
        "syntax-error", "The program is not valid Python", f"{program.statement} fails with {program.error}.",
        "Run the program once before it is handed in: python3 -m py_compile shows the line. A mixture of tabs "
        "and spaces, "
        "or a merge marker, is the usual reason.",
    )  # fmt: skip


def _internet(program: FailedProgram) -> Explanation | None:
    kind = program.crash.kind if program.crash else ""
    if (
        kind not in _NETWORK
        and "Name or service not known" not in program.error
        and "Temporary failure in name" not in program.error
    ):
        return None
    return Explanation(
        "internet", "The program needs the internet or another container's port when it runs",
        f"{program.statement} fails with {program.error}.",
        "Containers of an evaluation have no network. Put what the program needs into the image or into the shared "
        "folder: the containers exchange files, not requests.",
    )  # fmt: skip


def _command(program: FailedProgram) -> Explanation | None:
    """Explain a program that was not even started."""
    text = "\n".join(program.lines)
    if match := re.search(r"can't open file '?([^':]+)'?: \[Errno 2\]", text):
        path = match.group(1)
        return Explanation(
            "no-program", f"The program {path} is not in the image", last_line(text, "can't open file"),
            f"COPY {posixpath.basename(program.code.provided_file)} "
            f"{path if path.startswith('/') else program.code.inside} in "
            f"{program.code.dockerfile_path}, and start it "
            "with the same path in `command:` or CMD.",
        )  # fmt: skip
    if program.status == 127 or re.search(r"(?m)^[\w./ :-]*: (?:not found|command not found)$", text):
        return Explanation(
            "no-command", "The command of codebase does not exist in its image",
            last_line(text, "not found") or "the container exited with status 127: a command was not found",
            f"Start it with a program that the image contains: python3 {program.code.inside}. If the base image "
            "has no Python, choose another: "
            "FROM python:3.11-slim.",
        )  # fmt: skip
    return None


def last_line(text: str, part: str) -> str:
    """Return the last line that contains a string; empty if there is none.

    Args:
        text: several lines.
        part: the string.
    """
    return next((line.strip()[:300] for line in reversed(text.splitlines()) if part in line), "")


def _any_crash(program: FailedProgram) -> Explanation:
    if program.crash is None and program.status == 0:
        return Explanation(
            "error-with-status-0", f"{program.code.title} reports an error, but ends as if it had succeeded",
            f"It printed: {program.error}",
            "Fix what the message reports. Let errors end the program (no `except` around everything): the "
            "traceback then "
            "shows the line.",
        )  # fmt: skip
    if program.crash is None:
        layout = program.evidence.layout
        return Explanation(
            "program-failed", f"codebase exits with status {program.status}",
            f"The last line that it printed: {program.error}",
            f"Run it by itself and look at the last lines: docker run --rm -v "
            f"\"$PWD/{layout.shared_folders[0]}:{layout.shared_path}\" {program.code.image}.",
        )  # fmt: skip
    name = posixpath.basename(program.frame.file) if program.frame else "the program"
    line = f", line {program.frame.line}" if program.frame else ""
    return Explanation(
        "crash", f"codebase crashes: {program.crash.kind} in {name}{line}",
        f"{program.statement} fails with {program.error}.",
        f"Fix {name}{line}: the last line of the traceback says what is wrong, the line above it says where.",
    )  # fmt: skip


_EXPLAINERS: tuple[Explainer, ...] = (
    _syntax, _nested, _number_of_inputs, explain_import, explain_missing_file, _network_file, _columns, _permission,
    _internet, _command,
)  # fmt: skip
