"""The completion script for bash 3.2 and later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from shlex import quote

from pipeline.completion.syntax import Option, Syntax

_HEAD = """\
# Completion of {program} in bash. To use it in this shell:
#   source <({program} completion bash)
_{program}() {{
    local line=${{COMP_LINE:0:COMP_POINT}} words word= previous= command={default} values= options= files=
    read -r -a words <<<"$line"
    if [[ $line != *[[:space:]] ]]; then
        word=${{words[${{#words[@]}}-1]}}
        words=("${{words[@]:0:${{#words[@]}}-1}}")
    fi
    COMPREPLY=()
    # bash splits --option=value into three words.
    if [[ $word == --*=* ]]; then
        previous=${{word%%=*}} word=${{word#*=}}
    elif (( ${{#words[@]}} > 1 )); then
        previous=${{words[${{#words[@]}}-1]}}
    fi
    if (( ${{#words[@]}} <= 1 )) && [[ $word != -* && $previous != -* ]]; then
        COMPREPLY=($(compgen -W {commands} -- "$word"))
        return
    fi
    if [[ ${{words[1]:-}} != -* && -n ${{words[1]:-}} ]]; then command=${{words[1]}}; fi
    case "$command $previous" in
"""
_MIDDLE = """\
    esac
    case $command in
"""
_TAIL = """\
    esac
    if [[ $word == -* && -z $values ]]; then
        values=$options
    elif [[ -z $values && -z $files ]]; then
        case $command in
{arguments}\
        esac
    fi
    [[ -n $values ]] || return
    COMPREPLY=($(compgen -W "$values" -- "$word"))
    # bash splits words at colons: it replaces only what follows the last one.
    if [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then
        local start=${{word%:*}}: index
        for index in "${{!COMPREPLY[@]}}"; do COMPREPLY[$index]=${{COMPREPLY[$index]#"$start"}}; done
    fi
}}
complete -o bashdefault -o default -F _{program} {program}
"""


def render(program: str, default: str, commands: Sequence[Syntax]) -> str:
    """Return the completion script.

    Args:
        program: the name of the program.
        default: the command that runs if none is named.
        commands: the commands with their options.
    """
    names = _words([*(command.name for command in commands), "help"])
    parts = [_HEAD.format(program=program, default=default, commands=names)]
    parts += [line for command in commands for line in _values(command)]
    parts.append(_MIDDLE)
    parts += [
        f"        {command.name}) options={_words(_flags(command.options))} ;;\n" for command in commands
    ]
    parts.append(_TAIL.format(program=program, arguments="".join(map(_arguments, commands))))
    return "".join(parts)


def _values(command: Syntax) -> Iterable[str]:
    for option in command.options:
        if option.value is None:
            continue
        pattern = "|".join(f'"{command.name} {flag}"' for flag in option.flags)
        action = f"values={_words(option.value.choices)}" if option.value.choices else "files=1"
        yield f"        {pattern}) {action} ;;\n"


def _arguments(command: Syntax) -> str:
    choices = [choice for value in command.arguments for choice in value.choices]
    return f"            {command.name}) values={_words(choices)} ;;\n" if choices else ""


def _flags(options: Sequence[Option]) -> list[str]:
    return [flag for option in options for flag in option.flags if flag.startswith("--")]


def _words(words: Iterable[str]) -> str:
    return quote(" ".join(words))
