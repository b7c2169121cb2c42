"""Every `up` returns, leaves nothing running and reports stale images, with both versions of Compose."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable

import pytest

from common.project import PROJECT
from tests.docker.conftest import COMMANDS, inside_containers

# A program that stays until it is ended, in place of codebase's own.
STAYS = "import time; print('it stays', flush=True); time.sleep(40)\n"


def nothing_runs(stack, seconds: float = 30.0) -> bool:
    """Wait until no container of the checkout runs, and return whether that happened."""
    return until(lambda: stack.running() == [], seconds)


def until(holds: Callable[[], object], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.2)
    return bool(holds())


def when_running(stack, service: str, act: Callable[[str], None]) -> threading.Thread:
    """Run a command on the container of a service as soon as it is running."""

    def wait() -> None:
        if until(lambda: stack.ids(service), 120):
            act(stack.ids(service)[0])

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def docker(*words: str) -> None:
    subprocess.run(["docker", *words], check=True, capture_output=True)


def test_up_without_an_option_predicts_and_returns_even_the_second_time(stack):
    typed = stack.plain("up")
    assert typed.status == 0, typed.output
    assert "ACTIVATION COMPLETE" in typed.output
    assert "WARNING" not in typed.output
    assert "stale_images" not in json.loads(stack.shared("prediction.json").read_text("utf-8"))
    assert stack.running() == []
    stack.shared("prediction.csv").unlink()
    typed = stack.plain("up")
    assert typed.status == 0, typed.output
    assert stack.shared("prediction.csv").is_file()
    assert stack.running() == []


@inside_containers
def test_an_outdated_network_in_the_image_is_reported_by_the_next_up(stack):
    shutil.copy(
        stack.layout.models / "course.pkl", stack.layout.own_knowledge.parent / "alternative_model.pkl"
    )
    typed = stack.up("--build", MODEL_FILE="alternative_model.pkl", DATA_PATH="./data/course_80.csv")
    assert typed.status == 0, typed.output
    assert "ACTIVATION COMPLETE" in typed.output
    assert "WARNING" not in typed.output
    typed = stack.up(DATA_PATH="./data/course_80.csv")
    assert typed.status == 0, typed.output
    last = said_by_codebase(typed.output)[-1]
    assert "WARNING: knowledgebase_app07 holds another file (sha256 " in last
    assert "than container2_knowledgebase/currentSolution.pkl (sha256 1d696c0399066b91)" in last
    assert "docker-compose up --build" in last
    assert last.partition(" | ")[2] in (PROJECT.root / "README.md").read_text("utf-8")
    noted = json.loads(stack.shared("prediction.json").read_text("utf-8"))["stale_images"]
    assert [sentence in last for sentence in noted] == [True]
    typed = stack.up("--build")
    assert typed.status == 0, typed.output
    assert "WARNING" not in typed.output
    assert stack.running() == []


def said_by_codebase(output: str) -> list[str]:
    return [line for line in output.splitlines() if "codebase" in line and " | " in line]


@inside_containers
def test_images_of_another_checkout_are_reported_in_the_last_lines(stack):
    # The images have the same names for all checkouts on this machine; everything in this checkout is different.
    stack.layout.own_activation.write_text("5.1,3.5,1.4,0.2\n", encoding="utf-8")
    card = stack.layout.own_knowledge.with_name("currentSolution.card.json")
    card.write_text(card.read_text("utf-8").replace("sepal_length", "length"), encoding="utf-8")
    stack.layout.code.write_text(stack.layout.code.read_text("utf-8") + "# changed\n", encoding="utf-8")
    typed = stack.plain("up", "--abort-on-container-exit")
    assert typed.status == 0, typed.output
    noted = json.loads(stack.shared("prediction.json").read_text("utf-8"))["stale_images"]
    assert [sentence.partition(" (")[0] for sentence in noted] == [
        "activationbase_app07 holds another file",
        "knowledgebase_app07 holds another card than the one beside container2_knowledgebase/currentSolution.pkl. "
        "It was built in another checkout, with another MODEL_FILE, or before the file was changed, and this run "
        "uses what the image holds. For what this folder holds: docker-compose up --build",
        "codebase_app07 was built from other code",
    ]
    said = said_by_codebase(typed.output)
    warned = [line.partition("WARNING: ")[2] for line in said if "WARNING: " in line]
    assert warned == noted


def test_up_in_the_background_leaves_nothing_running(stack):
    typed = stack.plain("up", "-d")
    assert typed.status == 0, typed.output
    assert nothing_runs(stack)
    assert stack.shared("prediction.csv").is_file()
    typed = stack.plain("up", "-d")
    assert typed.status == 0, typed.output
    assert nothing_runs(stack)


def test_a_failing_codebase_ends_a_plain_up_and_returns_its_status_with_the_option(without_codebase):
    without_codebase.layout.code.write_text("import sys; sys.exit(7)\n", encoding="utf-8")
    typed = without_codebase.plain("up")
    assert "codebase" in typed.output and "exited with code 7" in typed.output
    assert "ACTIVATION COMPLETE" not in typed.output
    assert without_codebase.running() == []
    typed = without_codebase.up()
    assert typed.status == 7, typed.output
    assert without_codebase.running() == []


def test_a_killed_codebase_ends_a_plain_up_and_returns_137_with_the_option(without_codebase):
    without_codebase.layout.code.write_text(STAYS, encoding="utf-8")
    killer = when_running(without_codebase, "codebase", lambda name: docker("kill", name))
    typed = without_codebase.plain("up")
    killer.join()
    assert "exited with code 137" in typed.output
    assert without_codebase.running() == []
    killer = when_running(without_codebase, "codebase", lambda name: docker("kill", name))
    typed = without_codebase.up()
    killer.join()
    assert typed.status == 137, typed.output
    assert without_codebase.running() == []


def test_a_killed_data_container_does_not_block_a_plain_up(without_codebase):
    without_codebase.layout.code.write_text("import time; time.sleep(4)\n", encoding="utf-8")

    def kill(name: str) -> None:
        docker("kill", without_codebase.ids("knowledgebase")[0])

    killer = when_running(without_codebase, "codebase", kill)
    typed = without_codebase.plain("up")
    killer.join()
    assert "exited with code 137" in typed.output
    assert without_codebase.running() == []


def test_data_containers_end_with_codebase_after_compose_was_killed(without_codebase, generation):
    without_codebase.layout.code.write_text("import time; time.sleep(4)\n", encoding="utf-8")
    assert without_codebase.plain("build", "codebase").status == 0
    compose = subprocess.Popen(
        [*COMMANDS[generation], "up"], cwd=without_codebase.layout.root, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env=without_codebase.environment(),
    )  # fmt: skip
    assert until(lambda: without_codebase.ids("codebase"), 60)
    compose.kill()
    compose.wait()
    assert nothing_runs(without_codebase)


@inside_containers
def test_data_containers_without_a_codebase_end_after_the_timeout(stack):
    typed = stack.plain("up", "activationbase", "knowledgebase", CODEBASE_WAIT="3")
    assert typed.output.count("codebase did not start within 3 s (CODEBASE_WAIT); this container ends") == 2
    assert "exited with code 75" in typed.output
    assert stack.running() == []


@inside_containers
def test_a_data_container_ends_soon_if_the_other_one_failed(stack):
    # A data container cannot remove a folder in place of its temporary file.
    stack.shared(".activation_data.csv.1.tmp").mkdir()
    stack.plain("up")
    assert nothing_runs(stack)
    # 1.29.2 gives up before it shows the output of a container that fails at once; `logs` has it.
    said = stack.plain("logs", "activationbase").output
    assert "cannot remove /shared_data/activation_data.csv of an earlier run" in said
    assert not stack.shared("prediction.csv").exists()


def test_running_only_codebase_starts_its_data_containers_and_leaves_none_running(stack):
    typed = stack.plain("run", "--rm", "-T", "codebase")
    assert typed.status == 0, typed.output
    assert "ACTIVATION COMPLETE" in typed.output
    assert nothing_runs(stack)


def test_a_second_up_during_the_end_of_the_first_is_not_aborted(stack):
    assert stack.plain("up", "-d").status == 0
    assert until(lambda: not stack.ids("codebase"), 30)
    stack.shared("prediction.json").unlink()
    typed = stack.up()
    assert typed.status == 0, typed.output
    # Not in the output of `up`: on a busy machine 2.26 may stop before it has shown the last lines; `logs` has them.
    assert "ACTIVATION COMPLETE" in stack.plain("logs", "codebase").output
    assert stack.shared("prediction.json").is_file()


@inside_containers
@pytest.mark.parametrize("left_over", [("echo x >", "ln -s /nowhere"), ("mkdir", "mkdir")])
def test_whatever_is_in_place_of_a_pipe_is_replaced(stack, left_over):
    volume = f"{stack.layout.root.name}_signals"
    labels = {"project": stack.layout.root.name, "volume": "signals"}
    options = [
        word for key, text in labels.items() for word in ("--label", f"com.docker.compose.{key}={text}")
    ]
    docker("volume", "create", *options, volume)
    made = [
        f"{make} /signals/{name}"
        for make, name in zip(left_over, ("activationbase", "knowledgebase"), strict=True)
    ]
    command = " && ".join([*made, "touch /signals/other.busy"])
    docker("run", "--rm", "-v", f"{volume}:/signals", "busybox", "sh", "-c", command)
    typed = stack.plain("up")
    assert typed.status == 0, typed.output
    assert stack.running() == []
