"""Sessions: sequences that arrive in several requests."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pybrain_runtime.errors import UsageError
from serving.errors import SessionBusy, SessionStep, TooManySessions, UnknownSession
from serving.models.served_files import ModelFile, signature_of
from serving.models.served_model import ServedModel, load_model
from serving.sessions.call import continued
from serving.sessions.folder import session_folder
from serving.sessions.store import SessionStore
from serving.settings import SessionSettings
from tests.serving.servers import LIMITED, Server, knowledge_of, limited, recorded

RECURRENT = [name for name in recorded() if name.startswith("rnn_")]
LSTM = "rnn_bn_lstm_nobias"


def sequence(indim: int, steps: int = 9) -> list[list[float]]:
    return np.random.RandomState(3).randn(steps, indim).tolist()


def opened(server: Server, model: str) -> str:
    answer = server.ask("POST", "/sessions", {"model": model})
    assert answer.status == 201
    assert answer.headers["location"] == f"/sessions/{answer.json['session']}"
    return str(answer.json["session"])


def call(server: Server, session: str, instances: object, **others: object) -> Any:
    answer = server.ask("POST", f"/sessions/{session}/predict", {"instances": instances, **others})
    return answer.json if answer.status == 200 else (answer.status, answer.json["code"])


def recurrent_model(folder: Path, name: str = LSTM, *, card: bool = False) -> ServedModel:
    path = folder / "net.pkl"
    shutil.copy(recorded()[name], path)
    if card:
        outputs = [{"name": "y", "scale": 3.1}, {"name": "z"}]
        content = {"inputs": [{"name": "x", "mean": 0.3, "scale": 1.7}], "outputs": outputs}
        path.with_suffix(".card.json").write_text(json.dumps(content), encoding="utf-8")
    return load_model(ModelFile(path, "net", 1, signature_of(path)))


def store_in(folder: Path, **settings: Any) -> SessionStore:
    folder.mkdir(mode=0o700, exist_ok=True)
    return SessionStore(SessionSettings(folder, **settings))


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("name", RECURRENT)
def test_the_calls_of_a_session_are_bit_identical_to_one_sequence(
    server: Server, name: str, precision: str
) -> None:
    rows = sequence(knowledge_of(name).indim)
    session = opened(server, name)
    outputs = []
    for start, stop in ((0, 1), (1, 2), (2, 6), (6, 9)):
        answer = call(server, session, rows[start:stop], precision=precision)
        assert answer["steps"] == stop
        outputs += answer["predictions"]
    assert outputs == server.predict(rows, model=name, precision=precision).json["predictions"]
    if precision == "float64":
        assert outputs == knowledge_of(name).activate(np.array(rows)).tolist()


def test_a_session_is_described_until_it_is_ended(server: Server) -> None:
    session = opened(server, LSTM)
    call(server, session, [[0.5], [0.25]])
    described = server.get(f"/sessions/{session}").json
    assert (described["steps"], described["model"]["name"]) == (2, LSTM)
    assert 890 <= described["expires_in"] <= 900
    assert server.ask("DELETE", f"/sessions/{session}").status == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/predict")):
        answer = server.ask(method, f"/sessions/{session}{path}", {} if method == "POST" else None)
        assert (answer.status, answer.json["code"]) == (404, "unknown_session")


def test_a_call_repeated_with_its_step_has_the_same_response_and_no_effect(server: Server) -> None:
    rows = sequence(1)
    session = opened(server, LSTM)
    call(server, session, rows[:2], step=0)
    first = call(server, session, rows[2:5], step=2)
    assert call(server, session, rows[2:5], step=2) == first
    assert call(server, session, rows[2:4], step=2) == (409, "session_step")
    assert call(server, session, rows[:2], step=0) == (409, "session_step")
    answer = server.ask("POST", f"/sessions/{session}/predict", {"instances": rows[5:], "step": 4})
    assert (answer.status, answer.json["steps"], answer.json["error"]) == (
        409,
        5,
        "The session is at step 5.",
    )
    rest = call(server, session, rows[5:], step=5)["predictions"]
    assert first["predictions"] + rest == knowledge_of(LSTM).activate(np.array(rows)).tolist()[2:]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"instances": [[None]]}, "instances[0][0] is null; expected a finite number."),
        ({"instances": [[1, 2]]}, "instances[0] has 2 values; the network takes 1."),
        ({"instances": []}, "There are no instances; expected at least one."),
        ({"instances": [[1]], "model": "iris"}, "The body has an unknown key 'model'; expected one of "),
        ({"instances": [[1]], "step": -1}, "The body is not valid: Expected `int` >= 0 - at `$.step`."),
        ({"instances": [[1]], "precision": "float32"}, "precision is float32, but the first call of this session"),
    ],
)  # fmt: skip
def test_a_refused_call_does_not_change_the_state(
    server: Server, body: dict[str, object], message: str
) -> None:
    session = opened(server, LSTM)
    call(server, session, [[0.5]])
    answer = server.ask("POST", f"/sessions/{session}/predict", body)
    assert (answer.status, answer.json["error"][: len(message)]) == (422, message)
    expected = knowledge_of(LSTM).activate([[0.5], [0.7]]).tolist()[1:]
    assert call(server, session, [[0.7]])["predictions"] == expected


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 409, "iris is a feed-forward network, whose rows are independent; use /predict."),
        ("", 409, "iris is a feed-forward network, whose rows are independent; use /predict."),
        ({"model": "none"}, 404, "There is no model 'none'. Available models: "),
        ({"model": LSTM, "version": 7}, 404, f"The model {LSTM} has no version '7'. Available versions: 1."),
        ({"modell": LSTM}, 422, "The body is not valid: Object contains unknown field `modell`."),
        ('{"model": ', 400, "The body is not JSON: "),
        ("[]", 422, "The body is not valid: Expected `object`, got `array`."),
    ],
)
def test_a_session_that_cannot_be_created_is_refused(
    server: Server, body: object, status: int, message: str
) -> None:
    answer = server.ask("POST", "/sessions", body)
    assert (answer.status, answer.json["error"][: len(message)]) == (status, message)


@pytest.mark.parametrize(
    "name", ["x", "..", "%2e%2e%2f", "0" * 16 + "-" + "a" * 32, "a" * 9000, "0" * 15 + "é-" + "a" * 32]
)
def test_an_id_that_was_never_issued_is_unknown(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownSession), store_in(tmp_path / "kept").opened(name, alone=True):
        pass


def test_overlapping_calls_are_refused_and_none_is_lost(server: Server) -> None:
    session = opened(server, LSTM)
    rows = sequence(1, 2000)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: call(server, session, rows), range(16)))
    done = [answer for answer in answers if isinstance(answer, dict)]
    assert all(answer == (409, "session_busy") for answer in answers if not isinstance(answer, dict))
    assert sorted(answer["steps"] for answer in done) == [2000 * (n + 1) for n in range(len(done))]


@pytest.mark.slow
def test_a_session_keeps_its_model_when_the_file_is_replaced_and_workers_die(tmp_path: Path) -> None:
    path = tmp_path / "net.pkl"
    shutil.copy(recorded()[LSTM], path)
    rows = sequence(1)
    expected = knowledge_of(LSTM).activate(np.array(rows)).tolist()
    with limited(path, tmp_path / "log", workers=2) as server:
        session = opened(server, "net")
        outputs = call(server, session, rows[:3])["predictions"]
        shutil.copy(recorded()["bn_1_1"], path)
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        for worker in children.read_text("utf-8").split():
            os.kill(int(worker), signal.SIGKILL)
        for row in rows[3:]:
            outputs += call(server, session, [row])["predictions"]
        assert outputs == expected
        assert server.predict(rows).json["predictions"] != expected
        assert server.stop() == 0


def test_the_scaling_of_the_card_applies_to_each_call(tmp_path: Path) -> None:
    model, store = recurrent_model(tmp_path, card=True), store_in(tmp_path / "kept")
    rows = np.array(sequence(1))
    name = store.create(model, sum(map(len, model.session().recurrent_state)))
    outputs = []
    for part in np.split(rows, 3):
        with store.opened(name, alone=True) as file:
            done = continued(file, model, part)
            file.write(done.state)
            outputs += done.outputs.tolist()
    assert outputs == model.activate(rows).tolist()


def test_servers_that_share_a_folder_serve_the_same_sessions(tmp_path: Path) -> None:
    model = recurrent_model(tmp_path)
    name = store_in(tmp_path / "kept").create(model, sum(map(len, model.session().recurrent_state)))
    for steps in range(3):
        with store_in(tmp_path / "kept").opened(name, alone=True) as file:
            assert file.current.steps == steps
            file.write(continued(file, model, np.zeros((1, 1))).state)


def test_sessions_expire_when_they_are_idle_and_after_their_life(tmp_path: Path) -> None:
    model, store = recurrent_model(tmp_path), store_in(tmp_path / "kept", idle_seconds=60, life_seconds=1000)
    name = store.create(model, 4)
    with store.opened(name, alone=True) as file:
        assert 59 < store.remaining(file) <= 60
    (path,) = (each for each in (tmp_path / "kept").glob("*/*") if each.is_file())
    os.utime(path, (1, path.stat().st_mtime - 61))
    with pytest.raises(UnknownSession), store.opened(name, alone=True):
        pass
    store.create(model, 4)
    assert not path.exists()
    short = store_in(tmp_path / "kept", life_seconds=-1)
    with pytest.raises(UnknownSession), short.opened(short.create(model, 4), alone=True):
        pass


def test_number_and_memory_of_sessions_are_limited(tmp_path: Path) -> None:
    model, store = recurrent_model(tmp_path), store_in(tmp_path / "kept", most=2)
    first, _ = store.create(model, 4), store.create(model, 4)
    with pytest.raises(TooManySessions, match=r"has reached its limit on sessions \(2 sessions\)"):
        store.create(model, 4)
    store.remove(first)
    store.create(model, 4)
    small = store_in(tmp_path / "small", bytes=2000 + 2 * recorded()[LSTM].stat().st_size)
    small.create(model, 4)
    with pytest.raises(TooManySessions, match="memory"):
        for _ in range(20):
            small.create(model, 4)


def test_one_client_cannot_take_all_sessions(tmp_path: Path) -> None:
    model, store = recurrent_model(tmp_path), store_in(tmp_path / "kept", most=20)
    for _ in range(18):
        store.create(model, 4, "key a")
    with pytest.raises(
        TooManySessions, match="This client has 18 sessions, and the remaining space is reserved for others"
    ):
        store.create(model, 4, "key a")
    first = store.create(model, 4, "key b")
    store.create(model, 4, "key b")
    with pytest.raises(TooManySessions, match=r"\(20 sessions\)"):
        store.create(model, 4, "key c")
    store.remove(first)
    store.create(model, 4, "key c")


def test_one_client_cannot_take_the_memory_of_all_sessions(tmp_path: Path) -> None:
    model = recurrent_model(tmp_path)
    size = recorded()[LSTM].stat().st_size
    store = store_in(tmp_path / "kept", bytes=100_000 + 2 * size)
    with pytest.raises(TooManySessions, match=r"This client has \d+ sessions"):
        for _ in range(200):
            store.create(model, 100, "address 10.0.0.1")
    store.create(model, 100, "address 10.0.0.2")


@pytest.mark.slow
def test_the_address_of_a_client_identifies_the_owner_of_a_session(tmp_path: Path) -> None:
    program = LIMITED.format(limits="", workers=1).replace(
        "limits=", "sessions=SessionSettings(most=10), limits="
    )
    program = program.replace("import RequestLimits", "import SessionSettings, RequestLimits")

    def create(address: str) -> int:
        client = HTTPConnection("127.0.0.1", server.port, timeout=20, source_address=(address, 0))
        with closing(client) as connection:
            connection.request("POST", "/sessions", "{}", {"content-type": "application/json"})
            return connection.getresponse().status

    with Server(["-c", program, recorded()[LSTM]], tmp_path / "log") as server:
        assert [create("127.0.0.1") for _ in range(10)] == [201] * 9 + [503]
        assert create("127.0.0.2") == 201


def test_a_model_that_no_session_uses_is_removed(tmp_path: Path) -> None:
    store = store_in(tmp_path / "kept")
    store.remove(store.create(recurrent_model(tmp_path), 4))
    store.create(recurrent_model(tmp_path, "rnn_tutorial"), 4)
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_a_session_with_a_call_in_progress_is_not_removed(tmp_path: Path) -> None:
    model, store = recurrent_model(tmp_path), store_in(tmp_path / "kept")
    name = store.create(model, sum(map(len, model.session().recurrent_state)))
    with store.opened(name, alone=True) as file:
        with pytest.raises(SessionBusy):
            store.remove(name)
        with store.opened(name, alone=False) as other:
            assert other.current.steps == 0
        file.write(continued(file, model, np.zeros((3, 1))).state)
    with store.opened(name, alone=True) as file, pytest.raises(SessionStep):
        continued(file, model, np.zeros((2, 1)), step=0)


def test_a_write_that_was_cut_off_leaves_the_state_before_it(tmp_path: Path) -> None:
    model, store = recurrent_model(tmp_path), store_in(tmp_path / "kept")
    name = store.create(model, sum(map(len, model.session().recurrent_state)))
    (path,) = (each for each in (tmp_path / "kept").glob("*/*") if each.is_file())
    contents = [path.read_bytes()]
    for steps in (3, 2):
        with store.opened(name, alone=True) as file:
            file.write(continued(file, model, np.full((steps, 1), 0.5)).state)
        contents.append(path.read_bytes())
    size = len(contents[0])
    changed = [n for n in range(size) if contents[1][n] != contents[2][n]]
    for cut in range(changed[0] + 1, changed[-1], 7):
        path.write_bytes(contents[2][:cut] + contents[1][cut:])
        with store.opened(name, alone=True) as file:
            assert (file.current.steps, file.previous) == (3, None)
    path.write_bytes(contents[2][:-1])
    with pytest.raises(UnknownSession, match="damaged"), store.opened(name, alone=True):
        pass


def test_a_folder_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with (
        pytest.raises(UsageError, match="other users may write"),
        session_folder(SessionSettings(tmp_path / "open")),
    ):
        pass
    with session_folder(SessionSettings()) as private:
        assert private.folder is not None
        assert private.folder.stat().st_mode & 0o077 == 0
    assert not private.folder.exists()


def test_ids_are_not_in_the_folder_and_differ(tmp_path: Path) -> None:
    model, store = recurrent_model(tmp_path), store_in(tmp_path / "kept")
    names: list[str] = []
    threads = [threading.Thread(target=lambda: names.append(store.create(model, 4))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({name.partition("-")[2] for name in names}) == 8
    content = b"".join(each.read_bytes() for each in (tmp_path / "kept").glob("*/*") if each.is_file())
    assert not any(name.partition("-")[2].encode() in content for name in names)
