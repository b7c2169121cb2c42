"""The definition of a kind of layer: names, sizes, options, parameters, formula, kernel and ONNX form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

import numpy as np

from pybrain_runtime.io.record import Protocol, Record
from pybrain_runtime.network.layers.formulas import Array
from pybrain_runtime.network.layers.kernel import Kernel

Forward = Callable[[Array], Array]
"""The formula of a layer: from net inputs, shape (rows, indim), to outputs, shape (rows, outdim)."""


class Layer(Protocol):
    """A layer of a network, as ``ModuleDescription`` describes it."""

    @property
    def indim(self) -> int:
        """Number of inputs."""

    @property
    def outdim(self) -> int:
        """Number of outputs."""

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """The parameters by name."""

    @property
    def options(self) -> Mapping[str, object]:
        """The options by name."""

    def integer_option(self, name: str) -> int:
        """Return an option that is an integer."""


class Attributes(Protocol):
    """The attributes of a layer object in a file. All methods raise KnowledgeError for values that are not valid."""

    def integer(self, key: str, default: int | None = None) -> int:
        """Return a non-negative integer, or the default if the attribute is missing.

        Args:
            key: the attribute.
            default: the value if the attribute is missing; None if it is required.
        """

    def flag(self, key: str, default: bool = False) -> bool:
        """Return a Boolean, or the default if the attribute is missing.

        Args:
            key: the attribute.
            default: the value if the attribute is missing.
        """

    def count(self, key: str) -> int:
        """Return the number of elements of an attribute; 0 if it is not a numeric array."""

    def error(self, what: str) -> Exception:
        """Return the error for the layer; ``what`` is the predicate of its sentence."""


class OnnxGraph(Protocol):
    """An ONNX graph under construction. Values are passed by name, shape (rows, n)."""

    @property
    def element(self) -> int:
        """ONNX's number of the graph's floating-point type."""

    def node(self, operation: str, *inputs: str, **attributes: int) -> str:
        """Add a node with one output, and return the name of the output.

        Args:
            operation: name of the ONNX operator.
            *inputs: names of its inputs.
            **attributes: its attributes.
        """

    def numbers(self, values: np.ndarray | float) -> str:
        """Add a floating-point constant."""

    def integers(self, *values: int) -> str:
        """Add a constant of integers, shape (count,)."""

    def split(self, value: str, *sizes: int) -> list[str]:
        """Split a value of shape (rows, n) into blocks of columns, and return their names.

        Args:
            value: name of the value.
            *sizes: number of columns of each block; they sum to n.
        """

    def concat(self, *values: str) -> str:
        """Concatenate values by columns."""

    def add(self, *values: str) -> str:
        """Add values."""


OnnxForm = Callable[[OnnxGraph, Layer, str], str]
"""Add a layer to a graph: from the name of its net inputs to the name of its outputs."""
OnnxStep = Callable[[OnnxGraph, Layer, str, "str | None"], tuple[str, str]]
"""Add one time step of a layer with a state: from net inputs and last state (None in the first step) to outputs
and new state."""


class Option(Record):
    """An option of a layer besides its sizes.

    Attributes:
        name: its key in ``ModuleDescription.options``.
        default: its value if a file does not have it, which also sets its type, ``int`` or ``bool``; None for a
            required integer.
        attribute: the attribute of PyBrain's object, if its name differs.
        keyword: the keyword of PyBrain's constructor, and the XML element, if its name differs.
        in_constructor: whether the constructor accepts it; else the attribute is set afterwards.
    """

    name: str
    default: int | None = None
    attribute: str = ""
    keyword: str = ""
    in_constructor: bool = True

    @property
    def stored_as(self) -> str:
        """The attribute of PyBrain's object."""
        return self.attribute or self.name

    @property
    def given_as(self) -> str:
        """The keyword of PyBrain's constructor."""
        return self.keyword or self.name

    def read(self, attributes: Attributes) -> int:
        """Return the value of the option in a file."""
        if isinstance(self.default, bool):
            return attributes.flag(self.stored_as, self.default)
        return attributes.integer(self.stored_as, self.default)


