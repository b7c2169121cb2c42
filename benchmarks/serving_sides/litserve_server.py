"""A LitServe server that calls pybrain_runtime.

KNOWLEDGE=FILE python litserve_server.py PORT
"""

from __future__ import annotations

import os
import sys
from typing import Any

import litserve
import numpy as np

from pybrain_runtime import load_knowledge


class Network(litserve.LitAPI):
    """The network in the file that KNOWLEDGE names."""

    def setup(self, device: str) -> None:
        """Load the network in the worker."""
        self.knowledge = load_knowledge(os.environ["KNOWLEDGE"])
        self.session = self.knowledge.session(threads=1)

    # LitServe makes the parameters of its route from the annotations here; without one, the request is parsed JSON.
    def decode_request(self, request):
        """Return the rows."""
        return np.array(request["instances"], dtype=np.float64)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the outputs."""
        return self.session.activate(x)

    def encode_response(self, output: np.ndarray) -> dict[str, Any]:
        """Return outputs and labels."""
        return {"predictions": output.tolist(), "labels": self.knowledge.classes(output)}


if __name__ == "__main__":
    server = litserve.LitServer(Network(), accelerator="cpu", workers_per_device=1, fast_queue=True)
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[1]),
        num_api_servers=1,
        log_level="warning",
        access_log=False,
        generate_client_file=False,
    )
