"""Read the request of `generate`, and write the generated file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from common.atomic_files import write_text
from common.console import Console
from common.errors import InputMissing, VerificationFailed
from pipeline.commands.base.command import Result
from pipeline.compose import Generated, generate, read_request, request_schema
from pipeline.compose.checkout import checkout_text
from pipeline.compose.reading import MOST_BYTES
from pipeline.compose.specification import schema_problems
from pipeline.engines.compose_config import refused_by_compose
from pybrain_runtime.io.output_paths import check_target


class GenerateResult(Result):
    """The result of `generate`.

    Args:
        output: the file that was written; ``-`` for standard output.
        generated: the generated file; None for the schema.
    """

    def __init__(self, output: str, generated: Generated | None = None) -> None:
        self.output = output
        self.generated = generated

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        found: dict[str, object] = {"output": self.output}
        if self.generated is not None:
            found["target"] = self.generated.target
            if self.output == "-":
                found["text"] = self.generated.text
            found["warnings"] = [
                {"path": warning.path, "message": warning.message} for warning in self.generated.warnings
            ]
            found["files"] = [
                {"path": file.path, "kind": file.kind, "source": file.source, "sha256": file.sha256}
                for file in self.generated.files
            ]
        return found


def generate_file(console: Console, request: str, output: str, target: str) -> GenerateResult:
    """Generate the file for a request, and write it.

    Args:
        console: where warnings are printed.
        request: the file of the request; ``-`` for standard input.
        output: the file to write; ``-`` for standard output.
        target: the target format: compose, swarm or kubernetes.

    Raises:
        RequestRefused: the request is refused; nothing is written.
        InputMissing: the request file does not exist.
        CannotWrite: the file cannot be written.
        VerificationFailed: the file violates the Compose specification, or an installed Compose rejects it.
    """
    generated = generate(read_request(_read(request)), target=target)
    if target == "compose":
        _check(generated)
    _write(console, output, generated.text)
    for warning in generated.warnings:
        console.note(f"warning: {warning.path + ': ' if warning.path else ''}{warning.message}")
    return GenerateResult(output, generated)


def _check(generated: Generated) -> None:
    """Check a compose file with the schema of the specification, and with every Compose that is installed."""
    contexts = [file.path for file in generated.files if file.kind == "folder"]
    refused = {"the compose specification": "\n".join(schema_problems(generated.text))}
    refused |= refused_by_compose(generated.text, contexts)
    problems = [f"{who} refuses the generated file: {why}" for who, why in refused.items() if why]
    if problems:
        raise VerificationFailed(
            "\n".join(problems), hint="This is a bug in the generator. Please report it."
        )


def write_schema(console: Console, output: str) -> GenerateResult:
    """Write the JSON schema of a request.

    Args:
        console: where the path and the size of the file are printed.
        output: the file to write; ``-`` for standard output.

    Raises:
        CannotWrite: the file cannot be written.
    """
    _write(console, output, json.dumps(request_schema(), indent=2) + "\n")
    return GenerateResult(output)


def write_default(console: Console, output: str) -> GenerateResult:
    """Write docker-compose.yml of this project.

    Args:
        console: where the path and the size of the file are printed.
        output: the file to write; ``-`` for standard output.

    Raises:
        CannotWrite: the file cannot be written.
    """
    _write(console, output, checkout_text())
    return GenerateResult(output)


def _read(request: str) -> bytes:
    """Return the content of a request, or as much of it as shows that it is too large."""
    if request == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    path = Path(request)
    try:
        if not path.is_file():  # reading a pipe or a device would wait
            raise InputMissing(f"{path} is not a file.", path=path)
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputMissing(f"{path} cannot be read: {error.strerror}", path=path) from error
    except ValueError as error:
        raise InputMissing(f"{request!r} is not a valid file name: {error}", path=request) from error


def _write(console: Console, output: str, text: str) -> None:
    if output != "-":
        check_target(output)  # a device or a link would be replaced by the file
        write_text(Path(output), text)
        console.print(f"  written      {output} ({len(text.encode()):,} bytes)")
    elif not console.quiet:
        console.out.write(text)
        console.out.flush()
