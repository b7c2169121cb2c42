"""The formats that a network can be written in: how each is written, and how it is shown to be right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from pybrain_runtime.convert.agreement import Agreement, compare, plan_answers
from pybrain_runtime.errors import KnowledgeError, MissingPackage
from pybrain_runtime.knowledge import Knowledge, load_knowledge
from pybrain_runtime.limits import DEFAULT_LIMITS

EXACT = 1e-12
"""The largest difference where both sides compute in float64."""

_BY_LIBRARY_ROWS = 32  # the library answers row by row
_READ_EVERYWHERE = 2
_KEPT_KINDS = ("FeedForwardNetwork", "RecurrentNetwork")


@dataclass(frozen=True)
class Target:
    """One format.

    Attributes:
        name: as it is asked for, which is also the ending of its files.
        summary: what it is, for people.
        write: makes the content of the file from the knowledge and the precision.
        check: compares the original with the file that was written: its path, its content, the precision.
        packages: what must be installed besides the runtime itself.
        extra: the package extra that brings them.
        precisions: what the file may compute with.
        resumes: whether a file can say where in a sequence the network was.
        keeps_kind: whether a network of a special class stays one.
        is_knowledge: whether the file can be read as knowledge again.
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

    def make_sure(self) -> None:
        """Raise MissingPackage where a package that it needs is not installed."""
        missing = [package for package in self.packages if find_spec(package) is None]
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            raise MissingPackage(
                f"Writing {self.name} needs {' and '.join(missing)}, which {verb} not installed here.",
                packages=tuple(missing),
                extra=self.extra,
            )

    def check_size(self, content: bytes) -> None:
        """Raise KnowledgeError where the file would be too large to be read as knowledge."""
        limit = DEFAULT_LIMITS.file_size
        if self.is_knowledge and len(content) > limit:
            raise KnowledgeError(
                f"As {self.name}, the network would take {len(content):,} bytes, more than the limit for a "
                f"knowledge file ({limit:,}).",
                hint="Convert to npz or onnx instead, which take the fewest.",
            )

    def notes(self, knowledge: Knowledge, content: bytes) -> list[str]:
        """Says what the file does not hold of the original."""
        network, notes = knowledge.network, []
        if knowledge.companions:
            beside = ", ".join(list(knowledge.companions)[:8])
            notes.append(f"what lay beside the network in the file is left behind: {beside}")
        if network.steps_done and not self.resumes:
            notes.append(
                f"it was saved after step {network.steps_done} of a sequence; what was written begins a new one"
            )
        if network.kind not in _KEPT_KINDS and not self.keeps_kind:
            plain = "RecurrentNetwork" if network.recurrent else "FeedForwardNetwork"
            notes.append(f"the {network.kind} becomes a {plain} of the same parts")
        if self.name == "pkl" and content[1] != _READ_EVERYWHERE:
            notes.append(
                f"it is of protocol {content[1]}, which Python 2 cannot read: with an older one it would be beyond "
                "the limit for a knowledge file"
            )
        return notes


def _pickle(knowledge: Knowledge, precision: str) -> bytes:
    from pybrain_runtime.convert.pickled import pickle_bytes

    return pickle_bytes(knowledge.network)


def _check_pickle(knowledge: Knowledge, path: str, content: bytes, precision: str) -> Agreement:
    from pybrain_runtime.convert.pickled import pybrain_answers

    if not knowledge.compiled.random:
        compare(
            knowledge.compiled,
            pybrain_answers(content),
            tolerance=EXACT,
            by="the library pybrain",
            rows=_BY_LIBRARY_ROWS,
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

    about = {
        "knowledge_sha256": knowledge.sha256,
        "network": knowledge.kind,
        "precision": precision,
        "scaling": "as the card says; not part of this file" if knowledge.card else "none",
    }
    content: bytes = onnx_model(knowledge.network, precision=precision, about=about).SerializeToString()
    return content


def _check_onnx(knowledge: Knowledge, path: str, content: bytes, precision: str) -> Agreement:
    from pybrain_runtime.convert.onnx_answers import TOLERANCES, onnx_answers, runtime_name

    return compare(
        knowledge.compiled,
        onnx_answers(content),
        tolerance=TOLERANCES[precision],
        by=runtime_name(),
        precision=precision,
    )


def _read_back(knowledge: Knowledge, path: str) -> Agreement:
    """Read the file as any other knowledge, and compares what its plan answers."""
    written = load_knowledge(path)
    return compare(
        knowledge.compiled, plan_answers(written.compiled), tolerance=EXACT, by="the file, read back"
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
"""By the name that is asked for."""
