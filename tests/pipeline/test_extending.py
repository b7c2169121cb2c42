"""The instructions in CONTRIBUTING, carried out in a copy of the project: no other file needs a change."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from common.project import PROJECT, Layout

pytestmark = pytest.mark.slow

CODE = "container3_codebase"
LIBRARY, RUNTIME = f"{CODE}/pybrain/structure/modules", f"{CODE}/pybrain_runtime"

Changed = Callable[[Mapping[str, str | tuple[str, str]]], Path]


@pytest.fixture
def changed(tmp_path: Path, copy_project: Callable[[Path], Layout]) -> Changed:
    """Return a function that makes a copy of the project with changes.

    Its argument has the new text of each file, or for an existing one what is replaced and by what.
    """

    def make(changes: Mapping[str, str | tuple[str, str]]) -> Path:
        root = copy_project(tmp_path / "project").root
        for name, change in changes.items():
            if isinstance(change, str):
                assert not (root / name).exists()
                (root / name).write_text(change, encoding="utf-8")
            else:
                text = (root / name).read_text(encoding="utf-8")
                assert text.count(change[0]) == 1, name
                (root / name).write_text(text.replace(*change), encoding="utf-8")
        return root

    return make


def python(root: Path, program: str, *arguments: str | Path) -> str:
    """Return what a program prints that imports the code of a copy; it must succeed."""
    path = os.pathsep.join((str(root), str(root / CODE)))
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=root,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


SOFTPLUS_CLASS = '''\
"""A layer with the function log(1 + exp(x))."""

import numpy as np

from pybrain.structure.modules.neuronlayer import NeuronLayer


class SoftPlusLayer(NeuronLayer):
    """``y = log(1 + exp(x))``; shape (dim,) to (dim,). Backward: ``(1 - exp(-y)) e``."""

    def _transfer(self, x):
        return np.logaddexp(0.0, x)

    def _transferError(self, e, y, x):
        return -np.expm1(-y) * e
'''

SOFTPLUS_ENTRY = """\
KINDS = (
    LayerKind(
        "SoftPlusLayer",
        "softpluslayer",
        forward=formula(lambda x: np.logaddexp(0.0, x)),
        kernel=lambda layer, dtype: Kernel(lambda on: [partial(np.logaddexp, on.context.scalar(0.0), on.z, on.y)]),
        onnx=lambda graph, layer, x: graph.node(
            "Log", graph.node("Add", graph.node("Exp", x), graph.numbers(1.0))
        ),
    ),
"""

SOFTPLUS_IN_USE = """
import json, pickle, random, sys
from pathlib import Path
import numpy as np
from pybrain.datasets import SupervisedDataSet
from pybrain.structure import SoftPlusLayer
from pybrain.supervised.trainers import BackpropTrainer
from pybrain.tools.shortcuts import buildNetwork
from pybrain.tools.xml import NetworkReader, NetworkWriter
from pybrain_runtime import load_knowledge
from pybrain_runtime.convert.npz import npz_bytes
from pybrain_runtime.convert.onnx_inference import onnx_predict
from pybrain_runtime.convert.onnx_model import onnx_model

folder = Path(sys.argv[1])
random.seed(1)
np.random.seed(1)
network = buildNetwork(2, 4, 1, hiddenclass=SoftPlusLayer, bias=True)
rows = np.random.default_rng(1).standard_normal((20, 2))
data = SupervisedDataSet(2, 1)
for row in rows:
    data.addSample(row, [row.sum()])
trainer = BackpropTrainer(network, data, learningrate=0.05)
errors = [trainer.train() for _ in range(30)]
expected = np.array([network.activate(row) for row in rows])
(folder / "net.pkl").write_bytes(pickle.dumps(network, 2))
NetworkWriter.writeToFile(network, str(folder / "net.xml"))
knowledge = load_knowledge(str(folder / "net.pkl"))
(folder / "net.npz").write_bytes(npz_bytes(knowledge.network))
differences = {
    name: float(np.abs(load_knowledge(str(folder / f"net.{name}")).activate(rows) - expected).max())
    for name in ("pkl", "xml", "npz")
}
again = NetworkReader.readFrom(str(folder / "net.xml"))
differences["library"] = float(np.abs(again.activate(rows[0]) - expected[0]).max())
model = onnx_model(knowledge.network, metadata={}).SerializeToString()
differences["onnx"] = float(np.abs(onnx_predict(model)(rows) - expected).max())
print(json.dumps({"learned": errors[-1] < errors[0] / 2, "differences": differences}))
"""


def test_a_layer_needs_its_class_its_name_and_one_entry(changed: Changed, tmp_path: Path) -> None:
    root = changed(
        {
            f"{LIBRARY}/softpluslayer.py": SOFTPLUS_CLASS,
            f"{LIBRARY}/__init__.py": (
                "from pybrain.structure.modules.table",
                "from pybrain.structure.modules.softpluslayer import SoftPlusLayer\n"
                "from pybrain.structure.modules.table",
            ),
            f"{RUNTIME}/network/layers/elementwise.py": ("KINDS = (\n", SOFTPLUS_ENTRY),
        }
    )
    found = json.loads(python(root, SOFTPLUS_IN_USE, tmp_path))
    assert found["learned"]
    assert {name: difference for name, difference in found["differences"].items() if difference > 1e-14} == {}


PIPES = '''\
"""Rows of numbers between vertical bars, below the line ``|rows|``."""

from itertools import chain

from pybrain_runtime.errors import ActivationError
from pybrain_runtime.tables.formats.line_reader import LineReader
from pybrain_runtime.tables.formats.row_collector import RowCollector, blank_batch
from pybrain_runtime.tables.text_column import TextColumn

SIGNATURE = b"|rows|"


class PipesReader:
    def __init__(self, file, selector, *, skip, fast):
        self.header, self.total, self.fast = (), 0, fast
        self._name, self._skip = file.name, skip
        chunks = LineReader(file.blocks(), file.name).chunks()
        first = next(chunks).after(1)
        self.columns = selector.select(len(self._cells(first.split()[0])), (), 2)
        self._chunks = chain([first], chunks)

    def chunks(self):
        return self._chunks

    def parse(self, chunk):
        collector = RowCollector(self.columns, self._name, skip=self._skip)
        for number, line in enumerate(chunk.split(), chunk.number):
            collector.add(number, line.decode(), lambda n=number, raw=line: (self._numbers(n, raw), ()))
        return blank_batch(chunk, self.columns) or collector.batch()

    def _cells(self, line):
        return line.decode().strip().strip("|").split("|")

    def _numbers(self, number, line):
        try:
            return [float(cell) for cell in self._cells(line)]
        except ValueError as error:
            raise ActivationError(f"{self._name} line {number}: {error}.", line=number) from None


class PipesWriter:
    def __init__(self, names):
        pass

    def head(self):
        return SIGNATURE + b"\\n"

    def encode(self, columns):
        cells = [cell for part in columns for cell in self._texts(part)]
        return "".join(f"|{'|'.join(row)}|\\n" for row in zip(*cells)).encode()

    def _texts(self, part):
        if isinstance(part, TextColumn):
            return [part.texts(str)]
        return ([repr(value) for value in column] for column in part.T.tolist())

    def finalize(self, file):
        return file
'''

PIPES_ENTRY = """\
def _read_pipes(file, selector, *, skip, fast):
    from pybrain_runtime.tables.formats.pipes import PipesReader

    return PipesReader(file, selector, skip=skip, fast=fast)


def _write_pipes(names, texts, *, fast, decimal_comma):
    from pybrain_runtime.tables.formats.pipes import PipesWriter

    return PipesWriter(names)


PIPES = RowFormat(
    name="pipes",
    title="Pipes",
    suffixes=(".pipes",),
    media_types=("text/pipes",),
    matches=lambda start: start.startswith(b"|rows|"),
    open_reader=_read_pipes,
    open_writer=_write_pipes,
)

FORMATS = (PIPES, ARROW,"""


APP07 = "import sys; from pipeline.cli import execute, parse; sys.exit(execute(parse(sys.argv[1:])))"


def test_a_row_format_needs_its_module_and_one_entry(changed: Changed, tmp_path: Path) -> None:
    root = changed(
        {
            f"{RUNTIME}/tables/formats/pipes.py": PIPES,
            f"{RUNTIME}/tables/formats/registry.py": ("FORMATS = (ARROW,", PIPES_ENTRY),
        }
    )
    rows = tmp_path / "rows.pipes"
    rows.write_text("|rows|\n|5.1|3.5|1.4|0.2|\n|6.7|3.0|5.2|2.3|\n", encoding="utf-8")
    model = PROJECT.root / "models" / "iris.pkl"
    for name in ("out.pipes", "out.csv"):
        assert "2 rows" in python(root, APP07, "activate", model, rows, "-o", tmp_path / name)
    _, *written = (tmp_path / "out.pipes").read_text(encoding="utf-8").splitlines()
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        _, *expected = csv.reader(file)
    assert [line.strip("|").split("|") for line in written] == expected
    refused = python(
        root,
        "import sys\nfrom pybrain_runtime.errors import PipelineError\n"
        "from training.rows.reading import read_table\n"
        "try: read_table(sys.argv[1])\nexcept PipelineError as error: print(error)",
        rows,
    )
    assert "rows.pipes is a Pipes file, which training cannot read" in refused


SAYS = '''\
def _too_few(number: object) -> str:
    return "" if isinstance(number, int) and number > 0 else f"must be 1 or more, got {number}"


@check
def says(evidence: Evidence, word: str, times: Annotated[int, _too_few] = 1) -> Verdict:
    """Check that the README mentions a word often enough."""
    _, document, refused = _read(evidence, "README.md", "Write it.", FAIL)
    count = 0 if refused else document.text.count(word)
    return Verdict(count >= times, f"README.md mentions {word} {count} times", "Mention it more often.")


@check
def document('''

WORDS = """
name = "Words"

[[line]]
title = "Words"
criteria = "The right ones"
points = 10

[[line.check]]
id = "words.pickle"
title = "README.md mentions pickle"
check = "says"
word = "pickle"
times = TIMES
points = 10
"""

JUDGE = """
import sys
from pathlib import Path
from evaluation.evidence.evidence import Evidence
from evaluation.quotas import DEFAULT_LIMITS
from evaluation.rubric import RubricError, load_rubric
from evaluation.submission.intake import AS_THE_TASK, copy_source
from evaluation.submission.locate import locate_source
submission, rubric, folder = sys.argv[1:]
try:
    (item,) = load_rubric(Path(rubric)).items
    source = locate_source(submission, Path(folder), DEFAULT_LIMITS)
    copied = copy_source(source, Path(folder), DEFAULT_LIMITS, AS_THE_TASK)
    evidence = Evidence(copied, DEFAULT_LIMITS, None, Path(folder), why_no_engine="not needed")
    print(item.points, item.check(evidence, **item.parameters).reason)
except RubricError as error:
    print(error)
"""


def test_a_check_needs_its_function(changed: Changed, tmp_path: Path) -> None:
    root = changed({"evaluation/checks/documents.py": ("@check\ndef document(", SAYS)})
    submission = tmp_path / "submission"
    submission.mkdir()
    (submission / "docker-compose.yml").write_text("services: {}\n", encoding="utf-8")
    (submission / "README.md").write_text("A pickle is read, the pickle is not executed.\n", encoding="utf-8")
    rubric = tmp_path / "rubric.toml"
    rubric.write_text(WORDS.replace("TIMES", "2"), encoding="utf-8")
    assert python(root, JUDGE, submission, rubric, tmp_path) == "10 README.md mentions pickle 2 times\n"
    rubric.write_text(WORDS.replace("TIMES", "0"), encoding="utf-8")
    assert "must be 1 or more, got 0" in python(root, JUDGE, submission, rubric, tmp_path)
