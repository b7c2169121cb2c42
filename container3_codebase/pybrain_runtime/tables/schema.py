"""The columns that a network expects in a table: their number and names."""

from __future__ import annotations

from pybrain_runtime.io.record import Record


class TableSchema(Record, eq=True):
    """The columns that a network expects.

    Attributes:
        network: name of the network's file, for messages.
        indim: number of inputs.
        outdim: number of outputs.
        input_names: names of the inputs on the model card, empty strings for unnamed ones; empty without a card.
        output_names: names of the outputs, likewise.
        has_card: whether there is a model card.
        classes: the class of each output; empty if there are none.
        class_column: the name that the card gives to the column with the class of a row; may be empty.
    """

    network: str
    indim: int
    outdim: int
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    has_card: bool = False
    classes: tuple[str, ...] = ()
    class_column: str = ""
