"""A BentoML service that calls pybrain_runtime: `bentoml serve bentoml_service:Network`."""

from __future__ import annotations

import os
from typing import Any

import bentoml
import numpy as np

from pybrain_runtime import load_knowledge


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Network:
    """The network in the file that KNOWLEDGE names."""

    def __init__(self) -> None:
        self.knowledge = load_knowledge(os.environ["KNOWLEDGE"])
        self.session = self.knowledge.session(threads=1)

    # Asynchronous: computing a row takes less time than handing it to a thread.
    @bentoml.api
    async def predict(self, instances: list[list[float]]) -> dict[str, Any]:
        """Return outputs and labels."""
        outputs = self.session.activate(np.array(instances))
        return {"predictions": outputs.tolist(), "labels": self.knowledge.classes(outputs)}