class Parameter(Record):
    """An array of parameters.

    Attributes:
        name: its key in ``ModuleDescription.arrays``.
        attribute: the attribute of PyBrain's object. PyBrain computes with it; after unpickling, ``_params`` may
            differ from it.
        shape: returns the shape, from the attributes of the object and the layer's ``dim``.
        only_with: the attribute that is true if the layer has these parameters; empty if it always has them.
    """

    name: str
    attribute: str
    shape: Callable[[Attributes, int], tuple[int, ...]]
    only_with: str = ""

    def size(self, attributes: Attributes, dim: int) -> int:
        """Return the number of elements.

        Args:
            attributes: the attributes of the layer object.
            dim: PyBrain's ``dim`` of the layer.
        """
        return prod(self.shape(attributes, dim))


class LayerKind(Record):
    """A kind of layer. All properties of the kind are defined here.

    Attributes:
        name: PyBrain's class name.
        module: PyBrain's module below ``pybrain.structure.modules``; only this pair is allowed in files.
        inputs: number of inputs per unit of PyBrain's ``dim``.
        outputs: number of outputs per unit of PyBrain's ``dim``.
        sizes: returns the numbers of inputs and outputs, if not ``inputs`` and ``outputs`` times ``dim``.
        options: its options.
        check: raises an error for options that do not fit the sizes.
        parameters: its parameters, in the order of PyBrain's vector.
        forward: creates the formula for a layer; None for kinds with a state and kinds that cannot be run.
        kernel: creates the in-place kernel for a layer and a dtype; None to use ``forward``.
        onnx: its ONNX form; None if there is none.
        onnx_step: its ONNX form, for kinds with a state.
        continuous: whether close inputs give close outputs, so that rounding has little effect on the outputs.
        random: whether its outputs are drawn at random (unless its option ``enabled`` is false).
        unsupported: why it cannot be run; empty if it can.
        constructor_dim: returns the leading arguments of PyBrain's constructor, if they are not just ``dim``.
        rebuildable: whether PyBrain's constructor can build it from a description.
        complete_xml: adds attributes that PyBrain's XML does not have.
    """

    name: str
    module: str
    inputs: int = 1
    outputs: int = 1
    sizes: Callable[[Attributes], tuple[int, int]] | None = None
    options: tuple[Option, ...] = ()
    check: Callable[[Attributes], None] | None = None
    parameters: tuple[Parameter, ...] = ()
    forward: Callable[[Layer], Forward] | None = None
    kernel: Callable[[Layer, np.dtype], Kernel] | None = None
    onnx: OnnxForm | None = None
    onnx_step: OnnxStep | None = None
    continuous: bool = True
    random: bool = False
    unsupported: str = ""
    constructor_dim: Callable[[Layer], tuple[int, ...]] | None = None
    rebuildable: bool = True
    complete_xml: Callable[[dict[str, object]], None] | None = None

    def sizes_in(self, attributes: Attributes) -> tuple[int, int]:
        """Return the numbers of inputs and outputs that the attributes specify."""
        if self.sizes is not None:
            return self.sizes(attributes)
        dim = self.dim_in(attributes)
        return self.inputs * dim, self.outputs * dim

    def dim_in(self, attributes: Attributes) -> int:
        """Return PyBrain's ``dim``, derived from ``outdim`` if a file does not have it."""
        return attributes.integer("dim", attributes.integer("outdim") // self.outputs)

    def options_in(self, attributes: Attributes) -> dict[str, object]:
        """Return the options by name, checked."""
        if self.check is not None:
            self.check(attributes)
        return {option.name: option.read(attributes) for option in self.options}

    def parameters_in(self, attributes: Attributes) -> list[Parameter]:
        """Return the parameters that a layer with these attributes has."""
        return [p for p in self.parameters if not p.only_with or attributes.flag(p.only_with)]

    def draws(self, layer: Layer) -> bool:
        """Return whether the outputs of a layer are drawn at random."""
        return self.random and bool(layer.options.get("enabled", True))


def formula(function: Forward) -> Callable[[Layer], Forward]:
    """Return ``LayerKind.forward`` for a formula without options and parameters."""
    return lambda layer: function


def onnx_operator(name: str) -> OnnxForm:
    """Return ``LayerKind.onnx`` for a kind that is a single ONNX operator."""
    return lambda graph, layer, x: graph.node(name, x)
