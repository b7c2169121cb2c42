"""Load a model in a separate process: ``python -I -m pipeline.bundles.model_process FOLDER``.

The loader of `pybrain_runtime` executes no code from a file. The process limits its time and memory from outside.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from common.errors import PipelineError
from pipeline.bundles.bundle_limits import BundleLimits
from pipeline.bundles.child import ChildFailed, carry_out_task, run_child
from pipeline.bundles.errors import SourceRefused
from pybrain_runtime import load_knowledge


@dataclass(frozen=True)
class ModelTask:
    """The task of the process.

    Attributes:
        name: the file name in the folder of the task.
    """

    name: str


@dataclass(frozen=True)
class ModelFacts:
    """A description of a model.

    Attributes:
        format: the file format.
        kind: the type of the network.
        inputs: the number of inputs.
        outputs: the number of outputs.
        sha256: the SHA-256 of the file.
    """

    format: str
    kind: str
    inputs: int
    outputs: int
    sha256: str


def check_model(file: Path, name: str, folder: Path, limits: BundleLimits) -> ModelFacts:
    """Load a model with the safe loader and return its description.

    Args:
        file: the file.
        name: the file name, for messages.
        folder: an empty folder for the process.
        limits: the limits on time and memory.

    Raises:
        SourceRefused: the file is not a supported network, or loading it exceeds the limits.
    """
    shutil.copyfile(file, folder / name)
    seconds, memory = limits.model_seconds, limits.model_memory
    try:
        return run_child(__name__, ModelTask(name), ModelFacts, folder, seconds=seconds, memory=memory)
    except ChildFailed as error:
        how = f"it takes more than {seconds:g} s" if error.timed_out else "the loader failed"
        raise SourceRefused(f"{name} cannot be read within the limits: {how}.") from None
    except PipelineError as error:
        raise SourceRefused(f"The model is refused: {error.message}", hint=error.hint) from None


def main(folder: Path) -> int:
    """Load the model of the task.

    Args:
        folder: the folder of the task.

    Returns:
        The exit status.
    """

    def read(task: ModelTask) -> ModelFacts:
        try:
            found = load_knowledge(folder / task.name)
        except MemoryError:
            raise SourceRefused("loading it exceeds the memory limit.") from None
        network = found.network
        return ModelFacts(found.format, found.kind, network.indim, network.outdim, found.sha256)

    return carry_out_task(folder, ModelTask, read)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
