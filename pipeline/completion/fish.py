"""The completion script for fish 3.0 and later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.completion.syntax import Option, Syntax, Value

_HEAD = """\
# Completion of {program} in fish. To use it in this shell:
#   {program} completion fish | source
function __{program}_command
    set -l words (commandline -opc)
    if test (count $words) -lt 2; or string match -q -- '-*' $words[2]
        test $argv[1] = {default}
    else
        test $words[2] = $argv[1]
    end
end
function __{program}_no_command
    test (count (commandline -opc)) -eq 1
end
complete -c {program} -f
"""


def render(program: str, default: str, commands: Sequence[Syntax]) -> str:
    """Return the completion script.

    Args:
        program: the name of the program.
        default: the command that runs if none is named.
        commands: the commands with their options.
    """
    lines = [_HEAD.format(program=program, default=default)]
    named = [
        *((command.name, command.summary) for command in commands),
        ("help", "Show the help of a command"),
    ]
    for name, summary in named:
        lines.append(f"complete -c {program} -n __{program}_no_command -a {name} -d {_quoted(summary)}\n")
    for command in commands:
        start = f"complete -c {program} -n {_quoted(f'__{program}_command {command.name}')}"
        lines += [f"{start} {_option(option)}\n" for option in command.options]
        lines += [f"{start} {words}\n" for words in _arguments(command.arguments)]
    return "".join(lines)


def _option(option: Option) -> str:
    flags = " ".join(f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags)
    return f"{flags}{_value(option.value)} -d {_quoted(option.help)}"


def _value(value: Value | None) -> str:
    if value is None:
        return ""
    if value.choices:
        return f" -x -a {_quoted(' '.join(value.choices))}"
    return " -r -F" if value.is_file else " -x"


def _arguments(values: Sequence[Value]) -> Iterable[str]:
    for value in values:
        if value.choices:
            yield f"-a {_quoted(' '.join(value.choices))}"
        elif value.is_file:
            yield "-F"


def _quoted(text: str) -> str:
    """Return a word in single quotes, in which fish has two escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
