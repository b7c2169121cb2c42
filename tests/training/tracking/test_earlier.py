"""What a server does not have yet is kept when a new training replaces the results."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pybrain_runtime.errors import InputMissing
from tests.training.runs import IRIS, Recorder, created
from tests.training.search.searches import tuned
from training.tracking.delivery_state import Sent, read_sent, write_sent
from training.tracking.nested_runs import children_of
from training.tracking.record_file import read_record, read_result
from training.tracking.unsent_runs import expect, keep_unsent, remove_sent

URI = "http://127.0.0.1:9"


def test_record_and_results_of_an_unsent_run_are_kept(tmp_path: Path) -> None:
    created(IRIS, tmp_path, epochs=2)
    key = read_record(tmp_path / "tracking" / "record.jsonl").key
    expect(tmp_path, URI, key)
    before = (tmp_path / "currentSolution.pkl").read_bytes()
    created(IRIS, tmp_path, epochs=3, seed=5)
    kept = tmp_path / "tracking" / "earlier" / key
    assert read_record(kept / "tracking" / "record.jsonl").key == key
    assert (
        (kept / "currentSolution.pkl").read_bytes()
        == before
        != (tmp_path / "currentSolution.pkl").read_bytes()
    )
    remove_sent(kept)
    assert not kept.parent.exists()


def test_a_file_replaced_by_a_later_run_is_not_sent_for_the_earlier_one(tmp_path: Path) -> None:
    created(IRIS, tmp_path, epochs=2)
    record = tmp_path / "tracking" / "record.jsonl"
    key = read_record(record).key
    expect(tmp_path, URI, key)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "tracking" / "earlier").symlink_to(elsewhere)
    recorder = Recorder()
    created(IRIS, tmp_path, recorder, epochs=3, seed=5)
    assert (
        "earlier is a symbolic link, and links are not followed. This training run is no longer recorded"
        in recorder.notes[0]
    )
    found = read_record(record)
    assert found.key == key  # still the record of the first run
    for name in ("currentSolution.pkl", "currentSolution.card.json", "metrics.json", "history.csv"):
        with pytest.raises(InputMissing, match="a later run has replaced it"):
            read_result(tmp_path, found, name)
    assert list(elsewhere.iterdir()) == []


def test_trials_of_an_unsent_search_are_kept_with_it(tmp_path: Path) -> None:
    tuned(tmp_path, "hidden=2|3", trials=4, epochs=2)
    key = read_record(tmp_path / "tracking" / "record.jsonl").key
    expect(tmp_path, URI, key)
    before = [read_record(child / "tracking" / "record.jsonl").key for child in children_of(tmp_path)]
    tuned(tmp_path, "hidden=2|4", trials=4, epochs=2)
    kept = tmp_path / "tracking" / "earlier" / key
    found = children_of(kept)
    assert [read_record(child / "tracking" / "record.jsonl").key for child in found] == before
    assert len(children_of(tmp_path)) == 4
    remove_sent(kept)
    assert not kept.parent.exists()


def test_trials_are_kept_when_the_search_itself_was_sent_before_them(tmp_path: Path) -> None:
    tuned(tmp_path, "hidden=2|3", trials=4, epochs=2)
    key = read_record(tmp_path / "tracking" / "record.jsonl").key
    write_sent(tmp_path / "tracking" / "sent.json", URI, Sent(key, run_id="1", complete=True))
    children = children_of(tmp_path)
    for child in children[1:]:
        number = read_record(child / "tracking" / "record.jsonl").key
        write_sent(child / "tracking" / "sent.json", URI, Sent(number, run_id="2", complete=True))
    created(IRIS, tmp_path, epochs=2)
    assert len(children_of(tmp_path / "tracking" / "earlier" / key)) == 4
    assert not (tmp_path / "trials").exists()


def test_only_kept_files_of_an_earlier_run_are_removed(tmp_path: Path) -> None:
    created(IRIS, tmp_path, epochs=2)
    key = read_record(tmp_path / "tracking" / "record.jsonl").key
    expect(tmp_path, URI, key)
    kept = keep_unsent(tmp_path)
    assert kept is not None
    (kept / "thesis.txt").write_text("precious")
    other = kept.with_name("mine")
    shutil.copytree(kept, other)
    linked = tmp_path / "other" / "tracking" / "earlier" / key
    linked.parent.mkdir(parents=True)
    linked.symlink_to(other)
    before = sorted(other.rglob("*"))
    remove_sent(other)  # its name is not the key of its record
    remove_sent(linked)
    assert sorted(other.rglob("*")) == before
    remove_sent(kept)
    assert list(kept.rglob("*")) == [kept / "thesis.txt"]


def test_nothing_is_kept_of_a_run_that_was_sent_or_will_not_be_sent(tmp_path: Path) -> None:
    created(IRIS, tmp_path, epochs=2)
    assert keep_unsent(tmp_path) is None
    key = read_record(tmp_path / "tracking" / "record.jsonl").key
    write_sent(tmp_path / "tracking" / "sent.json", URI, Sent(key, run_id="1", complete=True))
    assert keep_unsent(tmp_path) is None
    assert (tmp_path / "tracking" / "record.jsonl").is_file()


def test_results_of_a_training_run_are_not_removed(tmp_path: Path) -> None:
    created(IRIS, tmp_path, epochs=2)
    remove_sent(tmp_path)
    assert (tmp_path / "currentSolution.pkl").is_file()


def test_a_damaged_state_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "sent.json"
    for content in (
        "{",
        "[]",
        '{"servers": {"u": {"key": "k", "points": "x"}}}',
        '{"servers": {"u": 3}}',
        "[" * 9000,
    ):
        path.write_text(content)
        assert read_sent(path, "u", "k") == Sent("k")
    write_sent(path, "u", Sent("k", points=3))
    write_sent(path, "v", Sent("k", points=4))
    assert (read_sent(path, "u", "k").points, read_sent(path, "v", "k").points) == (3, 4)
    assert read_sent(path, "u", "another run") == Sent("another run")
