"""An MLServer runtime that calls pybrain_runtime; its `model-settings.json` names this class and the network."""

from __future__ import annotations

from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse

from pybrain_runtime import load_knowledge


class Network(MLModel):
    """The network in the file that the settings name."""

    async def load(self) -> bool:
        """Load the network."""
        self.knowledge = load_knowledge(self.settings.parameters.uri)
        self.session = self.knowledge.session(threads=1)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Return outputs and labels."""
        outputs = self.session.activate(NumpyCodec.decode_input(payload.inputs[0]))
        labels = self.knowledge.classes(outputs)
        return InferenceResponse(
            model_name=self.name,
            outputs=[NumpyCodec.encode_output("output", outputs), StringCodec.encode_output("label", labels)],
        )
