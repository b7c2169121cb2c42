"""A version of a model, loaded, compiled and tested."""

from __future__ import annotations

from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from pybrain_runtime.engine.compiled_network import CompiledNetwork
from pybrain_runtime.engine.inference_session import InferenceSession
from pybrain_runtime.errors import KnowledgeError
from pybrain_runtime.io.record import Record
from pybrain_runtime.knowledge import Knowledge, load_knowledge
from pybrain_runtime.network.image_input import ImageInput
from serving.models.served_files import ModelFile
from serving.models.source_files import SourceFiles, read_source_files

Array = NDArray[np.float64]


class ServedModel(Record):
    """A loaded version of a model. It is immutable, so any number of requests may use it concurrently.

    Attributes:
        name: the name of the model.
        version: the version.
        file: the file that the model was loaded from.
        knowledge: the network and its card.
        single: the network, compiled for float32.
        source: the content of a recurrent network's files, which sessions need after the files have changed.
    """

    name: str
    version: str
    file: ModelFile
    knowledge: Knowledge
    single: CompiledNetwork
    source: SourceFiles | None = None

    @cached_property
    def identity(self) -> bytes:
        """Name, version and SHA-256 as JSON, as in every response."""
        return msgspec.json.encode(
            {"name": self.name, "version": self.version, "sha256": self.knowledge.sha256}
        )

    @cached_property
    def products(self) -> int:
        """The approximate number of multiplications per row."""
        return self.knowledge.parameter_count + self.knowledge.indim + self.knowledge.outdim

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return self.knowledge.input_names

    @property
    def image(self) -> ImageInput | None:
        """The card's image section, which defines the preprocessing; None without one."""
        card = self.knowledge.card
        return card.image if card else None

    @cached_property
    def has_named_inputs(self) -> bool:
        """Whether the card has a name for every input."""
        card = self.knowledge.card
        return card is not None and all(column.name for column in card.inputs)

    @cached_property
    def gives_probabilities(self) -> bool:
        """Whether the outputs are the probabilities of the card's classes: softmax, or one sigmoid output."""
        knowledge = self.knowledge
        card = knowledge.card
        if card is None or not card.labels or any(c.mean != 0.0 or c.scale != 1.0 for c in card.outputs):
            return False
        network = knowledge.network
        last = [network.modules[place].kind for place in network.outputs]
        return last == ["SoftmaxLayer" if knowledge.outdim > 1 else "SigmoidLayer"]

    @cached_property
    def label_list(self) -> bytes:
        """The labels of the card as a JSON list."""
        return msgspec.json.encode(self.knowledge.labels)

    @cached_property
    def label_texts(self) -> NDArray[np.object_]:
        """The labels of the card as JSON, each encoded as bytes."""
        return np.array([msgspec.json.encode(label) for label in self.knowledge.labels], object)

    @cached_property
    def label_elements(self) -> NDArray[np.object_]:
        """The labels of the card as elements of a binary tensor, each encoded as bytes."""
        return np.array([counted(label) for label in self.knowledge.labels], object)

    def activate(self, rows: Array, precision: str = "float64") -> Array:
        """Compute the outputs for rows, which form one sequence if the network is recurrent.

        Args:
            rows: array of shape (n, indim).
            precision: ``float64`` or ``float32``.

        Returns:
            The outputs, shape (n, outdim).
        """
        if precision == "float64":
            return self.knowledge.activate(rows)
        return self.session(precision).activate(rows)

    def session(self, precision: str = "float64") -> InferenceSession:
        """Return an inference session with a reset recurrent state.

        Args:
            precision: ``float64`` or ``float32``.
        """
        compiled = self.knowledge.compiled if precision == "float64" else self.single
        return InferenceSession(compiled, scaling=self.knowledge.card)


def counted(label: str) -> bytes:
    """Encode a label with its length in bytes in front, as the Open Inference Protocol encodes strings."""
    text = label.encode("utf-8")
    return len(text).to_bytes(4, "little") + text


def load_model(file: ModelFile) -> ServedModel:
    """Load a file, compile the network for both precisions, and run the self-test.

    Raises:
        PipelineError: the file cannot be read, or does not contain a network that can be served.
    """
    knowledge = load_knowledge(file.path)
    single = CompiledNetwork(knowledge.network, precision="float32")
    single.check_random(None)
    source = read_source_files(knowledge) if knowledge.network.recurrent else None
    model = ServedModel(file.name, str(file.version), file, knowledge, single, source)
    rows = np.zeros((2, knowledge.indim))
    first, second = model.activate(rows), model.activate(rows)
    model.activate(rows, "float32")
    model.activate(rows[:1])
    if first.shape != (2, knowledge.outdim) or first.tobytes() != second.tobytes():
        raise KnowledgeError(f"{knowledge.name} failed the self-test: its outputs are not reproducible.")
    return model
