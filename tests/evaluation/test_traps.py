"""Typical mistakes are found with their location; correct submissions have no findings."""

from __future__ import annotations

import ast

import pytest

from common.project import PROJECT
from evaluation.checks import CHECKS
from evaluation.evaluate import EvaluationOptions, evaluate
from evaluation.rubric import load_rubric, read_rubric
from evaluation.traps import TRAPS, find_traps
from evaluation.traps.row_shapes import nested_calls

C1, C2, C3 = "container1_activationbase", "container2_knowledgebase", "container3_codebase"
PROGRAM = f"{C3}/UE_07_App5.py"
LINES = "import sys\nsys.path.append('/opt/pybrain')\n"


def found(evidence_of, changes):
    return {(finding.id, finding.where) for finding in find_traps(evidence_of(changes))}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "where", "file", "content"),
    [
        ("nested-activate", f"{PROGRAM}:3", PROGRAM, LINES + "net.activate([[1.0]])\n"),
        ("nested-activate", f"{PROGRAM}:4", PROGRAM, LINES + "row = data[0][:4]\nprint(net.activate([row]))\n"),
        ("nested-activate", f"{PROGRAM}:3", PROGRAM, LINES + "net.activate(np.array([[1.0, 2.0]]))\n"),
        ("own-machine-path", f"{PROGRAM}:3", PROGRAM, LINES + "sys.path.append('C:\\\\Users\\\\bob\\\\pybrain')\n"),
        ("own-machine-path", f"{PROGRAM}:3", PROGRAM, LINES + "sys.path.insert(0, '/home/bob/pybrain')\n"),
        ("own-machine-path", f"{PROGRAM}:3", PROGRAM, LINES + "open('/Users/bob/model.pkl')\n"),
        ("own-machine-path", f"{C3}/Dockerfile:2", f"{C3}/Dockerfile", "FROM python:3.11\nCOPY /home/bob/pybrain /x\n"),
        ("ignored-status", f"{PROGRAM}:5", PROGRAM, LINES + "try:\n    x()\nexcept Exception as e:\n    print(e)\n"),
        ("ignored-status", f"{PROGRAM}:5", PROGRAM, LINES + "try:\n    x()\nexcept:\n    pass\n"),
        ("ignored-status", "App07.py:2", "App07.py", "import os\nos.system('docker build .')\n"),
        ("ignored-status", "App07.py:2", "App07.py", "import subprocess\nsubprocess.run(['docker'])\n"),
        ("ignored-status", f"{C3}/Dockerfile:2", f"{C3}/Dockerfile", "FROM python:3.11\nRUN false || true\n"),
        ("compiler-left", f"{C3}/Dockerfile:2", f"{C3}/Dockerfile", "FROM python:3.11\nRUN apt-get install -y gcc\n"),
        ("root-user", f"{C3}/Dockerfile:3", f"{C3}/Dockerfile", "FROM python:3.11\nUSER 7\nUSER root\n"),
        ("unpinned", f"{C3}/Dockerfile:1", f"{C3}/Dockerfile", "FROM python\n"),
        ("unpinned", f"{C3}/Dockerfile:2", f"{C3}/Dockerfile", "FROM python:3.11\nRUN pip install scipy numpy==2.1\n"),
        ("unpinned", f"{C3}/Dockerfile:2", f"{C3}/Dockerfile", "FROM python:3.11\nRUN pip install 'scipy>=1.9'\n"),
        ("encoding", "README.md:1", "README.md", "Die LÃ¶sung"),
        ("encoding", "README.md", "README.md", "Die Lösung".encode("cp1252")),
        ("encoding", "README.md", "README.md", "Die Lösung".encode("utf-16")),
        ("encoding", "discussion.txt:1", "discussion.txt", "âœ“ done"),
        ("encoding", "docker-compose.yml:1", "docker-compose.yml", "\ufeffservices: {}\n"),
        ("line-ends", f"{C1}/run.sh:1", f"{C1}/run.sh", "#!/bin/sh\r\necho\r\n"),
        ("leftovers", "shared_data/", "shared_data/prediction.csv", "1,2\n"),
        ("empty-pybrain", f"{C3}/pybrain/", f"{C3}/pybrain/.git", "gitdir: ../../.git/modules/pybrain\n"),
        ("asks-too-much", "docker-compose.yml:2", "docker-compose.yml", "services:\n  a: {privileged: true}\n"),
    ],
)  # fmt: skip
def test_each_trap_is_found_with_its_location(evidence_of, name, where, file, content):
    assert (name, where) in found(evidence_of, {file: content})


FRAME = "df = pd.read_csv('rows.csv')\n"


@pytest.mark.parametrize(
    "program",
    [
        "x_input = [[df['x'].values[0]]]\nnet.activate(x_input)",
        "x = np.array([1.0, 2.0]).reshape(1, -1)\nnet.activate(x)",
        "x = np.reshape([1, 2], (1, -1))\nnet.activate(x)",
        "x = np.array([1.0])\nnet.activate(x[np.newaxis, :])",
        "net.activate(np.atleast_2d([1.0]))",
        "with open('rows.csv') as f:\n    rows = list(csv.reader(f))[1:]\nnet.activate(rows)",
        "rows = [[float(v) for v in r] for r in csv.reader(f)]\ndata = rows\nout = net.activate(data)",
        FRAME + "net.activate(df)",
        FRAME + "net.activate(df[['x']].values)",
        FRAME + "net.activate(df.iloc[0:1].to_numpy())",
        FRAME + "net.activate(df.drop('y', axis=1).values)",
        "def predict(net, row):\n    return net.activate(row)\npredict(net, [[1.0]])",
        "def load():\n    return [[1.0]]\nx = load()\nnet.activate(x)",
    ],
)
def test_a_table_is_recognised_in_every_spelling(program):
    assert len(nested_calls(ast.parse(program))) == 1


@pytest.mark.parametrize(
    "program",
    [
        "for row in rows:\n    inputs = [float(v) for v in row[:2]]\n    net.activate(inputs)",
        "rows = list(csv.reader(f))\nnet.activate(rows[0])",
        "rows = [tuple(map(float, r)) for r in csv.reader(f)]\nfor r in rows: net.activate(r)",
        "for row in csv.DictReader(f):\n    net.activate([float(row['x'])])",
        "x = np.array([[1.0, 2.0]])\nprint([net.activate(r) for r in x], net.activate(x[0]), net.activate(x.flatten()))",
        "x = [[1.0]]\nx = x[0]\nnet.activate(x)",
        "net.activate(np.array([[1.0]]).reshape(-1))",
        "net.activate(x.squeeze())",
        FRAME + "net.activate(df.iloc[0].values)\nnet.activate(df.values[0])\nnet.activate([df.iloc[0, 0]])",
        FRAME + "net.activate([df['x'].values[0]])\nnet.activate(df['x'].values)",
        FRAME + "for i, row in df.iterrows():\n    net.activate(row.values)",
    ],
)
def test_a_row_is_not_reported_as_a_table(program):
    assert nested_calls(ast.parse(program)) == []


def test_requirements_without_versions_are_found_by_line(evidence_of):
    changes = {
        f"{C3}/Dockerfile": "FROM python:3.11\nCOPY requirements.txt /\nRUN pip install -r /requirements.txt\n",
        f"{C3}/requirements.txt": "numpy==2.1\n# note\nscipy\n",
    }
    assert ("unpinned", f"{C3}/requirements.txt:3") in found(evidence_of, changes)


@pytest.mark.parametrize(
    ("context", "missing"), [("./nothing", True), (f"./{C3}", False), (".", False), ("$X", False)]
)
def test_a_missing_build_context_is_found(evidence_of, context, missing):
    compose = f"services:\n  app:\n    image: codebase_app07\n    build: {context}\n".encode()
    places = found(evidence_of, {"docker-compose.yml": compose})
    assert (("no-context", "docker-compose.yml:2") in places) == missing


