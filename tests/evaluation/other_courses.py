"""Submissions of other courses: one for the AI-CPS rubric, and one for an invented course.

Neither framework can be installed here in the time of a test: `tensorflow` is a module of a few lines that the image
brings, which reads its weights from the file of the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from common.project import PROJECT

_ROWS = "size,weight\n0.42,1.5\n0.77,2.25\n0.13,0.5\n"
_README = """\
# Fruit classification

The images are activationBase (the activation), knowledgeBase (the trained network) and codeBase (the program that
applies the network). They share the external volume ai_system, which every container sees as its folder /tmp.

Make the volume once with docker volume create ai_system. Then go to the folder scenarios/apply_annSolution/x86_64 and
type docker-compose up there. activationBase and knowledgeBase copy their files to the volume and end. codeBase reads
both files, applies the network to every row and writes a line with the predicted value of each row to the file
prediction.csv, which can be found in the volume afterwards.
"""

_FRAMEWORK = '''\
"""Stands for the framework: a saved network is a list of weights."""
import struct


def load_model(path):
    with open(path, "rb") as file:
        content = file.read()
    if content[:8] != b"\\x89HDF\\r\\n\\x1a\\n":
        raise ValueError("not a saved network")
    return struct.unpack("<2d", content[8:])
'''

_APPLY = """\
import csv
import time

import tensorflow

time.sleep(2)  # until the data is there
weights = tensorflow.load_model("/tmp/knowledgeBase/currentAiSolution.h5")
with open("/tmp/activationBase/activation_data.csv") as file:
    rows = [[float(cell) for cell in row] for row in list(csv.reader(file))[1:]]
predictions = [sum(w * x for w, x in zip(weights, row)) for row in rows]
with open("/tmp/codeBase/prediction.csv", "w") as file:
    file.write("prediction\\n" + "".join(f"{value}\\n" for value in predictions))
print("predictions written:", len(predictions))
"""

_SCENARIO = """\
version: "3.9"
services:
  activation_base_fruit:
    image: someone/activationbase_fruit:latest
    volumes: ["ai_system:/tmp"]
    command: ["sh", "-c", "rm -rf /tmp/activationBase && cp -r /activationBase /tmp/ && tail -f /dev/null"]
  knowledge_base_fruit:
    image: someone/knowledgebase_fruit:latest
    volumes: ["ai_system:/tmp"]
    command: ["sh", "-c", "rm -rf /tmp/knowledgeBase && cp -r /knowledgeBase /tmp/"]
  code_base_fruit:
    image: someone/codebase_fruit:latest
    volumes: ["ai_system:/tmp"]
    depends_on: ["activation_base_fruit", "knowledge_base_fruit"]
    command: ["sh", "-c", "cp -r /codeBase /tmp/ && python3 /tmp/codeBase/apply_annSolution.py"]
volumes:
  ai_system:
    external: true
"""

AI_CPS: Mapping[str, str | bytes] = {
    "README.md": _README,
    "images/activationBase_fruit/Dockerfile": "FROM busybox\nADD tmp/activationBase /activationBase\n",
    "images/activationBase_fruit/README.md": "The activation.\n",
    "images/activationBase_fruit/tmp/activationBase/activation_data.csv": _ROWS,
    "images/knowledgeBase_fruit/Dockerfile": "FROM busybox\nADD tmp/knowledgeBase /knowledgeBase\n",
    "images/knowledgeBase_fruit/docker-compose.yml": "services:\n  one:\n    image: someone/knowledgebase_fruit\n",
    "images/knowledgeBase_fruit/tmp/knowledgeBase/currentAiSolution.h5": (
        b"\x89HDF\r\n\x1a\n\x00\x00\x00\x00\x00\x00\xf8\x3f\x00\x00\x00\x00\x00\x00\xe0\xbf"
    ),
    "images/codeBase_fruit/Dockerfile": (
        "FROM python:3.11-slim\nCOPY tensorflow /opt/framework/tensorflow\nENV PYTHONPATH=/opt/framework\n"
        "COPY tmp/codeBase /codeBase\n"
    ),
    "images/codeBase_fruit/tensorflow/__init__.py": _FRAMEWORK,
    "images/codeBase_fruit/tmp/codeBase/apply_annSolution.py": _APPLY,
    "scenarios/apply_annSolution/x86_64/docker-compose.yml": _SCENARIO,
    "scenarios/create_annSolution/x86_64/docker-compose.yml": "services:\n  none:\n    image: busybox\n",
}

# --- an invented course: four containers, knowledge in JSON, built by a compose file in a separate folder

_FORECAST = """\
import csv
import json
import os
import sys
import time

wanted = ["/exchange/" + name for name in ("weights.json", "today.csv", "normals.csv")]
for _ in range(100):
    if all(os.path.exists(path) for path in wanted):
        break
    time.sleep(0.1)
weights = json.load(open(wanted[0]))
normal = float(open(wanted[2]).read().split()[-1])
rows = list(csv.DictReader(open(wanted[1])))
labels = ["rain" if float(row["pressure"]) * weights["pressure"] < normal else "sun" for row in rows]
with open("/exchange/forecast.csv", "w") as file:
    file.write("station,forecast\\n")
    for row, label in zip(rows, labels):
        file.write(f"{row['station']},{label} {float(row['pressure']) * weights['pressure']:.3f}\\n")
print("forecast written")
"""


def _publisher(name: str) -> str:
    return (
        f"FROM busybox\nCOPY {name} /data/{name}\n"
        f'CMD ["sh", "-c", "cp /data/{name} /exchange/.{name} && mv /exchange/.{name} /exchange/{name}; '
        "trap 'exit 0' TERM; sleep 60 & wait\"]\n"
    )


_STACK = """\
services:
  measurements:
    build: ../parts/measurements
    volumes: ["./exchange:/exchange"]
  weights:
    build: ../parts/weights
    volumes: ["./exchange:/exchange"]
  normals:
    build: ../parts/normals
    volumes: ["./exchange:/exchange"]
  forecaster:
    build: {context: ../parts/forecaster, dockerfile: Containerfile}
    volumes: ["./exchange:/exchange"]
    depends_on: [measurements, weights, normals]
"""

WEATHER: Mapping[str, str | bytes] = {
    "deploy/stack.yml": _STACK,
    "parts/measurements/Dockerfile": _publisher("today.csv"),
    "parts/measurements/today.csv": "station,pressure\nnorth,980\nsouth,1031\nwest,1012\n",
    "parts/weights/Dockerfile": _publisher("weights.json"),
    "parts/weights/weights.json": '{"pressure": 1.01}\n',
    "parts/normals/Dockerfile": _publisher("normals.csv"),
    "parts/normals/normals.csv": "normal\n1013.25\n",
    "parts/forecaster/Containerfile": (
        'FROM python:3.11-slim\nCOPY forecast.py /forecast.py\nCMD ["python3", "/forecast.py"]\n'
    ),
    "parts/forecaster/forecast.py": _FORECAST,
}

GUIDE = PROJECT.root / "docs" / "own-course.md"
WEATHER_RUBRIC = GUIDE.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]


def write_files(folder: Path, files: Mapping[str, str | bytes | None]) -> Path:
    """Write the files of a submission.

    Args:
        folder: where; made here.
        files: their contents; None leaves a file out.
    """
    for name, content in files.items():
        if content is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder
