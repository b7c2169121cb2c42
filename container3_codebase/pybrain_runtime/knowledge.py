"""The knowledge: a trained network from a file, which is read without executing anything."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from pybrain_runtime.engine.compiled_network import CompiledNetwork
from pybrain_runtime.engine.inference_session import InferenceSession
from pybrain_runtime.errors import HashMismatch, UsageError
from pybrain_runtime.io.input_file import InputFile
from pybrain_runtime.io.paths import base
from pybrain_runtime.io.printable import enumeration, plural
from pybrain_runtime.io.record import NOTHING, Record
from pybrain_runtime.io.signatures import ZIP
from pybrain_runtime.limits import DEFAULT_LIMITS, Limits
from pybrain_runtime.loading.budget import Budget
from pybrain_runtime.loading.content import check_not_other_format, decompress, is_xml
from pybrain_runtime.loading.describe import describe
from pybrain_runtime.loading.pickle.reader import PickleReader
from pybrain_runtime.loading.search import check_nothing_picked, find_network
from pybrain_runtime.network.description import NetworkDescription
from pybrain_runtime.network.model_card import Card, card_path, read_card

if TYPE_CHECKING:
    from pybrain_runtime.frames import FrameT
    from pybrain_runtime.network.stored_scaling import FoundScaling


class Knowledge(Record):
    """A network and the file it was read from.

    Attributes:
        path: the file, as the user named it.
        sha256: hash of the file, in hexadecimal.
        size: bytes of the file.
        network: the description of the network.
        card: the model card beside the file; None if there is none.
        companions: other values in the file (numbers, text, arrays), by their keys.
        format: ``pickle protocol 2``, ``xml``, ``npz``.
        names: the classes and functions that a pickle refers to, each once.
        scaling: source of the scaling of inputs and outputs: ``card``, ``none``, or the companions.
        card_path: the file that the card was read from; empty if there is none.
        picked: which network of a file with several was loaded, such as ``ensemble.0``; empty if none was picked.
    """

    path: str
    sha256: str
    size: int
    network: NetworkDescription
    card: Card | None = None
    companions: Mapping[str, object] = NOTHING
    format: str = ""
    names: tuple[str, ...] = ()
    scaling: str = "none"
    card_path: str = ""
    picked: str = ""

    def __repr__(self) -> str:
        return f"<Knowledge {self.name}: {self.summary}>"

    @property
    def summary(self) -> str:
        """Kind and sizes, such as ``FeedForwardNetwork, 1 input, 3 outputs, 51 parameters``."""
        sizes = ((self.indim, "input"), (self.outdim, "output"), (self.parameter_count, "parameter"))
        return ", ".join([self.kind, *(plural(*size) for size in sizes)])

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return base(self.path)

    @property
    def kind(self) -> str:
        """PyBrain's class name, such as ``FeedForwardNetwork``."""
        return self.network.kind

    @property
    def indim(self) -> int:
        """Number of inputs: columns of the activation."""
        return self.network.indim

    @property
    def outdim(self) -> int:
        """Number of outputs: columns of the prediction."""
        return self.network.outdim

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters."""
        return self.network.parameter_count

    @cached_property
    def compiled(self) -> CompiledNetwork:
        """The network, compiled at first use.

        Raises:
            KnowledgeError: the outputs of a layer are not a function of its inputs; the message names the layer.
        """
        return CompiledNetwork(self.network)

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the inputs: the card's, else ``input`` or ``input_0`` and so on."""
        given = [column.name for column in self.card.inputs] if self.card else []
        return _numbered_names("input", self.indim, given)

    @property
    def output_names(self) -> tuple[str, ...]:
        """The names of the outputs: the card's, else ``prediction`` or ``prediction_0`` and so on."""
        given = [column.name for column in self.card.outputs] if self.card else []
        return _numbered_names("prediction", self.outdim, given)

    @property
    def labels(self) -> tuple[str, ...]:
        """The class label of each output; empty if the card has none."""
        return self.card.labels if self.card else ()

    @property
    def scaling_summary(self) -> str:
        """A clause that says whether inputs are scaled and outputs scaled back, such as ``inputs are not scaled``."""
        card = self.card
        if card is None or not card.scales:
            return "inputs are not scaled" if card else "inputs are not scaled (no card)"
        inputs = "inputs are scaled" if card.scales_inputs else "inputs are not scaled"
        if self.scaling == "card":
            return inputs + (", outputs scaled back" if card.scales_outputs else "") + " as the card says"
        if not card.scales_inputs:
            return f"{inputs}, {self.scaling.replace('outputs by', 'outputs scaled back by')}"
        return self.scaling.replace("inputs by", "inputs are scaled by").replace(
            "outputs by", "outputs scaled back by"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the sizes, the names, the scaling, and a drawing."""
        from pybrain_runtime.drawing.html import network_html  # in notebooks only

        facts = {
            "file": self.name,
            "inputs": enumeration(self.input_names),
            "outputs": enumeration(self.output_names),
            "scaling": self.scaling_summary,
        }
        return network_html(self.network, self.summary, facts)

    def _repr_svg_(self) -> str:
        """Return the drawing, for viewers that show no HTML."""
        from pybrain_runtime.drawing import drawing  # in notebooks only

        return drawing(self.network)

    def activate(self, inputs: np.ndarray | Sequence[Sequence[float]]) -> np.ndarray:
        """Return the outputs of rows, in the units of the card: inputs are scaled, outputs scaled back.

        Args:
            inputs: shape (n, indim), or one row of shape (indim,).

        Returns:
            float64, shape (n, outdim). For a recurrent network the rows are one sequence.
        """
        if self.card is None:
            return self.compiled.run(inputs)
        rows = np.atleast_2d(np.asarray(inputs, dtype=np.float64))
        if rows.shape[1] != self.indim:
            return self.compiled.run(rows)  # raises the error
        return self.card.unscaled(self.compiled.run(self.card.scaled(rows)))

    @overload
    def predict(self, rows: FrameT, *, threads: int | None = None) -> FrameT: ...
    @overload
    def predict(
        self, rows: np.ndarray | Sequence[Sequence[float]], *, threads: int | None = None
    ) -> np.ndarray: ...
    def predict(self, rows: Any, *, threads: int | None = None) -> Any:
        """Return the outputs of rows: a DataFrame for a DataFrame, an array for an array.

        The numbers are the same as those written by `activate_file`, in the units of the card.

        Args:
            rows: a pandas or polars DataFrame, or an array of shape (n, indim). If the card names the inputs and the
                columns of the frame have names, columns are selected by name, in any order, and others are ignored;
                otherwise the frame must have one column per input.
            threads: maximum number of threads; None for as many as the process is allowed.

        Returns:
            A frame of the same kind with a column for each output, and a column ``predicted_class`` if the card has
            classes, in pandas with the index of `rows`; for an array, float64 of shape (n, outdim). For a recurrent
            network the rows are one sequence.

        Raises:
            ActivationError: columns are missing, or values are missing, infinite or not numbers.
        """
        # No run of the container has frames.
        from pybrain_runtime.frames import Frame, checked_rows, class_column, frame_like, select_inputs

        names, is_frame = self.input_names, isinstance(rows, Frame)
        named = bool(self.card and self.card.inputs)
        found = select_inputs(rows, names, required=named, network=self.name) if is_frame else rows
        session = self.session(threads=threads)
        outputs = session.activate(checked_rows(found, names, network=self.name))
        if not is_frame:
            return outputs
        columns: dict[str, object] = dict(zip(self.output_names, outputs.T, strict=True))
        if self.labels:
            columns[class_column(self.output_names)] = self.classes(outputs)
        return frame_like(rows, columns)

    def session(
        self, *, precision: str = "float64", threads: int | None = None, device: str = "cpu"
    ) -> InferenceSession:
        """Return an inference session for rows that arrive in batches, in the units of the card.

        Args:
            precision: ``float64`` or ``float32``, see ``CompiledNetwork``.
            threads: maximum number of threads; None for as many as the process is allowed.
            device: ``cpu``, or ``gpu`` to compute large numbers of rows on a GPU, in float64, if there is one.

        Raises:
            KnowledgeError: the outputs of a layer are not a function of its inputs, or are drawn at random.
            UsageError: the precision or the device is unknown, or the device does not support the precision.
        """
        if device != "cpu":
            return self._device_session(device, precision, threads)
        same = precision == "float64"
        compiled = self.compiled if same else CompiledNetwork(self.network, precision=precision)
        return InferenceSession(compiled, scaling=self.card, threads=threads)

    def _device_session(self, device: str, precision: str, threads: int | None) -> InferenceSession:
        if device != "gpu" or precision != "float64":
            raise UsageError(
                f"A session computes on cpu in float64 or float32, or on gpu in float64; got {device} and {precision}."
            )
        from pybrain_runtime.engine.device.session import DeviceSession  # rare: not loaded at every start

        return DeviceSession(self.compiled, self.network, scaling=self.card, threads=threads)

    @property
    def unused_scaling(self) -> FoundScaling | None:
        """Companions that look like a scaling and are not used; None if there are none."""
        if not self.companions or self.scaling != "none":
            return None
        from pybrain_runtime.network.stored_scaling import (
            find_scaling,  # rare, so it is not loaded at every start
        )

        return find_scaling(self.companions)

    def scaled_by(self, *, inputs: str | None = None, outputs: str | None = None) -> Knowledge:
        """Return the same network, scaled by companions from its file.

        Args:
            inputs: ``x_min..x_max`` scales that range to 0..1, ``x_mean,x_std`` subtracts and divides; both
                are keys of ``companions``, each one number or one for each input. If None, the inputs are unchanged.
            outputs: the scaling of the outputs, by the same rule; it is inverted.

        Raises:
            UsageError: the rule does not have this form.
            AlreadyScaled: the card already has a scaling.
            CompanionError: a companion is missing, or does not hold usable numbers.
        """
        from pybrain_runtime.network.scaling import card_with  # rare, so it is not loaded at every start

        card = card_with(
            self.card,
            self.companions,
            inputs=inputs,
            outputs=outputs,
            indim=self.indim,
            outdim=self.outdim,
            file=self.name,
        )
        parts = [f"{what} by {rule}" for what, rule in (("inputs", inputs), ("outputs", outputs)) if rule]
        return self.replace(card=card, scaling=", ".join(parts) or "none")

    def without_scaling(self) -> Knowledge:
        """Return the same network without the scaling of its card; names and labels stay.

        Raises:
            UsageError: there is no card with a scaling.
        """
        if self.card is None or not self.card.scales:
            raise UsageError(f"{self.name} has no model card with a scaling.")
        inputs, outputs = (
            tuple(column.replace(mean=0.0, scale=1.0) for column in columns)
            for columns in (self.card.inputs, self.card.outputs)
        )
        return self.replace(card=self.card.replace(inputs=inputs, outputs=outputs), scaling="none")

    def with_legacy_nesting(self) -> Knowledge:
        """Return the same network with feed-forward networks inside recurrent ones computed as PyBrain does.

        In PyBrain, nothing reaches such a network from the second time step on. Other networks are not affected.
        """
        return self.replace(network=self.network.replace(legacy_nesting=True))

    def classes(self, outputs: np.ndarray) -> list[str]:
        """Return the class label of each row of outputs, shape (n, outdim); an empty list without labels.

        A row in which a number is NaN has no class: its label is empty.
        """
        if not self.labels:
            return []
        found = self._label_array[self.class_places(outputs)]
        unknown = np.isnan(outputs)
        if unknown.any():
            found[unknown.any(axis=1)] = ""
        labels: list[str] = found.tolist()
        return labels

    def class_places(self, outputs: np.ndarray) -> np.ndarray:
        """Return the index of each row's class in the labels, shape (n,).

        Args:
            outputs: finite numbers, shape (n, outdim).
        """
        return (outputs[:, 0] > 0.5).astype(int) if self.outdim == 1 else outputs.argmax(axis=1)

    @cached_property
    def _label_array(self) -> np.ndarray:
        return np.array(self.labels, object)

    def to_pybrain(self) -> Any:
        """Return a PyBrain network with the same layers, connections and parameters.

        The returned network can be trained and saved. It does not include the scaling of the card.

        Raises:
            KnowledgeError: a layer is of a kind that cannot be built.
            ImportError: the package ``pybrain`` is not installed.
        """
        from pybrain_runtime.network.rebuild import (
            build_network,
        )  # only this method needs the package pybrain

        return build_network(self.network)


def load_knowledge(
    path: str | os.PathLike[str],
    *,
    card: str | os.PathLike[str] | None = None,
    sha256: str | None = None,
    pick: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Knowledge:
    """Read a network from a file. Nothing in it is executed, and links are not followed.

    Args:
        path: a pickle of a PyBrain network, an XML file of its NetworkWriter or an npz file of ``convert``,
            plain or compressed with gzip or bzip2. The content decides which, not the extension.
        card: its model card; None for the one beside it (``NAME.card.json``), if there is one.
        sha256: the expected hash of the file; None for any.
        pick: which network to load from a pickle with several, such as ``net`` in a dict, ``0`` in a list or
            ``module`` in a trainer; None for the only one.
        limits: the limits on the file's size and content.

    Raises:
        InputMissing: the file is not found, or cannot be read.
        UnclearNetwork: the file holds several networks and none is picked, or does not hold the picked one.
        UnsafeKnowledge: the file refers to a class or function that is not on the allow-list.
        KnowledgeError: the file does not hold a complete network, or its hash is not the expected one.
    """
    budget = Budget(base(os.fspath(path)), limits)  # its clock starts before the file is read and hashed
    with InputFile(path, "knowledge") as file:
        data = file.read(limits.file_size)
        found_sha256, name, size = file.sha256, file.name, file.bytes_read
    if sha256 is not None:
        check_sha256(name, found_sha256, sha256)
    data = decompress(data, name, limits, budget)  # releases the compressed data
    found = _network_in(data, name, limits, budget, pick)
    model_card = _card_for(os.fspath(path), card, found.network, name)
    return Knowledge(
        path=os.fspath(path),
        sha256=found_sha256,
        size=size,
        network=found.network,
        card=model_card,
        companions=found.companions,
        format=found.format,
        names=found.names,
        scaling="card" if model_card and model_card.scales else "none",
        card_path=os.fspath(card or card_path(os.fspath(path))) if model_card else "",
        picked=pick or "",
    )


class FoundNetwork(Record):
    """A network, and the other content of its file."""

    network: NetworkDescription
    format: str
    companions: Mapping[str, object] = NOTHING
    names: tuple[str, ...] = ()


def read_network(
    data: bytes,
    name: str,
    limits: Limits = DEFAULT_LIMITS,
    budget: Budget | None = None,
    pick: str | None = None,
) -> FoundNetwork:
    """Return the network in the content of a file.

    Args:
        data: the content of the file, which may be compressed.
        name: the name of the file, for messages.
        limits: the limits on its size and content.
        budget: what is left of the limits; None if nothing has been used yet.
        pick: which network to load from a pickle with several; None for the only one.

    Raises:
        KnowledgeError: as for ``load_knowledge``.
    """
    budget = budget or Budget(name, limits)
    return _network_in(decompress(data, name, limits, budget), name, limits, budget, pick)


def _network_in(content: bytes, name: str, limits: Limits, budget: Budget, pick: str | None) -> FoundNetwork:
    """Return the network in decompressed content."""
    if content.startswith(ZIP):
        from pybrain_runtime.loading.npz.reader import read_npz  # rare, so it is not loaded at every start

        check_nothing_picked(pick, name)
        return FoundNetwork(describe(read_npz(content, name, limits, budget), name, limits, budget), "npz")
    check_not_other_format(content, name)
    if is_xml(content):
        from pybrain_runtime.loading.xml.reader import read_xml  # its parser is not loaded for pickles

        check_nothing_picked(pick, name)
        return FoundNetwork(describe(read_xml(content, name, limits, budget), name, limits, budget), "xml")
    reader = PickleReader(content, name, limits, budget)
    instance, companions = find_network(reader.read(), name, budget, pick)
    network = describe(instance, name, limits, budget)
    names = tuple(dict.fromkeys(f"{module}.{entry}" for module, entry in reader.names))
    return FoundNetwork(network, f"pickle protocol {reader.protocol}", companions, names)


def _card_for(
    path: str, card: str | os.PathLike[str] | None, network: NetworkDescription, name: str
) -> Card | None:
    if card is None and not os.path.lexists(card_path(path)):
        return None
    return read_card(card or card_path(path), indim=network.indim, outdim=network.outdim, network=name)


def check_sha256(name: str, found: str, expected: str) -> None:
    """Compare the hash of a file with the expected one.

    Args:
        name: the name of the file, for messages.
        found: its SHA-256.
        expected: the expected SHA-256, in hexadecimal.

    Raises:
        HashMismatch: the hashes differ.
        UsageError: ``expected`` is not a SHA-256.
    """
    digest = expected.strip().lower()
    if len(digest) != 64 or not all(c in "0123456789abcdef" for c in digest):
        raise UsageError(f"{expected!r} is not a SHA-256; expected 64 hexadecimal digits.")
    if found != digest:
        raise HashMismatch(
            f"{name} does not have the expected SHA-256: expected {digest}, got {found}.",
            hint="Use the expected file, or the hash of this one.",
            expected=digest,
            found=found,
        )


def _numbered_names(base: str, count: int, given: list[str]) -> tuple[str, ...]:
    default = [base] if count == 1 else [f"{base}_{place}" for place in range(count)]
    return fill_names(given or default, default)


def fill_names(given: Sequence[str], default: Sequence[str]) -> tuple[str, ...]:
    """Return names with defaults in place of empty ones; a default that is already taken gets a prefix.

    Args:
        given: the names, some of which may be empty.
        default: the default for each name.
    """
    taken = frozenset(given)
    names = []
    for name, fallback in zip(given, default, strict=True):
        while not name and fallback in taken:
            fallback = f"{fallback.partition('_')[0]}_{fallback}"
        names.append(name or fallback)
    return tuple(names)
