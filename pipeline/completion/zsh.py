"""The completion script for zsh."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from shlex import quote

from pipeline.completion.syntax import Option, Syntax, Value

_HEAD = """\
#compdef {program}
# Completion of {program} in zsh. To use it in this shell, after compinit:
#   source <({program} completion zsh)
_{program}() {{
    local -a commands
    commands=(
{commands}\
    )
    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
        _describe -t commands command commands
        return
    fi
    local command={default}
    if [[ $words[2] != -* ]]; then
        command=$words[2]
        shift words
        (( CURRENT-- ))
    fi
    case $command in
"""
_TAIL = """\
    esac
}}
if [[ $funcstack[1] == _{program} ]]; then _{program} "$@"; else compdef _{program} {program}; fi
"""


def render(program: str, default: str, commands: Sequence[Syntax]) -> str:
    """Return the completion script.

    Args:
        program: the name of the program.
        default: the command that runs if none is named.
        commands: the commands with their options.
    """
    described = [(command.name, command.summary) for command in commands]
    described.append(("help", "Show the help of a command"))
    lines = "".join(
        f"        {quote(name.replace(':', chr(92) + ':') + ':' + text)}\n" for name, text in described
    )
    cases = "".join(_case(command) for command in commands)
    return (
        _HEAD.format(program=program, default=default, commands=lines) + cases + _TAIL.format(program=program)
    )


def _case(command: Syntax) -> str:
    specifications = [*_options(command.options), *_arguments(command.arguments)]
    listed = "".join(f" \\\n                {quote(each)}" for each in specifications)
    return f"        {command.name})\n            _arguments{listed}\n            ;;\n"


def _options(options: Iterable[Option]) -> Iterable[str]:
    for option in options:
        value = "" if option.value is None else f":{_name(option.value)}:{_action(option.value)}"
        for flag in option.flags:
            # With an equals sign, the value may be the next word or follow the sign.
            joined = "=" if option.value is not None and flag.startswith("--") else ""
            yield f"*{flag}{joined}[{_escaped(option.help)}]{value}"


def _arguments(values: Sequence[Value]) -> Iterable[str]:
    for number, value in enumerate(values, 1):
        place = "*" if number == len(values) else str(number)
        yield f"{place}:{_name(value)}:{_action(value)}"


def _action(value: Value) -> str:
    if value.choices:
        return f"({' '.join(choice.replace(':', chr(92) + ':') for choice in value.choices)})"
    return "_files" if value.is_file else " "


def _name(value: Value) -> str:
    return value.name.lower().replace(":", " ")


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in "\\[]" else character for character in text)
