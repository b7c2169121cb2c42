"""Requests for the tests: the example of the discussion questions, with the URLs of a local server."""

from __future__ import annotations

from typing import Any

ROWS = b"x,y\n0.1,0.2\n0.3,0.4\n"


def document_example(
    place: str = "example.com", repository: str = "https://github.com/user/ml-code.git"
) -> Any:
    """Return the example.

    Args:
        place: host and port of the data and the model.
        repository: the URL of the code.
    """
    scheme = "https" if place == "example.com" else "http"
    volumes = ["./shared_data:/shared_data"]
    return {
        "compose_metadata": {"compose_version": "3.8", "project_name": "ai_model_deployment"},
        "containers": [
            {
                "name": "activationbase",
                "image": "busybox:latest",
                "data_source": {
                    "type": "csv",
                    "url": f"{scheme}://{place}/data.csv",
                    "container_path": "/activationBase/currentActivation.csv",
                },
                "volumes": volumes,
                "command": "cp /activationBase/currentActivation.csv /shared_data/",
            },
            {
                "name": "knowledgebase",
                "image": "busybox:latest",
                "model_source": {
                    "type": "pickle",
                    "url": f"{scheme}://{place}/model.pkl",
                    "container_path": "/knowledgeBase/currentSolution.pkl",
                },
                "volumes": volumes,
                "depends_on": ["activationbase"],
            },
            {
                "name": "codebase",
                "image": "python:3.11-slim",
                "code_source": {
                    "type": "git",
                    "repo": repository,
                    "branch": "main",
                    "script_path": "/app/activate.py",
                },
                "dependencies": ["pandas", "numpy", "scipy==1.10.1"],
                "environment": {
                    "MODEL_PATH": "/shared_data/currentSolution.pkl",
                    "DATA_PATH": "/shared_data/activation_data.csv",
                },
                "volumes": volumes,
                "depends_on": ["activationbase", "knowledgebase"],
            },
        ],
        "volumes": {"shared_data": {"driver": "local"}},
        "network": {"mode": "bridge", "driver": "bridge"},
        "execution": {"restart_policy": "on-failure", "timeout": 300, "abort_on_container_exit": True},
    }
