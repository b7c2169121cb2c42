"""Read a model in a process of its own: ``python -I -m pipeline.bundles.model_process FOLDER``.

The loader of `pybrain_runtime` executes nothing of a file. The process bounds what it may cost from outside.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from pipeline.bundles.child import ChildFailed, answer_task, run_child
from pipeline.bundles.errors import SourceRefused
from pipeline.bundles.limits import BundleLimits
from pipeline.errors import PipelineError
from pybrain_runtime import load_knowledge


@dataclass(frozen=True)
class ModelTask:
    """What is read.

    Attributes:
        name: the name of the file in the folder of the task.
    """

    name: str


@dataclass(frozen=True)
class ModelFacts:
    """What a model is.

    Attributes:
        format: the format of its file.
        kind: the type of the network.
        inputs: the number of its inputs.
        outputs: the number of its outputs.
        sha256: the SHA-256 of its file.
    """

    format: str
    kind: str
    inputs: int
    outputs: int
    sha256: str


def check_model(file: Path, name: str, folder: Path, limits: BundleLimits) -> ModelFacts:
    """Read a model with the safe loader, and return what it is.

    Args:
        file: the file.
        name: its name, for messages.
        folder: an empty folder for the process.
        limits: limits on time and memory.

    Raises:
        SourceRefused: it is not a network that the loader reads, or reading it costs too much.
    """
    shutil.copyfile(file, folder / name)
    seconds, memory = limits.model_seconds, limits.model_memory
    try:
        return run_child(__name__, ModelTask(name), ModelFacts, folder, seconds=seconds, memory=memory)
    except ChildFailed as error:
        how = f"it takes more than {seconds:g} s" if error.timed_out else "its reader has failed"
        raise SourceRefused(f"{name} cannot be read within the limits: {how}.") from None
    except PipelineError as error:
        raise SourceRefused(f"The model is refused: {error.message}", hint=error.hint) from None


def main(folder: Path) -> int:
    """Read the model that the task names.

    Args:
        folder: the folder of the task.

    Returns:
        The exit status.
    """

    def read(task: ModelTask) -> ModelFacts:
        try:
            found = load_knowledge(folder / task.name)
        except MemoryError:
            raise SourceRefused("Reading it takes more memory than is allowed.") from None
        network = found.network
        return ModelFacts(found.format, found.kind, network.indim, network.outdim, found.sha256)

    return answer_task(folder, ModelTask, read)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
