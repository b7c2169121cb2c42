"""The request that docker-compose.yml is generated from: the three containers of this project."""

from __future__ import annotations

from pipeline.compose.request import ComposeRequest

_SHARED = "./shared_data:/shared_data"

DEFAULT_REQUEST: dict[str, object] = {
    "containers": [
        {
            "name": "activationbase",
            "image": "activationbase_app07",
            "build_context": "./container1_activationbase",
            "data_source": {"type": "csv", "container_path": "/activationBase/currentActivation.csv"},
            "memory_limit": "64M",
            "volumes": [_SHARED],
        },
        {
            "name": "knowledgebase",
            "image": "knowledgebase_app07",
            "build_context": "./container2_knowledgebase",
            "model_source": {"type": "pickle", "container_path": "/knowledgeBase/currentSolution.pkl"},
            "memory_limit": "64M",
            "volumes": [_SHARED],
        },
        {
            "name": "codebase",
            "image": "codebase_app07",
            "build_context": "./container3_codebase",
            "command": ["python", "UE_07_App5.py"],
            "environment": {
                "MODEL_PATH": "/shared_data/currentSolution.pkl",
                "DATA_PATH": "/shared_data/activation_data.csv",
                "OUTPUT_PATH": "/shared_data/prediction.csv",
            },
            "memory_limit": "1G",
            "volumes": [_SHARED],
            "depends_on": ["activationbase", "knowledgebase"],
        },
    ],
    "network": {"mode": "none"},
}


def default_request() -> ComposeRequest:
    """Return the request that docker-compose.yml is generated from."""
    return ComposeRequest.model_validate(DEFAULT_REQUEST)
