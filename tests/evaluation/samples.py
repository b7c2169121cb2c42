"""Generated submissions: correct ones in another style, and variants with one broken part."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from common.project import PROJECT

COMPOSE = """\
version: '3.8'

services:
  activationbase:
    image: activationbase_app07
    container_name: activationbase
    volumes:
      - ./shared_data:/shared_data
    command: sh -c "cp /activationBase/currentActivation.csv /shared_data/activation_data.csv && sleep 60"

  knowledgebase:
    image: knowledgebase_app07
    container_name: knowledgebase
    volumes:
      - ./shared_data:/shared_data
    command: sh -c "cp /knowledgeBase/currentSolution.pkl /shared_data/currentSolution.pkl && sleep 60"
    depends_on:
      - activationbase

  codebase:
    image: codebase_app07
    container_name: codebase
    volumes:
      - ./shared_data:/shared_data
    environment:
      - MODEL_PATH=/shared_data/currentSolution.pkl
      - DATA_PATH=/shared_data/activation_data.csv
    command: sh -c "sleep 2 && python3 /codeBase/UE_07_App5.py"
    depends_on:
      - activationbase
      - knowledgebase
"""

# The same stack without sleeps: codebase waits for its files, and no container has to be killed.
_PUBLISH = 'trap "exit 0" TERM; sleep 60 & wait'
WAITING_COMPOSE = f"""\
services:
  activationbase:
    image: activationbase_app07
    volumes: ["./shared_data:/shared_data"]
    command: ["sh", "-c", 'cp /activationBase/currentActivation.csv /shared_data/activation_data.csv; {_PUBLISH}']
    healthcheck: {{test: ["CMD", "test", "-s", "/shared_data/activation_data.csv"], interval: 800ms, retries: 50}}

  knowledgebase:
    image: knowledgebase_app07
    volumes: ["./shared_data:/shared_data"]
    command: ["sh", "-c", 'cp /knowledgeBase/currentSolution.pkl /shared_data/currentSolution.pkl; {_PUBLISH}']
    healthcheck: {{test: ["CMD", "test", "-s", "/shared_data/currentSolution.pkl"], interval: 800ms, retries: 50}}

  codebase:
    image: codebase_app07
    volumes: ["./shared_data:/shared_data"]
    environment:
      MODEL_PATH: /shared_data/currentSolution.pkl
      DATA_PATH: /shared_data/activation_data.csv
    depends_on:
      activationbase: {{condition: service_healthy}}
      knowledgebase: {{condition: service_healthy}}
"""

DATA_DOCKERFILE = """\
FROM busybox:latest
RUN mkdir -p /activationBase
COPY currentActivation.csv /activationBase/currentActivation.csv
CMD ["cat", "/activationBase/currentActivation.csv"]
"""

MODEL_DOCKERFILE = """\
FROM busybox:latest
RUN mkdir -p /knowledgeBase
COPY currentSolution.pkl /knowledgeBase/currentSolution.pkl
CMD ["ls", "-lh", "/knowledgeBase/"]
"""

CODE_DOCKERFILE = """\
FROM python:3.11-slim
WORKDIR /codeBase
RUN pip install --no-cache-dir numpy==2.4.6
COPY pybrain /opt/pybrain/pybrain
ENV PYTHONPATH=/opt/pybrain
COPY UE_07_App5.py /codeBase/UE_07_App5.py
CMD ["python3", "/codeBase/UE_07_App5.py"]
"""

PROGRAM = """\
import csv
import os
import pickle
import sys

sys.path.append("/opt/pybrain")

with open(os.environ.get("MODEL_PATH", "/shared_data/currentSolution.pkl"), "rb") as file:
    net = pickle.load(file)
print("Model loaded:", type(net).__name__, flush=True)

with open(os.environ.get("DATA_PATH", "/shared_data/activation_data.csv")) as file:
    rows = list(csv.reader(file))[1:]

for row in rows:
    inputs = [float(value) for value in row[: net.indim]]
    print("Prediction:", net.activate(inputs), flush=True)
