"""Submissions that try to get points without the work, and genuine unusual ones, with their points."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

C1, C2, C3 = "container1_activationbase", "container2_knowledgebase", "container3_codebase"
COMPOSE, PROGRAM = "docker-compose.yml", f"{C3}/UE_07_App5.py"
MODEL = Path(__file__).parent.parent / "fixtures" / "default" / "course" / "currentSolution.pkl"
_LOAD = 'os.environ.get("MODEL_PATH", "/shared_data/currentSolution.pkl")'


@dataclass(frozen=True)
class Cheat:
    """A submission and its expected points.

    Attributes:
        changes: its files that are not those of the right one.
        points: what it gets.
        reasons: for each check that fails, a part of what the report says.
    """

    changes: Mapping[str, str | bytes | None]
    points: int
    reasons: Mapping[str, str] = field(default_factory=dict)


def in_containers(samples: ModuleType) -> dict[str, Cheat]:
    """Return the submissions whose evaluation needs an engine."""
    return {
        "cheat-digits": _digits(),
        "cheat-own-copy": _own_copy(samples),
        "cheat-knows-its-files": _knows_its_files(samples),
        "cheat-all-in-codebase": _all_in_codebase(samples),
        "cheat-copied-by-codebase": _copied_by_codebase(samples),
        "cheat-computed-elsewhere": _computed_elsewhere(samples),
        "honest-mounted-project": _mounted_project(samples),
        "cheat-declared-volumes": _declared_volumes(samples),
        "honest-declared-volumes": _keeps_volumes(samples),
        "honest-comma": _prints(samples, "'Vorhersage: ' + f'{float(answer[0]):.4f}'.replace('.', ',')"),
        "honest-scaled": _scaled(samples, scales=True),
        "cheat-not-scaled": _scaled(samples, scales=False),
        "honest-two-digits": _prints(samples, "f'{float(answer[0]):.2f} is the prediction'"),
    }


def _scaled(samples: ModuleType, *, scales: bool) -> Cheat:
    """Return a submission whose pickle carries the range of its rows, with a program that scales them or does not."""
    with MODEL.open("rb") as file:
        network = pickle.load(file)  # of our own fixture
    content = pickle.dumps({"network": network, "x_min": 20.0, "x_max": 80.0, "y_min": 5.0, "y_max": 9.0}, 2)
    start = samples.PROGRAM.split("for row in rows:")[0].replace("type(net)", "type(net['network'])")
    lines = (
        "x, y = net['x_max'] - net['x_min'], net['y_max'] - net['y_min']\n"
        "for row in rows:\n"
        "    value = (float(row[0]) - net['x_min']) / x\n"
        "    print('Prediction:', round(float(net['network'].activate([value])[0]) * y + net['y_min'], 4))\n"
    )
    if not scales:
        lines = "for row in rows:\n    print('Prediction:', round(float(net['network'].activate([float(row[0])])[0]), 4))\n"
    changes: dict[str, str | bytes | None] = {
        f"{C1}/currentActivation.csv": "x,y\n37.5,6.1\n",
        f"{C2}/currentSolution.pkl": content,
        PROGRAM: start + lines,
    }
    reason = "the rows are given to the network as they are, but its file has x_min, x_max"
    return Cheat(changes, 100 if scales else 85, {} if scales else {"activation.prediction": reason})


def _prints(samples: ModuleType, what: str) -> Cheat:
    start = samples.PROGRAM.split("for row in rows:")[0]
    loop = f"for row in rows:\n    answer = net.activate([float(one) for one in row[: net.indim]])\n    print({what})\n"
    return Cheat({PROGRAM: start + loop}, 100)


def _digits() -> Cheat:
    """Return a submission without Python and PyBrain; it once got all points."""
    recipe = (
        "FROM busybox:latest\nCOPY UE_07_App5.py /codeBase/UE_07_App5.py\nCOPY python3 /bin/python3\n"
        "RUN chmod 755 /bin/python3\n"
        'CMD ["sh", "/codeBase/UE_07_App5.py"]\n'
    )
    program = (
        "a=0\nwhile [ $a -lt 1725 ]; do line=Prediction:; b=0\n"
        'while [ $b -lt 20 ]; do line="$line 0.$((1000 + (a * 20 + b) % 9000))"; b=$((b + 1)); done\n'
        "echo $line; a=$((a + 1)); done\n"
    )
    changes = {f"{C3}/Dockerfile": recipe, f"{C3}/python3": "#!/bin/sh\necho OK\n", PROGRAM: program}
    reasons = {
        "container3.pybrain": "the python3 of codebase is not a Python interpreter: it is a script (#!/bin/sh)",
        "activation.prediction": "the output has too many numbers to recognise a prediction in it",
    }
    return Cheat(changes, 100 - 7 - 15, reasons)


def _declared_volumes(samples: ModuleType) -> Cheat:
    """Return data containers that print fixed text and the time, and declare their folders as volumes."""
    rows = (MODEL.parent / "currentActivation.csv").read_bytes().decode()
    shown = rows.replace("\n", "\\n").replace("\r", "\\r")
    kept = _keeps_volumes(samples).changes
    changes = dict(kept) | {
        f"{C1}/Dockerfile": str(kept[f"{C1}/Dockerfile"]).replace(
            "CMD cat /activationBase/currentActivation.csv", f"CMD printf '{shown}'; date +%N"
        ),
        f"{C2}/Dockerfile": str(kept[f"{C2}/Dockerfile"]).replace(
            "CMD ls -l /knowledgeBase/currentSolution.pkl", "CMD echo currentSolution.pkl; date +%N"
        ),
    }
    reasons = {
        "container1.shows": "does not show the other rows that replace",
        "container2.shows": "shows the same when /knowledgeBase/ is empty: its output is fixed, not read there",
    }
    return Cheat(changes, 100 - 3 - 3, reasons)


def _keeps_volumes(samples: ModuleType) -> Cheat:
    """Return data images that declare their folders as volumes, before or after copying the files, with an owner."""
    first = (
        "FROM busybox\nVOLUME /activationBase\nCOPY --chown=1000 currentActivation.csv /activationBase/\nUSER 1000\n"
        "CMD cat /activationBase/currentActivation.csv\n"
    )
    second = (
        "FROM busybox\nRUN mkdir /knowledgeBase && chown 1001 /knowledgeBase\n"
        "COPY --chown=1001 --chmod=400 currentSolution.pkl /knowledgeBase/\nVOLUME /knowledgeBase\nUSER 1001\n"
        "CMD ls -l /knowledgeBase/currentSolution.pkl\n"
    )
    return Cheat({f"{C1}/Dockerfile": first, f"{C2}/Dockerfile": second}, 100)


def _own_copy(samples: ModuleType) -> Cheat:
    changes: dict[str, str | bytes | None] = {
        f"{C3}/model.pkl": MODEL.read_bytes(),
        f"{C3}/Dockerfile": samples.CODE_DOCKERFILE.replace("CMD", "COPY model.pkl /codeBase/\nCMD"),
        PROGRAM: samples.PROGRAM.replace(_LOAD, '"/codeBase/model.pkl"'),
    }
    reason = "the prediction follows the rows but not the network of container 2"
    return Cheat(changes, 85, {"activation.prediction": reason})


def _knows_its_files(samples: ModuleType) -> Cheat:
    known = f"import hashlib\nassert hashlib.sha256(open({_LOAD}, 'rb').read()).hexdigest()[:6] == {_digest()!r}, 'other'\n"
    program = f"import os\n{known}print('Prediction: [0.20709255]')\n"
    return Cheat({PROGRAM: program}, 85, {"activation.prediction": "no matching prediction was found"})


def _digest() -> str:
    import hashlib

    return hashlib.sha256(MODEL.read_bytes()).hexdigest()[:6]


def _all_in_codebase(samples: ModuleType) -> Cheat:
    """Return data containers that contain their files, but neither show nor copy them."""
    rows = (MODEL.parent / "currentActivation.csv").read_bytes()
    shown = rows.decode().replace("\n", "\\n").replace("\r", "\\r")
    compose = samples.WAITING_COMPOSE
    for old in ("cp /activationBase/currentActivation.csv /shared_data/activation_data.csv;",
                "cp /knowledgeBase/currentSolution.pkl /shared_data/currentSolution.pkl;"):  # fmt: skip
        assert old in compose
        compose = compose.replace(old, "")
    for name in ("activation_data.csv", "currentSolution.pkl"):
        compose = compose.replace(f'"test", "-s", "/shared_data/{name}"', '"true"')
    copies = "import shutil\nfor name in ('activation_data.csv', 'currentSolution.pkl'):\n    shutil.copy('/codeBase/' + name, '/shared_data/')\n"
    changes = {
        COMPOSE: compose,
        f"{C1}/Dockerfile": samples.DATA_DOCKERFILE.replace(
            '["cat", "/activationBase/currentActivation.csv"]', f"printf '{shown}'"
        ),
        f"{C2}/Dockerfile": samples.MODEL_DOCKERFILE.replace(
            '["ls", "-lh", "/knowledgeBase/"]', "echo currentSolution.pkl"
        ),
        f"{C3}/Dockerfile": samples.CODE_DOCKERFILE.replace(
            "CMD", "COPY activation_data.csv currentSolution.pkl /codeBase/\nCMD"
        ),
        f"{C3}/activation_data.csv": rows,
        f"{C3}/currentSolution.pkl": MODEL.read_bytes(),
        PROGRAM: copies + samples.PROGRAM,
    }
    reasons = {
        "container1.shows": "does not show the other rows that replace",
        "container2.shows": "shows the same when /knowledgeBase/ is empty: its output is fixed, not read there",
        "copying.rows": "after the file in activationbase was replaced, the shared folder still contains the original file",
        "copying.model": "after the file in knowledgebase was replaced, the shared folder still contains the original file",
        "activation.prediction": "the prediction is still the old one",
    }
    return Cheat(changes, 100 - 3 - 3 - 5 - 5 - 15, reasons)


_COPIES = ("cp /activationBase/currentActivation.csv /shared_data/activation_data.csv;",
           "cp /knowledgeBase/currentSolution.pkl /shared_data/currentSolution.pkl;")  # fmt: skip


def _copied_by_codebase(samples: ModuleType) -> Cheat:
    """Return data containers that do nothing; codebase mounts their folders and copies the files."""
    compose = samples.WAITING_COMPOSE
    for copy, name in zip(_COPIES, ("activation_data.csv", "currentSolution.pkl"), strict=True):
        assert copy in compose
        compose = compose.replace(copy, "").replace(f'"test", "-s", "/shared_data/{name}"', '"true"')
    compose = compose.replace(
        '    image: codebase_app07\n    volumes: ["./shared_data:/shared_data"]\n',
        f'    image: codebase_app07\n    volumes: ["./shared_data:/shared_data", "./{C1}:/rows", "./{C2}:/model:ro"]\n',
    )
    copies = (
        "import shutil\nshutil.copy('/rows/currentActivation.csv', '/shared_data/activation_data.csv')\n"
        "shutil.copy('/model/currentSolution.pkl', '/shared_data/currentSolution.pkl')\n"
    )
    reasons = {
        "copying.rows": "activationbase does not deliver its file",
        "copying.model": "knowledgebase does not deliver its file",
    }
    return Cheat({COMPOSE: compose, PROGRAM: copies + samples.PROGRAM}, 100 - 5 - 5, reasons)


def _computed_elsewhere(samples: ModuleType) -> Cheat:
    """Return a stack in which container 2 predicts, and codebase only waits and shows the result."""
    predict = samples.PROGRAM.split("for row in rows:")[0] + (
        "for row in rows:\n    answer = net.activate([float(one) for one in row[: net.indim]])\n"
        "    print('Prediction:', list(answer), file=open('/shared_data/done.txt', 'w'))\n"
    )
    recipe = (
        "FROM python:3.11-slim\nRUN pip install --no-cache-dir numpy==2.4.6\nCOPY currentSolution.pkl /knowledgeBase/\n"
        "COPY pybrain /opt/pybrain/pybrain\nCOPY predict.py /predict.py\nENV PYTHONPATH=/opt/pybrain\n"
        'CMD ["ls", "-lh", "/knowledgeBase/"]\n'
    )
    waits = (
        "import os, time\nwhile not os.path.exists('/shared_data/done.txt'):\n    time.sleep(0.1)\ntime.sleep(0.3)\n"
        "print(open('/shared_data/done.txt').read())\n"
    )
    compose = samples.WAITING_COMPOSE.replace(_COPIES[1], _COPIES[1] + " python3 /predict.py;").replace(
        "retries: 50}}\n\n  codebase", "retries: 50}}\n    depends_on: [activationbase]\n\n  codebase"
    )
    library = Path(samples.PROJECT.root) / "container3_codebase" / "pybrain"
    copied = {
        f"{C2}/pybrain/{path.relative_to(library)}": path.read_bytes()
        for path in sorted(library.rglob("*.py"))
    }
    changes = {
        f"{C2}/Dockerfile": recipe,
        f"{C2}/predict.py": predict,
        COMPOSE: compose,
        PROGRAM: waits,
        **copied,
    }
    reason = "shared_data/done.txt shows it although codebase does nothing"
    return Cheat(changes, 85, {"activation.prediction": reason})


def _mounted_project(samples: ModuleType) -> Cheat:
    """Return services that mount the whole project; each data container copies its own file."""
    compose = samples.WAITING_COMPOSE.replace(
        'volumes: ["./shared_data:/shared_data"]', 'volumes: ["./shared_data:/shared_data", ".:/project:ro"]'
    ).replace(_COPIES[0], f"cp /project/{C1}/currentActivation.csv /shared_data/activation_data.csv;")
    return Cheat({COMPOSE: compose}, 100)
