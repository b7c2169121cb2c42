"""Direct pip in the steps of a build to the package index of the proxy, which downloads each file once for a class.

A build argument names the index, so pip uses it instead of the default index. Options of a command or a requirements
file take precedence over it, and so does an ENV of the Dockerfile. A configuration file does not, so a submission that
may have one gets no argument.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from evaluation.dockerfiles.dockerfile import Dockerfile, Instruction
from evaluation.dockerfiles.stages import stage_index
from evaluation.engine.build_network import PROXY
from evaluation.engine.image_names import is_allowed
from evaluation.submission.safe_tree import Tree

_INDEX = f"{PROXY}/simple/"
INDEX_ARGUMENT = f"ARG PIP_INDEX_URL={_INDEX}"
_VARIABLES = frozenset(["PIP_INDEX_URL", "PIP_CONFIG_FILE", "PIP_NO_INDEX"])
_INSTALLS = re.compile(r"\bpip")
# An index that the Dockerfile sets, besides those in the options of a command.
_OWN_INDEX = re.compile(
    r"PIP_INDEX_URL|PIP_CONFIG_FILE|PIP_NO_INDEX|\bpip\.(?:conf|ini)\b|\bpip[\d.]*\s+config\b|\.pip\b|config/pip\b"
)
_CONFIGURATIONS = ("pip.conf", "pip.ini")
_INDEX_LINE = re.compile(rf"^Looking in indexes: {re.escape(_INDEX)}\n", re.MULTILINE)
_FILE = re.compile(
    rf"{re.escape(PROXY)}/files/[0-9a-f]{{64}}/[0-9a-f]{{32}}/(?:[^\s/]{{1,200}}/){{1,20}}([^\s/]{{1,300}})"
)


def stages_with_index(
    dockerfile: Dockerfile,
    context: Tree,
    arguments: Mapping[str, str],
    variables_of: Callable[[str], Mapping[str, str]],
) -> frozenset[int]:
    """Return the indexes of the stages in which a step runs pip, and pip probably uses the default index.

    Args:
        dockerfile: the file.
        context: the build context.
        arguments: build arguments.
        variables_of: returns the environment variables of an image.
    """
    if _VARIABLES & set(arguments) or any(map(_OWN_INDEX.search, _texts(dockerfile.instructions))):
        return frozenset()
    stages = frozenset(
        index
        for index, stage in enumerate(dockerfile.stages)
        if any(map(_INSTALLS.search, _texts(one for one in stage.instructions if one.keyword == "RUN")))
        and _has_default(base := _image_of(dockerfile, index), variables_of(base))
    )
    if stages and any(parts[-1].lower() in _CONFIGURATIONS for parts, _ in context.entries()):
        return frozenset()
    return stages


def _texts(instructions: Iterable[Instruction]) -> Iterator[str]:
    for instruction in instructions:
        yield instruction.text
        yield from (heredoc.text for heredoc in instruction.heredocs)


def _image_of(dockerfile: Dockerfile, index: int) -> str:
    """Return the image that a stage is built from, through other stages."""
    name = dockerfile.stages[index].base
    while (base := stage_index(dockerfile, name, index)) is not None:
        index, name = base, dockerfile.stages[base].base
    return name


def _has_default(image: str, variables: Mapping[str, str]) -> bool:
    """Return whether an image's pip uses the default index; that of an image that the user has allowed may not."""
    return is_allowed(image) and not _VARIABLES & set(variables)


def without_index(output: str) -> str:
    """Return the output of a build as it would be with the default index, in which pip shows file names, not URLs.

    Args:
        output: the output of the build.
    """
    return _FILE.sub(r"\1", _INDEX_LINE.sub("", output)).replace(f"{_INDEX}, ", "")
