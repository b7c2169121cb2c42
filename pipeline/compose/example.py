"""The example request of the document that specifies the generator."""

from __future__ import annotations

EXAMPLE: dict[str, object] = {
    "compose_metadata": {"compose_version": "3.8", "project_name": "ai_model_deployment"},
    "containers": [
        {
            "name": "activationbase",
            "image": "busybox:latest",
            "data_source": {
                "type": "csv",
                "url": "https://example.com/data.csv",
                "container_path": "/activationBase/currentActivation.csv",
            },
            "volumes": ["./shared_data:/shared_data"],
            "command": "cp /activationBase/currentActivation.csv /shared_data/",
        },
        {
            "name": "knowledgebase",
            "image": "busybox:latest",
            "model_source": {
                "type": "pickle",
                "url": "https://example.com/model.pkl",
                "container_path": "/knowledgeBase/currentSolution.pkl",
            },
            "volumes": ["./shared_data:/shared_data"],
            "depends_on": ["activationbase"],
        },
        {
            "name": "codebase",
            "image": "python:3.11-slim",
            "code_source": {
                "type": "git",
                "repo": "https://github.com/user/ml-code.git",
                "branch": "main",
                "script_path": "/app/activate.py",
            },
            "dependencies": ["pandas", "numpy", "scipy==1.10.1"],
            "environment": {
                "MODEL_PATH": "/shared_data/currentSolution.pkl",
                "DATA_PATH": "/shared_data/activation_data.csv",
            },
            "volumes": ["./shared_data:/shared_data"],
            "depends_on": ["activationbase", "knowledgebase"],
        },
    ],
    "volumes": {"shared_data": {"driver": "local"}},
    "network": {"mode": "bridge", "driver": "bridge"},
    "execution": {"restart_policy": "on-failure", "timeout": 300, "abort_on_container_exit": True},
}
