"""The formats in which a network can be written: how each is written, and how the result is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from pybrain_runtime.convert.agreement import Agreement, compare, compiled_predict
from pybrain_runtime.errors import KnowledgeError, MissingPackage
from pybrain_runtime.knowledge import Knowledge, load_knowledge
from pybrain_runtime.limits import DEFAULT_LIMITS

EXACT = 1e-12
"""The largest difference that is accepted in float64."""

_LIBRARY_ROWS = 32  # the library computes row by row
_PYTHON_2_PROTOCOL = 2
_PLAIN_KINDS = ("FeedForwardNetwork", "RecurrentNetwork")


@dataclass(frozen=True)
class Target:
    """A file format for networks.

    Attributes:
        name: short name, also the extension of its files.
        summary: short description for help texts.
        write: returns the content of the file, from the knowledge and the precision.
        check: compares the outputs of the original with those of the new file, from its path, content and precision.
        packages: the packages that the format needs.
        extra: the extra of this project that installs them.
        precisions: the supported dtypes.
        resumes: whether the format stores the recurrent state of a network saved in the middle of a sequence.
        keeps_kind: whether the class of a network, such as ``BidirectionalNetwork``, is kept.
        is_knowledge: whether the file can be read as knowledge.
    """

    name: str
    summary: str
    write: Callable[[Knowledge, str], bytes]
    check: Callable[[Knowledge, str, bytes, str], Agreement]
    packages: tuple[str, ...] = ()
    extra: str = ""
    precisions: tuple[str, ...] = ("float64",)
    resumes: bool = True
    keeps_kind: bool = False
    is_knowledge: bool = True

    def check_packages(self) -> None:
        """Check that the packages that the format needs are installed.

        Raises:
            MissingPackage: a package is not installed.
        """
        missing = [package for package in self.packages if find_spec(package) is None]
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            raise MissingPackage(
                f"Writing {self.name} needs {' and '.join(missing)}, which {verb} not installed.",
                packages=tuple(missing),
                extra=self.extra,
            )

    def check_size(self, content: bytes) -> None:
        """Check that the file can be read as knowledge again.

        Raises:
            KnowledgeError: the content is larger than the limit for a knowledge file.
        """
        limit = DEFAULT_LIMITS.file_size
        if self.is_knowledge and len(content) > limit:
            raise KnowledgeError(
                f"The network takes {len(content):,} bytes as {self.name}; the limit for a knowledge file is "
                f"{limit:,} bytes.",
                hint="Convert to npz or onnx instead, which take fewer bytes.",
            )

    def notes(self, knowledge: Knowledge, content: bytes) -> list[str]:
        """Return sentences about content of the original that the new file does not have.

        Args:
            knowledge: the original.
            content: the content of the new file.
        """
        network, notes = knowledge.network, []
        if knowledge.companions:
            names = ", ".join(list(knowledge.companions)[:8])
            notes.append(f"other values in the file are not converted: {names}")
        if network.differing:
            notes.append(network.differing)
        if network.steps_done and not self.resumes:
            notes.append(
                f"the network was saved after step {network.steps_done} of a sequence; "
                "the new file starts a new sequence"
            )
        if network.kind not in _PLAIN_KINDS and not self.keeps_kind:
            plain = "RecurrentNetwork" if network.recurrent else "FeedForwardNetwork"
            notes.append(f"the {network.kind} becomes a {plain} with the same layers and connections")
        if self.name == "pkl" and content[1] != _PYTHON_2_PROTOCOL:
            notes.append(
                f"pickle protocol {content[1]} is used, which Python 2 cannot read: with protocol 2 the file would be "
                "larger than the limit for a knowledge file"
            )
        return notes


def _pickle(knowledge: Knowledge, precision: str) -> bytes:
    from pybrain_runtime.convert.pickled import pickle_bytes

    return pickle_bytes(knowledge.network)


def _check_pickle(knowledge: Knowledge, path: str, content: bytes, precision: str) -> Agreement:
    from pybrain_runtime.convert.pickled import pybrain_predict

    if not knowledge.compiled.random:
        compare(
            knowledge.compiled,
            pybrain_predict(content),
            tolerance=EXACT,
            by="the library pybrain",
            rows=_LIBRARY_ROWS,
        )
    return _read_back(knowledge, path)


def _xml(knowledge: Knowledge, precision: str) -> bytes:
    from pybrain_runtime.convert.xml import xml_bytes

    return xml_bytes(knowledge.network)


def _npz(knowledge: Knowledge, precision: str) -> bytes:
    from pybrain_runtime.convert.npz import npz_bytes

    return npz_bytes(knowledge.network)


def _check_read_back(knowledge: Knowledge, path: str, content: bytes, precision: str) -> Agreement:
    return _read_back(knowledge, path)


def _onnx(knowledge: Knowledge, precision: str) -> bytes:
    from pybrain_runtime.convert.onnx_model import onnx_model

    metadata = {
        "knowledge_sha256": knowledge.sha256,
        "network": knowledge.kind,
        "precision": precision,
        "scaling": "as the card says; not part of this file" if knowledge.card else "none",
    }
    content: bytes = onnx_model(knowledge.network, precision=precision, metadata=metadata).SerializeToString()
    return content


def _check_onnx(knowledge: Knowledge, path: str, content: bytes, precision: str) -> Agreement:
    from pybrain_runtime.convert.onnx_inference import TOLERANCES, onnx_predict, runtime_name

    return compare(
        knowledge.compiled,
        onnx_predict(content),
        tolerance=TOLERANCES[precision],
        by=runtime_name(),
        precision=precision,
    )


def _read_back(knowledge: Knowledge, path: str) -> Agreement:
    """Read the new file as knowledge, and compare its outputs."""
    written = load_knowledge(path)
    return compare(
        knowledge.compiled, compiled_predict(written.compiled), tolerance=EXACT, by="the file, read back"
    )


TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target("pkl", "a pickle that PyBrain itself loads", _pickle, _check_pickle),
        Target("xml", "the XML of PyBrain's NetworkWriter", _xml, _check_read_back, resumes=False),
        Target(
            "onnx",
            "a model for onnxruntime and other programs",
            _onnx,
            _check_onnx,
            packages=("onnx", "onnxruntime"),
            extra="onnx",
            precisions=("float64", "float32"),
            resumes=False,
            keeps_kind=True,
            is_knowledge=False,
        ),
        Target(
            "npz",
            "plain arrays and a JSON description, for any program with NumPy",
            _npz,
            _check_read_back,
            keeps_kind=True,
        ),
    )
}
"""The formats by name."""