@pytest.mark.parametrize(
    ("image", "env", "unset"),
    [
        ("${NAMESPACE}/codebase_app07", "", True),
        ("$NAMESPACE/codebase_app07", "OTHER=anna\n", True),
        ("${TAG:-${NAMESPACE}}/codebase_app07", "", True),
        ("${NAMESPACE}/codebase_app07", "NAMESPACE=anna\n", False),
        ("${NAMESPACE}codebase_app07", "NAMESPACE=\n", False),
        ("${NAMESPACE:-anna}/codebase_app07", "", False),
        ("$$NAMESPACE/codebase_app07", "", False),
    ],
)
def test_an_unset_variable_is_found(evidence_of, image, env, unset):
    compose = f"services:\n  app:\n    image: {image}\n".encode()
    places = found(evidence_of, {"docker-compose.yml": compose, ".env": env.encode()})
    assert (("unset-variable", "docker-compose.yml") in places) == unset


def test_the_obsolete_key_and_fixed_names_are_found(evidence_of):
    places = found(evidence_of, {})
    assert ("obsolete-version", "docker-compose.yml:1") in places
    assert ("fixed-names", "docker-compose.yml:4") in places


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "content", "trap"),
    [
        (PROGRAM, LINES + "net.activate([1.0, 2.0])\nnet.activate(row)\n", "nested-activate"),
        (PROGRAM, LINES + "try:\n    x()\nexcept Exception as e:\n    print(e)\n    sys.exit(1)\n", "ignored-status"),
        (PROGRAM, LINES + "try:\n    x()\nexcept ValueError:\n    pass\n", "ignored-status"),
        (PROGRAM, "this is no Python", "nested-activate"),
        ("App07.py", "import subprocess\nsubprocess.run(['docker'], check=True)\n", "ignored-status"),
        ("App07.py", "import subprocess\ndone = subprocess.run(['docker'])\n", "ignored-status"),
        (f"{C3}/Dockerfile", "FROM python:3.11\nRUN apt-get install gcc && apt-get purge gcc\n", "compiler-left"),
        (f"{C3}/Dockerfile", "FROM python:3.11 AS b\nRUN apt-get install gcc\nFROM python:3.11\n", "compiler-left"),
        (f"{C3}/Dockerfile", "FROM python:3.11\nRUN pip install --target /x numpy==2.1 ./local x.whl\n", "unpinned"),
        ("README.md", "Ärger mit Größe: € – „so“ ✓", "encoding"),
    ],
)  # fmt: skip
def test_correct_code_is_not_reported_as_a_trap(evidence_of, file, content, trap):
    assert [
        where for name, where in found(evidence_of, {file: content}) if name == trap and file in where
    ] == []


@pytest.mark.slow
def test_this_project_has_no_findings_except_unpinned_images_and_leftovers():
    report = evaluate(str(PROJECT.root), load_rubric(), EvaluationOptions(run=False))
    assert {finding.id for finding in report.findings} <= {"unpinned", "leftovers"}


@pytest.mark.slow
def test_every_trap_has_a_hint_and_can_be_used_in_a_rubric(evidence_of):
    assert all(trap.title and trap.hint.endswith(".") for trap in TRAPS.values())
    text = (
        'name = "practice"\n[[line]]\ntitle = "Practice"\npoints = 3\n[[line.check]]\nid = "user"\n'
        'title = "No root"\ncheck = "free_of"\ntrap = "root-user"\npoints = 3\n'
    )
    item = read_rubric("practice.toml", text.encode()).items[0]
    verdict = CHECKS["free_of"](evidence_of({}), **item.parameters)
    assert not verdict.passed
    assert "runs as root" in verdict.reason