"""

README = """\
# Task 06

This project runs a trained network in three containers. activationbase holds the data, knowledgebase holds the
model, and codebase holds the code that activates the model with the data. They share the folder shared_data.

## Build

    docker build -t activationbase_app07 container1_activationbase
    docker build -t knowledgebase_app07 container2_knowledgebase
    docker build -t codebase_app07 container3_codebase

## Run

    docker-compose up --abort-on-container-exit

First the data and the model are copied into shared_data. Then the code loads the model and prints its prediction
on the console. Docker and Docker Compose have to be installed. Nothing else is needed on the computer, because
every library is installed inside the containers.
"""

_ANSWERS = {
    1: "The compose file can be used wherever a trained model has to be deployed together with its data and "
    "its code, for example on a teaching computer or on a server. The problem that it solves is that "
    "everybody has another environment: with containers the libraries are the same for all, and one "
    "command starts everything in order.",
    2: "To apply another model, the file currentSolution.pkl of the second container is replaced and its "
    "image is built again. It is better to mount a folder with several models as a volume and to choose "
    "one of them by an environment variable, because then no image has to be built for a new model and "
    "both can be compared easily.",
    3: "A request to such a service has to carry the name of the image for each container, the URL of the "
    "data and of the model, the command, the environment variables, the volumes and the dependencies "
    "between the containers. It should be JSON over HTTP with a token, and the server has to check every "
    "value before it writes the file.",
    4: "For a GPU the compose file needs a reservation of the device under deploy, and the image needs the "
    "libraries of the vendor. For ARM processors the image has to be built for that platform, or for "
    "several platforms at once. The number of CPU cores and the memory can be limited in the same place, "
    "so that small computers are not overloaded.",
    5: "The tutors need the three folders with their Dockerfile, the data file, the model file and the "
    "library, the compose file, the scripts, the README and this text. It is all put into one zip "
    "archive, without caches and without results of earlier runs, so that a tutor can build every image "
    "and run the stack in a few minutes.",
}
DISCUSSION = "# Discussion\n\n" + "\n".join(
    f"## Question {number}\n\n{text}\n" for number, text in _ANSWERS.items()
)


def _folders_in(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if Path(folder, name).is_dir()]


def write_sample(
    folder: Path, changes: Mapping[str, str | bytes | None] | None = None, *, whole: bool = True
) -> Path:
    """Write a submission in the style of the course: sleeping data containers, a plain pickle, printed output.

    Args:
        folder: where; made here.
        changes: files to write otherwise; None leaves a file out.
        whole: whether it has the whole library, which only a run needs; else the files of its top folder.
    """
    fixtures = Path(__file__).parent.parent / "fixtures" / "default" / "course"
    files: dict[str, str | bytes | None] = {
        "docker-compose.yml": COMPOSE,
        "README.md": README,
        "discussion.txt": DISCUSSION,
        "App07.py": "print('see docker-compose.yml')\n",
        "prepare_files.py": "print('nothing to prepare')\n",
        "container1_activationbase/Dockerfile": DATA_DOCKERFILE,
        "container1_activationbase/currentActivation.csv": (fixtures / "currentActivation.csv").read_bytes(),
        "container2_knowledgebase/Dockerfile": MODEL_DOCKERFILE,
        "container2_knowledgebase/currentSolution.pkl": (fixtures / "currentSolution.pkl").read_bytes(),
        "container3_codebase/Dockerfile": CODE_DOCKERFILE,
        "container3_codebase/UE_07_App5.py": PROGRAM,
    }
    files |= changes or {}
    library = folder / "container3_codebase" / "pybrain"
    if not any(name.startswith("container3_codebase/pybrain") for name in changes or {}):
        shutil.copytree(
            PROJECT.root / "container3_codebase" / "pybrain",
            library,
            ignore=shutil.ignore_patterns("__pycache__") if whole else _folders_in,
        )
    for name, content in files.items():
        path = folder / name
        if content is None:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return folder
