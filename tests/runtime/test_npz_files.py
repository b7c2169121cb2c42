"""The npz format: any program with NumPy can read it, and untrusted files are checked."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pybrain_runtime import Limits, load_knowledge
from pybrain_runtime.convert import convert_file
from pybrain_runtime.errors import KnowledgeError

NETWORKS = Path(__file__).parents[1] / "fixtures" / "networks"
EDITED = Callable[[dict[str, Any]], object]


@pytest.fixture
def written_npz(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that converts a recorded network."""

    def write(name: str = "bn_4_8_2") -> Path:
        return Path(convert_file(NETWORKS / name / "net.p2.pkl", "npz", tmp_path / f"{name}.npz").path)

    return write


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=(1, 0))
    return file.getvalue()


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as writer:
        for name, content in members.items():
            writer.writestr(name, content)
    return file.getvalue()


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as reader:
        return {name: reader.read(name) for name in reader.namelist()}


def edited(path: Path, edit: EDITED) -> Path:
    """Return the same file with another description."""
    members = members_of(path)
    with np.load(path, allow_pickle=False) as arrays:
        described = json.loads(arrays["network"].item())
    edit(described)
    members["network.npy"] = npy(np.array(json.dumps(described)))
    path.write_bytes(archive(members))
    return path


def refusal(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(KnowledgeError) as refused:
        load_knowledge(path, **({"limits": limits} if limits else {}))
    return str(refused.value)


def test_the_network_can_be_computed_with_only_numpy(written_npz: Callable[[str], Path]) -> None:
    path = written_npz("bn_4_6_3_tanh_softmax")
    with np.load(path, allow_pickle=False) as arrays:
        network = json.loads(arrays["network"].item())["network"]
        by_name = {module["name"]: place for place, module in enumerate(network["modules"])}
        weights = {
            (connection["source"], connection["target"]): arrays[connection["parameters"]]
            for connection in network["connections"]
        }
    bias, first, hidden, last = (by_name[name] for name in ("bias", "in", "hidden0", "out"))
    assert weights[first, hidden].shape == (6, 4)
    rows = np.random.default_rng(0).normal(size=(10, 4))
    inner = np.tanh(rows @ weights[first, hidden].T + weights[bias, hidden].ravel())
    raised = np.exp(inner @ weights[hidden, last].T + weights[bias, last].ravel())
    np.testing.assert_allclose(
        raised / raised.sum(axis=1, keepdims=True), load_knowledge(path).compiled.run(rows), rtol=1e-12
    )


def test_the_file_holds_no_objects_and_no_python(written_npz: Callable[[str], Path]) -> None:
    members = members_of(written_npz("man_nested_ffn"))
    assert "network.npy" in members and all(name.endswith(".npy") for name in members)
    for content in members.values():
        header = content[10 : 10 + int.from_bytes(content[8:10], "little")]
        assert b"'<f8'" in header or b"'<U" in header


def test_all_information_survives_a_round_trip(written_npz: Callable[[str], Path]) -> None:
    for name in ("rnn_midsequence", "man_permutation", "man_mdlstm_unfolded_peep", "man_shared2"):
        before = load_knowledge(NETWORKS / name / "net.p2.pkl").network
        after = load_knowledge(written_npz(name)).network
        assert (after.name, after.kind, after.steps_done) == (before.name, before.kind, before.steps_done)
        assert [m.name for m in after.modules] == [m.name for m in before.modules]
        assert [c.name for c in after.all_connections()] == [c.name for c in before.all_connections()]
        assert [c.mother for c in after.all_connections()] == [c.mother for c in before.all_connections()]
        assert after.parameter_count == before.parameter_count
        for one, other in zip(before.modules, after.modules, strict=True):
            assert (one.memory is None) == (other.memory is None)


def test_a_gzip_compressed_npz_file_is_read(written_npz: Callable[[str], Path]) -> None:
    import gzip

    path = written_npz("bn_1_1")
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert load_knowledge(path).format == "npz"


def test_another_zip_archive_is_recognized(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    path.write_bytes(archive({"data.pkl": b"x"}))
    assert refusal(path).startswith("net.npz is a zip archive (PyTorch and Keras save such files)")


EDITS: dict[str, tuple[EDITED, str]] = {
    "another version": (lambda d: d.update(version=2), "has the format app07-network 2; expected app07-network 1"),
    "another format": (lambda d: d.update(format="x"), "has the format x 1; expected app07-network 1"),
    "no network": (lambda d: d.pop("network"), "its description.network is not an object"),
    "an unknown kind": (
        lambda d: d["network"]["modules"][0].update(kind="os.system"),
        "its description.network.modules[0] is of the kind os.system, which is not a supported module",
    ),
    "a layer as network": (
        lambda d: d["network"].update(kind="FullConnection"),
        "is of the kind FullConnection, which is not a supported network",
    ),
    "an abstract connection": (
        lambda d: d["network"]["connections"][0].update(kind="SharedConnection"),
        "is of the kind SharedConnection, which is not a supported connection",
    ),
    "a place beyond": (
        lambda d: d["network"]["connections"][0].update(source=9),
        "its description.network.connections[0] refers to module 9; there are 4",
    ),
    "a negative place": (lambda d: d["network"].update(inputs=[-1]), "has no valid inputs"),
    "a slice of three": (
        lambda d: d["network"]["connections"][0].update(in_slice=[0, 1, 2]),
        "has no valid in_slice",
    ),
    "a missing array": (
        lambda d: d["network"]["connections"][0].update(parameters="../etc/passwd"),
        "has no array '../etc/passwd', to which its description refers",
    ),
    "an array of the wrong size": (
        lambda d: d["network"]["connections"][0].update(
            parameters=d["network"]["connections"][-1]["parameters"]
        ),
        "numbers in _params; expected",
    ),
    "text for numbers": (
        lambda d: d["network"]["connections"][0].update(parameters="network"),
        "has _params that are not numbers",
    ),
    "a mother that is not there": (
        lambda d: d["network"]["connections"][0].update(mother="nobody"),
        "refers to a mother that its network does not have",
    ),
    "an option that is text": (
        lambda d: d["network"]["modules"][0].update(options={"dim": "__import__('os')"}),
        "has an option dim that is neither a number nor a switch",
    ),
    "modules that are no list": (
        lambda d: d["network"].update(modules={}),
        "has a member 'modules' that is not a list",
    ),
    "no modules": (lambda d: d["network"].update(modules=[], connections=[], inputs=[], outputs=[]), "has no modules"),
    "a loop": (
        lambda d: d["network"]["connections"].append(
            {**d["network"]["connections"][-1], "source": 2, "target": 2, "in_slice": [0, 8], "out_slice": [0, 8],
             "kind": "IdentityConnection", "parameters": None}
        ),
        "has a cycle of connections within a time step",
    ),
    "more steps than there are": (lambda d: d["network"].update(steps_done=True), "has no valid steps_done"),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "message"), EDITS.values(), ids=EDITS)
def test_a_description_that_does_not_fit_is_refused(
    edit: EDITED, message: str, written_npz: Callable[[str], Path]
) -> None:
    assert message in refusal(edited(written_npz("bn_4_8_2"), edit))


def test_the_nesting_of_networks_is_limited(written_npz: Callable[[str], Path]) -> None:
    def nest(described: dict[str, Any]) -> None:
        inner = described["network"]
        for _ in range(20):
            inner = {**inner, "modules": [{"name": "n", "kind": "x", "network": inner}]}
        described["network"] = inner

    assert "exceeds the limit of 16 nested networks" in refusal(edited(written_npz("bn_1_1"), nest))


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "1", '"network"'])
def test_a_description_that_is_not_an_object_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    path.write_bytes(archive({"network.npy": npy(np.array(text))}))
    assert "net.npz" in refusal(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not an array",
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '|O', ",
        npy(np.array([1 + 2j])),
        npy(np.array([(1, 2)], dtype=[("a", "<i4"), ("b", "<i4")])),
        npy(np.zeros(3))[:-8],
        npy(np.zeros(3)).replace(b"(3,)", b"(9,)"),
        npy(np.zeros(3)).replace(b"'<f8'", b"eval "),
        npy(np.zeros(3)).replace(b"\x93NUMPY\x01", b"\x93NUMPY\x03"),
    ],
)
def test_a_non_numeric_array_is_refused(content: bytes, written_npz: Callable[[str], Path]) -> None:
    path = written_npz("bn_4_8_2")
    members = members_of(path)
    members["connections.0.npy"] = content
    path.write_bytes(archive(members))
    assert "is a damaged npz file: " in refusal(path)


