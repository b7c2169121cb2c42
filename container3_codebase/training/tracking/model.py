"""Write the folder of an MLflow model: the network with its card, and the code that loads it.

No code is pickled: MLflow imports `pybrain_runtime.pyfunc`, which reads the network with the safe loader.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import numpy as np
from mlflow.models import Model, ModelSignature
from mlflow.pyfunc import FLAVOR_NAME
from mlflow.types import ColSpec, Schema
from mlflow.version import VERSION

from pybrain_runtime import Knowledge, load_knowledge
from pybrain_runtime.frames import class_column
from pybrain_runtime.pyfunc import KNOWLEDGE_FILE, KnowledgeModel
from training.tracking.wheel import NAME, wheel_bytes

_DATA, _CODE = "data", f"code/{NAME}"
_CARD_FILE = "currentSolution.card.json"
_EXAMPLE, _SERVING_EXAMPLE = "input_example.json", "serving_input_example.json"
_VENV, _CONDA = "python_env.yaml", "conda.yaml"


def write_model(folder: Path, content: bytes, card: bytes, *, model_id: str = "", run_id: str = "") -> None:
    """Write a model.

    Args:
        folder: an empty folder.
        content: the content of the network file.
        card: the content of its card; empty without a card.
        model_id: the ID of the logged model.
        run_id: the ID of the MLflow run that trained the network.

    Raises:
        PipelineError: the network cannot be read.
    """
    (folder / _DATA).mkdir()
    (folder / "code").mkdir()
    (folder / _DATA / KNOWLEDGE_FILE).write_bytes(content)
    if card:
        (folder / _DATA / _CARD_FILE).write_bytes(card)
    (folder / _CODE).write_bytes(wheel_bytes())
    knowledge = load_knowledge(folder / _DATA / KNOWLEDGE_FILE)
    _write_environment(folder)
    _write_example(folder, knowledge)
    described = Model(run_id=run_id or None, model_id=model_id or None, signature=signature_of(knowledge))
    described.saved_input_example_info = {
        "artifact_path": _EXAMPLE,
        "serving_input_path": _SERVING_EXAMPLE,
        "type": "dataframe",
        "pandas_orient": "split",
    }
    described.add_flavor(
        FLAVOR_NAME,
        loader_module="pybrain_runtime.pyfunc",
        data=_DATA,
        code=_CODE,
        env={"virtualenv": _VENV, "conda": _CONDA},
        python_version=platform.python_version(),
    )
    described.save(str(folder / "MLmodel"))


def signature_of(knowledge: Knowledge) -> ModelSignature:
    """Return the MLflow signature: names and types of the inputs and outputs."""
    inputs = [ColSpec("double", name) for name in knowledge.input_names]
    outputs = [ColSpec("double", name) for name in knowledge.output_names]
    if knowledge.labels:
        outputs.append(ColSpec("string", class_column(knowledge.output_names)))
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))


def _write_environment(folder: Path) -> None:
    """Write the requirements that `mlflow models predict` installs: the wheel, NumPy, and MLflow's client."""
    requirements = [f"./{_CODE}", f"numpy=={np.__version__}", f"mlflow-skinny=={VERSION}", "pandas>=2"]
    (folder / "requirements.txt").write_text("\n".join(requirements) + "\n", encoding="utf-8")
    python = platform.python_version()
    (folder / _VENV).write_text(
        f"python: {python}\nbuild_dependencies:\n- pip\ndependencies:\n- -r requirements.txt\n",
        encoding="utf-8",
    )
    (folder / _CONDA).write_text(
        f"dependencies:\n- python={python}\n- pip\n- pip:\n  - -r requirements.txt\n", encoding="utf-8"
    )


def _write_example(folder: Path, knowledge: Knowledge) -> None:
    """Write an example row: the mean of each input, if the card contains it."""
    means = [column.mean for column in knowledge.card.inputs] if knowledge.card else [0.0] * knowledge.indim
    KnowledgeModel(knowledge).predict(np.array([means]))
    example: dict[str, Any] = {"columns": list(knowledge.input_names), "data": [means]}
    (folder / _EXAMPLE).write_text(json.dumps(example), encoding="utf-8")
    (folder / _SERVING_EXAMPLE).write_text(json.dumps({"dataframe_split": example}), encoding="utf-8")
