"""Other submissions: correct ones in other styles, and some with specific failures."""

from __future__ import annotations

from types import ModuleType

C1, C2, C3 = "container1_activationbase", "container2_knowledgebase", "container3_codebase"
COMPOSE, PROGRAM = "docker-compose.yml", f"{C3}/UE_07_App5.py"

# Requirements on another machine: an external volume, a GPU, another architecture. One Dockerfile is in lower case,
# and one image has an entry point with a command.
_NAMED_VOLUME = """
services:
  rows:
    build: {context: ./container1_activationbase}
    command: ["sh", "-c", "cp /activationBase/currentActivation.csv /exchange/activation_data.csv; tail -f /dev/null"]
    healthcheck: {test: ["CMD", "test", "-s", "/exchange/activation_data.csv"], interval: 300ms, retries: 50}
    volumes: ["exchange:/exchange"]
  network-file:
    build: ./container2_knowledgebase
    command: ["sh", "-c", "cp /knowledgeBase/currentSolution.pkl /exchange/; tail -f /dev/null"]
    healthcheck: {test: ["CMD", "test", "-s", "/exchange/currentSolution.pkl"], interval: 300ms, retries: 50}
    volumes: ["exchange:/exchange"]
  answer:
    build: {context: ./container3_codebase}
    environment: {MODEL_PATH: /shared_data/currentSolution.pkl, WHO: "${WHO:-nobody}$$"}
    volumes:
      - {type: volume, source: exchange, target: /shared_data}
    depends_on:
      rows: {condition: service_healthy}
      network-file: {condition: service_healthy}
    platform: linux/s390x
    deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1, capabilities: [gpu]}]}}}
volumes:
  exchange: {external: true}
"""
_WRITES_JSON = """
import json
answers = [list(map(float, net.activate([float(value) for value in row[: net.indim]]))) for row in rows]
json.dump({'predictions': answers}, open('/shared_data/result.json', 'w'), indent=2)
"""
# The program of the course's own example: one number, in a nested list that is assigned to a name.
NESTED_ROW = """
import csv
import pickle
import sys

sys.path.append("/opt/pybrain")
print("Loading the model", flush=True)
with open("/shared_data/currentSolution.pkl", "rb") as file:
    model = pickle.load(file)
with open("/shared_data/activation_data.csv") as file:
    table = list(csv.DictReader(file))
print("Activating the model", flush=True)
x_input = [[float(table[0]["x"])]]
prediction = model.activate(x_input)
print(f"Prediction: {prediction[0]:.6f}")
"""
_WRITTEN_DOWN = "print('Model loaded')\nprint('Prediction: [0.2070925505]')\nprint('ACTIVATION COMPLETE')\n"


def changes(samples: ModuleType) -> dict[str, dict[str, str | None]]:
    """Return the changed files of each submission, by name."""
    buildkit = (
        samples.CODE_DOCKERFILE.replace("RUN pip", "RUN --mount=type=cache,target=/root/.cache pip")
        .replace("COPY UE", "COPY --link --chmod=644 UE")
        .replace("CMD", "RUN <<END\nset -e\nuseradd --uid 10001 student\nEND\nUSER student\nCMD")
        .replace('CMD ["python3", ', 'ENTRYPOINT ["python3"]\nCMD [')
    )
    return {
        "course-style": {},
        "named-volume": {
            COMPOSE: _NAMED_VOLUME,
            f"{C1}/Dockerfile": None,
            f"{C1}/dockerfile": samples.DATA_DOCKERFILE,
            f"{C1}/currentActivation.csv": "\ufeffx,y\r\n0.0984,0.1535\r\n",
            f"{C3}/Dockerfile": buildkit,
            PROGRAM: samples.PROGRAM.split("for row in rows:")[0] + _WRITES_JSON,
        },
        "first-exit": {COMPOSE: samples.COMPOSE.replace(" && sleep 60", "")},
        # Docker waits ten seconds for a container to stop, and the shell ignores the signal.
        "first-exit-with-a-file": {
            COMPOSE: samples.COMPOSE.replace(" && sleep 60", ""),
            PROGRAM: samples.PROGRAM.split("for row in rows:")[0] + _WRITES_JSON,
        },
        # Both faults of the course's own example.
        "own-example": {
            COMPOSE: samples.COMPOSE.replace(" && sleep 60", " && ls -l /shared_data"),
            PROGRAM: NESTED_ROW,
        },
        "image-of-nobody": {
            COMPOSE: samples.WAITING_COMPOSE.replace("image: codebase_app07", "image: codebase_app07:v2")
        },
        "written-down": {
            COMPOSE: samples.WAITING_COMPOSE,
            PROGRAM: _WRITTEN_DOWN,
            "output/stage3_compose_execution/execution_summary.txt": "Result: prediction made\nAll checks passed\n",
        },
        "own-machine": {
            COMPOSE: samples.WAITING_COMPOSE.replace("./shared_data:", "/home/bob/task06:"),
        },
        "whole-project": {
            COMPOSE: samples.WAITING_COMPOSE.replace("./shared_data:/shared_data", ".:/project").replace(
                "/shared_data/", "/project/shared_data/"
            ),
            "shared_data/prediction.csv": "prediction\n0.5\n",
            "shared_data/activation_data.csv": "x\n1\n",
        },
        "not-built": {
            f"{C1}/Dockerfile": None,
            f"{C2}/Dockerfile": samples.MODEL_DOCKERFILE.replace("RUN mkdir", "RUN false && mkdir"),
            f"{C3}/Dockerfile": samples.CODE_DOCKERFILE.replace("FROM python:3.11-slim", "FROM node:20"),
        },
    }
