"""A conversion writes a complete file with its card, or changes nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pybrain_runtime import load_knowledge
from pybrain_runtime.convert import convert_file, output_path
from pybrain_runtime.errors import (
    CannotWrite,
    InputMissing,
    KnowledgeError,
    OutputExists,
    UnsafeKnowledge,
    UsageError,
)
from pybrain_runtime.io.atomic_file import AtomicFile
from pybrain_runtime.io.atomic_group import commit_together


@pytest.fixture
def knowledge(iris: Path, tmp_path: Path) -> Path:
    """Return the default network with its card, in a separate folder."""
    for name in ("currentSolution.pkl", "currentSolution.card.json"):
        shutil.copy(iris / name, tmp_path / name)
    return tmp_path / "currentSolution.pkl"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_by_default_the_new_file_is_written_beside_the_original(knowledge: Path) -> None:
    done = convert_file(knowledge, "xml")
    assert done.path == str(knowledge.with_suffix(".xml"))
    assert names(knowledge.parent) == {
        "currentSolution.pkl", "currentSolution.card.json", "currentSolution.xml"
    }  # fmt: skip
    assert load_knowledge(done.path).card is not None


@pytest.mark.parametrize("name", ["net.pkl", "net.pkl.gz", "net", "net.xml.bz2"])
def test_the_suffix_of_a_compressed_file_is_replaced(name: str) -> None:
    assert output_path(f"folder.d/{name}", "npz") == "folder.d/net.npz"


def test_the_card_is_copied_with_the_new_name(knowledge: Path, tmp_path: Path) -> None:
    goal = tmp_path / "out" / "flower.npz"
    goal.parent.mkdir()
    done = convert_file(knowledge, "npz", goal)
    assert done.card == str(goal.parent / "flower.card.json")
    original = knowledge.with_name("currentSolution.card.json")
    assert Path(done.card).read_bytes() == original.read_bytes()
    rows = [[5.9, 3.0, 5.1, 1.8]]
    assert load_knowledge(goal).activate(rows).tolist() == load_knowledge(knowledge).activate(rows).tolist()


def test_a_card_from_another_folder_is_copied(course: Path, iris: Path, tmp_path: Path) -> None:
    shutil.copy(iris / "currentSolution.pkl", tmp_path / "net.pkl")
    done = convert_file(
        tmp_path / "net.pkl", "npz", tmp_path / "b.npz", card=iris / "currentSolution.card.json"
    )
    assert names(tmp_path) == {"net.pkl", "b.npz", "b.card.json"}
    assert done.card == str(tmp_path / "b.card.json")


def test_an_existing_file_is_kept_without_force(knowledge: Path) -> None:
    goal = knowledge.with_suffix(".xml")
    goal.write_text("mine", encoding="utf-8")
    with pytest.raises(CannotWrite) as refused:
        convert_file(knowledge, "xml")
    assert str(refused.value) == f"{goal} already exists, and is not overwritten."
    assert isinstance(refused.value, OutputExists) and refused.value.can_force
    assert goal.read_text(encoding="utf-8") == "mine"
    convert_file(knowledge, "xml", force=True)
    assert load_knowledge(goal).format == "xml"


def test_a_broken_link_counts_as_an_existing_file(knowledge: Path) -> None:
    knowledge.with_suffix(".xml").symlink_to("nowhere")
    with pytest.raises(CannotWrite, match="already exists"):
        convert_file(knowledge, "xml")


@pytest.mark.parametrize("force", [False, True])
def test_a_network_never_overwrites_itself(force: bool, knowledge: Path, tmp_path: Path) -> None:
    # What lay beside it in the file, and its class where that is a special one, would be lost.
    content = knowledge.read_bytes()
    other_name = tmp_path / "hard.pkl"
    os.link(knowledge, other_name)
    before = names(tmp_path)
    for goal in (None, tmp_path / ".." / tmp_path.name / knowledge.name, other_name):
        with pytest.raises(UsageError) as refused:
            convert_file(knowledge, "pkl", goal, force=force)
        assert str(refused.value) == f"{goal or knowledge} would overwrite {knowledge}, which is an input."
    assert knowledge.read_bytes() == content and names(tmp_path) == before


def test_no_converted_file_has_the_name_of_a_card(knowledge: Path, tmp_path: Path) -> None:
    for name in ("other.card.json", "other.Card.JSON"):
        with pytest.raises(UsageError, match="the name is reserved for model cards"):
            convert_file(knowledge, "npz", tmp_path / name, force=True)
        assert not (tmp_path / name).exists()


def test_an_input_card_is_not_overwritten(knowledge: Path, tmp_path: Path) -> None:
    card = knowledge.with_name("currentSolution.card.json").rename(tmp_path / "mine.json")
    content = card.read_bytes()
    with pytest.raises(UsageError, match=r"mine\.json would overwrite .*mine\.json, which is an input"):
        convert_file(knowledge, "npz", card, card=card, force=True)
    assert card.read_bytes() == content


def test_if_one_file_cannot_be_committed_the_old_files_are_kept(knowledge: Path, tmp_path: Path) -> None:
    old = {"net.npz": b"old network", "net.card.json": b"old card"}
    for name, content in old.items():
        (tmp_path / name).write_bytes(content)
    files = [AtomicFile(str(tmp_path / name)) for name in ("net.card.json", "net.npz")]
    for file in files:
        file.write(b"new")
        file.finish()
    Path(files[1].temporary).unlink()  # so that it cannot get its name
    before = names(tmp_path)
    with pytest.raises(CannotWrite, match=r"net\.npz cannot be written: no such file"):
        commit_together(files)
    assert names(tmp_path) == before - {Path(files[0].temporary).name}
    assert {name: (tmp_path / name).read_bytes() for name in old} == old


def test_an_unrelated_card_beside_the_new_file_is_an_error(course: Path, tmp_path: Path) -> None:
    (tmp_path / "net.card.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CannotWrite) as refused:
        convert_file(course / "currentSolution.pkl", "npz", tmp_path / "net.npz", force=True)
    assert str(refused.value) == (
        f"{tmp_path / 'net.card.json'} would be used as the model card of the new file, but the original "
        "has no card.\n  Remove that card."
    )
    assert names(tmp_path) == {"net.card.json"}


def test_another_card_is_replaced_only_with_force(knowledge: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "net.card.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CannotWrite, match="already exists with other content"):
        convert_file(knowledge, "npz", folder / "net.npz")
    assert names(folder) == {"net.card.json"}
    convert_file(knowledge, "npz", folder / "net.npz", force=True)
    assert load_knowledge(folder / "net.npz").card is not None


def test_a_refused_file_writes_nothing(tmp_path: Path) -> None:
    hostile = tmp_path / "net.pkl"
    hostile.write_bytes(b"cos\nsystem\n(S'touch here'\ntR.")
    with pytest.raises(UnsafeKnowledge, match=r"refers to os\.system"):
        convert_file(hostile, "xml")
    assert names(tmp_path) == {"net.pkl"}


def test_a_missing_source_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="was not found"):
        convert_file(tmp_path / "net.pkl", "xml")
    assert names(tmp_path) == set()


def test_a_pinned_hash_must_match_the_file(knowledge: Path) -> None:
    with pytest.raises(KnowledgeError, match="does not have the expected SHA-256"):
        convert_file(knowledge, "xml", sha256="0" * 64)
    assert not knowledge.with_suffix(".xml").exists()


def test_an_unknown_format_is_refused_and_known_formats_are_listed(knowledge: Path) -> None:
    with pytest.raises(UsageError, match=r"^Unknown format 'h5'; expected one of pkl, xml, onnx, npz\.$"):
        convert_file(knowledge, "h5")


def test_a_missing_target_folder_is_reported(knowledge: Path, tmp_path: Path) -> None:
    goal = tmp_path / "missing" / "net.xml"
    with pytest.raises(CannotWrite) as failed:
        convert_file(knowledge, "xml", goal)
    assert str(failed.value) == (
        f"{goal} cannot be written: no such file or directory.\n  Create the folder."
    )


def test_a_target_folder_without_write_permission_is_reported(
    knowledge: Path, tmp_path: Path, ordinary_user: Callable[[], AbstractContextManager[None]]
) -> None:
    knowledge.parent.chmod(0o555)
    for parent in (tmp_path, *tmp_path.parents[:3]):  # with several test processes there is one folder more
        parent.chmod(parent.stat().st_mode | 0o555)
    with ordinary_user(), pytest.raises(CannotWrite, match="cannot be written: permission denied"):
        convert_file(knowledge, "xml")
    knowledge.parent.chmod(0o755)
    assert names(knowledge.parent) == {"currentSolution.pkl", "currentSolution.card.json"}