def test_infinite_parameters_are_refused(written_npz: Callable[[str], Path]) -> None:
    path = written_npz("bn_1_1")
    members = members_of(path)
    members["connections.0.npy"] = npy(np.array([[np.inf]]))
    path.write_bytes(archive(members))
    assert "has inf at index 0 of its _params; expected finite numbers" in refusal(path)


@pytest.mark.slow
def test_a_decompression_bomb_is_unpacked_only_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    path.write_bytes(archive({"network.npy": bytes(200 << 20)}, zipfile.ZIP_DEFLATED))
    assert path.stat().st_size < 1 << 20
    assert "exceeds the limit of 67,108,864 bytes after decompression" in refusal(path)


def test_a_false_member_size_is_refused(written_npz: Callable[[str], Path]) -> None:
    path = written_npz("bn_1_1")
    content = bytearray(path.read_bytes())
    directory = content.index(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = struct.pack("<I", 1)
    path.write_bytes(bytes(content))
    assert "is a damaged npz file: " in refusal(path)


def test_two_arrays_with_one_name_are_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as writer, pytest.warns(UserWarning, match="Duplicate name"):
        for _ in range(2):
            writer.writestr("network.npy", npy(np.array("{}")))
    path = tmp_path / "net.npz"
    path.write_bytes(file.getvalue())
    assert "has two arrays of the same name" in refusal(path)


@pytest.mark.slow
def test_truncated_and_modified_files_give_a_network_or_an_error(
    written_npz: Callable[[str], Path],
) -> None:
    path = written_npz("bn_1_1")
    whole = path.read_bytes()
    random = np.random.default_rng(4)
    changed = [whole[:end] for end in range(4, len(whole), 7)]
    for place in random.integers(4, len(whole), 300):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(random.integers(8))
        changed.append(bytes(flipped))
    for content in changed:
        path.write_bytes(content)
        try:
            load_knowledge(path)
        except KnowledgeError:
            continue
