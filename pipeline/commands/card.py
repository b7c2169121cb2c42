"""`card`: write the model card of a network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.base.command import Command, Context, Result

if TYPE_CHECKING:
    from common.errors import PipelineError
    from pipeline.cards.content import CardDraft
    from pybrain_runtime import Knowledge

_EPILOG = (
    "The card is NETWORK.card.json beside the network; an existing one is never overwritten.\n"
    "Without rows it has no names: fill them in. With rows it has the names of their header. If a column holds the\n"
    "class as text, the classes are matched with the outputs by what the network predicts for the rows.\n"
    "--scale is for a network that was trained on standardized inputs, and for the rows it was trained on.\n\n"
    "exit status: 0 done, 2 wrong usage, 65 invalid data, 66 input not found, 73 cannot write, or the card exists"
)


class CardResult(Result):
    """The result of `card`.

    Args:
        path: the path of the card.
        draft: the content of the card.
    """

    def __init__(self, path: Path, draft: CardDraft) -> None:
        self.path = path
        self.draft = draft

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints, without the exit status."""
        return {"path": str(self.path), "card": self.draft.content, "accuracy": self.draft.accuracy}


class CardCommand(Command):
    """Write the model card of a network.

    Attributes:
        network: the network's file, or the name of one in models/.
        data: rows with a header; None for a card without names.
        scale: whether means and standard deviations of the rows become the scaling.
        input_columns: names of the input columns, separated by commas.
        target_columns: names of the output columns, or of the column with the class.
        pick: which network to load from a pickle with several; None if it holds only one.
    """

    name = "card"
    position = 65
    summary = (
        "Write the model card of a network: names of inputs, outputs and classes, and the scaling of inputs."
    )
    epilog = _EPILOG

    network: str
    data: str | None
    scale: bool
    input_columns: str | None
    target_columns: str | None
    pick: str | None

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""
        parser.add_argument("network", metavar="NETWORK", help="the network's file, or its name in models/")
        parser.add_argument(
            "--data", metavar="ROWS", help="rows with a header: CSV, JSON lines, Excel or Parquet"
        )
        parser.add_argument(
            "--scale",
            action="store_true",
            help="scale the inputs by the means and standard deviations of ROWS",
        )
        parser.add_argument("--input-columns", metavar="A,B", help="names of the inputs in ROWS")
        parser.add_argument(
            "--target-columns",
            metavar="A,B",
            help="names of the outputs in ROWS, or of the column with the class",
        )
        parser.add_argument("--pick", metavar="NAME", help="which network to use from a pickle with several")

    def advice(self, error: PipelineError) -> str:
        """Return what a user can do about an error, in the words of the options."""
        from pipeline.advice import OPTIONS, advice_for

        return advice_for(error, OPTIONS)

    def run(self, context: Context) -> CardResult:
        """Write the card and print its content.

        Raises:
            UsageError: column names or scaling are requested without rows.
            OutputExists: the network already has a card.
            PipelineError: the network or the rows cannot be used.
        """
        from common.errors import UsageError
        from pipeline.cards.writing import new_card_path, write_card
        from pipeline.stages.selection import network_path
        from pybrain_runtime import load_knowledge

        if self.data is None and (self.scale or self.input_columns or self.target_columns):
            raise UsageError("Column names and scaling are taken from rows.", hint="Add --data FILE.")
        path = network_path(context.layout, context.environment, self.network)
        target = new_card_path(path)
        knowledge = load_knowledge(path, pick=self.pick)
        draft = self._draft(knowledge, target.name.removesuffix(".card.json"))
        write_card(target, draft.content, knowledge)
        self._print(context, knowledge, target, draft)
        return CardResult(target, draft)

    def _draft(self, knowledge: Knowledge, name: str) -> CardDraft:
        from pipeline.cards.columns import choose_columns
        from pipeline.cards.content import card_from_rows, empty_card
        from pipeline.stages.selection import columns
        from training.rows.reading import read_table

        if self.data is None:
            return empty_card(knowledge, name)
        inputs = columns({}, "INPUT_COLUMNS", self.input_columns)
        targets = columns({}, "TARGET_COLUMNS", self.target_columns)
        table = read_table(self.data)
        chosen = choose_columns(table, knowledge.indim, knowledge.outdim, inputs, targets)
        return card_from_rows(knowledge, name, table, chosen, scale=self.scale)

    def _print(self, context: Context, knowledge: Knowledge, target: Path, draft: CardDraft) -> None:
        from pipeline.cards.summary import lines_of

        for line in lines_of(knowledge, target, draft, self.data, scaled=self.scale):
            context.console.print(line)
