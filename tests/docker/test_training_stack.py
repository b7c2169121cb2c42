"""Training in containers: the literal Compose commands, and `train`, `refine` and `score` with `--engine docker`."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.project import PROJECT, Layout
from pipeline.engines.training_container import ContainerTraining
from pybrain_runtime import load_knowledge
from tests.docker.conftest import COMMANDS, ORDINARY_USER, Stack, Typed, image_id, inside_containers
from tests.training.runs import command, files

# The tests share the image of the engine, and some end every container of it.
pytestmark = pytest.mark.xdist_group("training containers")

FILE = ("-f", "docker-compose.training.yml")
IMAGES = ("learningbase_app07", "knowledgebase_app07", "codebase_app07", "tracking_app07")
TRAINING = "codebase_app07:training"
LONG = ("--epochs", "20000", "--patience", "0", "--no-plots")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system")


@pytest.fixture(scope="module")
def tag(
    docker: None, tmp_path_factory: pytest.TempPathFactory, copy_project: Callable[[Path], Layout]
) -> Iterator[str]:
    """Return the tag of the images of the stack; in place of the tracking server there is an image without one."""
    tag = f"test-training-{uuid.uuid4().hex[:8]}"
    layout = copy_project(tmp_path_factory.mktemp("built") / tag)
    built = subprocess.run(
        [*COMMANDS["v2"], *FILE, "build", "learningbase", "knowledgebase", "training"], cwd=layout.root,
        env=variables(tag), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    subprocess.run(["docker", "tag", "busybox", f"tracking_app07:{tag}"], check=True)
    yield tag
    subprocess.run(
        ["docker", "image", "rm", *(f"{name}:{tag}" for name in IMAGES)], capture_output=True, check=False
    )


def variables(tag: str, **further: str) -> dict[str, str]:
    return {
        **os.environ,
        "IMAGE_TAG": tag,
        "TRAINING_TAG": tag,
        "MLFLOW_PORT": "0",
        "TRAIN_TRACKING_WAIT": "0",
        **further,
    }


@dataclasses.dataclass(frozen=True)
class TrainingStack(Stack):
    """A checkout in which the stack of training is run."""

    def environment(self) -> dict[str, str]:
        return variables(self.tag, HOME=str(self.layout.root))

    def up(self, *options: str, **environment: str) -> Typed:
        words = [*COMMANDS[self.generation], *FILE, "up", "--no-build", *options, "--abort-on-container-exit"]
        return self.type(words, **environment)

    def down(self) -> None:
        self.type([*COMMANDS[self.generation], *FILE, "down", "--volumes"])

    @property
    def results(self) -> Path:
        return self.layout.training / "current"


@pytest.fixture
def stack(
    place: Path, generation: str, tag: str, copy_project: Callable[[Path], Layout]
) -> Iterator[TrainingStack]:
    """Return a fresh checkout for one version of Compose; its name is the project's, so it is unique."""
    made = TrainingStack(copy_project(place / f"t{uuid.uuid4().hex[:8]}"), generation, tag)
    yield made
    made.down()


def test_up_on_a_fresh_clone_of_an_ordinary_user_trains_as_the_local_engine_does(
    stack: TrainingStack, tmp_path: Path
) -> None:
    subprocess.run(["chown", "-R", f"{ORDINARY_USER}:{ORDINARY_USER}", str(stack.layout.root)], check=True)
    # As after a clone with umask 077: other users have no access.
    subprocess.run(["chmod", "-R", "go-rwx", str(stack.layout.root)], check=True)
    typed = dataclasses.replace(stack, user=ORDINARY_USER).up(TRAIN_EPOCHS="50")
    assert typed.status == 0, typed.output
    assert "currentLearning.csv: classification of species (setosa, versicolor, virginica)" in typed.output
    assert "written to /output/training/current: currentSolution.pkl" in typed.output
    # The image of the tracking server has no program: it is restarted repeatedly, and training continues.
    assert "the tracking server exited with status 127; it is started again in 5 s" in typed.output
    assert stack.running() == []
    done = command("train", "--engine", "local", "--epochs", "50", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert results(stack.results) == results(tmp_path)
    assert {path.stat().st_uid for path in stack.results.rglob("*")} == {ORDINARY_USER}
    assert hardening(stack) == (
        "training ml-network [ALL] [] true 10001:10001 [no-new-privileges:true]",
        "none [ALL] [CHOWN DAC_OVERRIDE FOWNER] true 0:0 [no-new-privileges:true]",
    )


def results(folder: Path) -> dict[str, bytes]:
    """Return the content of all files that are the same for the same options."""
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != ".lock"
    }


def hardening(stack: TrainingStack) -> tuple[str, str]:
    """Return the settings of the containers of training and learningbase, as the engine reports them."""
    fields = (".HostConfig.CapDrop", ".HostConfig.CapAdd", ".HostConfig.ReadonlyRootfs", ".Config.User",
              ".HostConfig.SecurityOpt")  # fmt: skip
    form = ".HostConfig.NetworkMode " + " ".join(fields)
    where = f"label=com.docker.compose.project.working_dir={stack.layout.root}"
    said = []
    for service in ("training", "learningbase"):
        words = [
            "docker",
            "ps",
            "-aq",
            "--filter",
            where,
            "--filter",
            f"label=com.docker.compose.service={service}",
        ]
        name = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
        words = [
            "docker",
            "inspect",
            "--format",
            " ".join(f"{{{{{field}}}}}" for field in form.split()),
            name,
        ]
        line = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
        said.append(line.replace("CAP_", "").replace(f"{stack.layout.root.name}_", f"{service} "))
    return said[0], said[1]


@inside_containers
def test_knowledge_is_refined_and_evaluated_and_a_wrong_option_has_its_status(stack: TrainingStack) -> None:
    typed = stack.up(SCENARIO="refine", TRAIN_EPOCHS="3", TRAIN_PLOTS="0", MODEL_NAME="iris")
    assert typed.status == 0, typed.output
    assert json.loads((stack.results / "metrics.json").read_text())["fit"]["epochs"] == 3
    typed = stack.up(SCENARIO="evaluate", MODEL_NAME="iris")
    assert typed.status == 0, typed.output
    assert json.loads((stack.results / "score.json").read_text())["metrics"]["accuracy"] > 0.9
    typed = stack.up(TRAIN_EPOCHS="none")
    assert typed.status == 2, typed.output
    assert "TRAIN_EPOCHS is 'none': expected a number" in typed.output
    assert stack.running() == []


# --- the images


def run_image(image: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    given = [word for key, value in variables.items() for word in ("-e", f"{key}={value}")]
    return subprocess.run(
        ["docker", "run", "--rm", "--network", "none", "--read-only", *given, image, *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_learningbase_prints_the_rows_and_nothing_else(tag: str) -> None:
    done = run_image(f"learningbase_app07:{tag}")
    assert (done.returncode, done.stdout, done.stderr) == (0, PROJECT.learning_base.read_text(), "")


def test_other_rows_are_built_into_learningbase(tag: str) -> None:
    name = f"learningbase_app07:{tag}-course"
    context = PROJECT.root / "container4_learningbase"
    subprocess.run(
        ["docker", "build", "-q", "--build-arg", "LEARNING_FILE=course.csv", "-t", name, "."],
        cwd=context, check=True, capture_output=True,
    )  # fmt: skip
    assert run_image(name).stdout == (context / "course.csv").read_text()
    subprocess.run(["docker", "image", "rm", name], check=True, capture_output=True)


def test_the_training_image_runs_scenarios_and_commands(tag: str) -> None:
    image = f"codebase_app07:{tag}"
    done = run_image(image, SCENARIO="")
    assert (done.returncode, done.stderr) == (
        2, "SCENARIO is '': expected create, refine, evaluate, tune or apply\n"
    )  # fmt: skip
    assert "it runs a trained PyBrain network" in run_image(image, SCENARIO="apply").stderr
    assert run_image(image, "id", "-u").stdout == "10001\n"
    # The packages of the tracking client are there, and training does not import them.
    assert "requests" in run_image(image, "ls", "/opt/tracking-packages").stdout
    assert "tracking-packages" not in run_image(image, "sh", "-c", "echo $PYTHONPATH").stdout


# --- the engine of train, refine and score


@pytest.fixture(scope="module")
def engine(docker: None) -> Iterator[ContainerTraining]:
    """Build the image of this checkout once, and restore the earlier images afterwards."""
    made = ContainerTraining(PROJECT, "")
    before, training = made.is_built(), image_id(TRAINING)
    # An untagged image may be pruned meanwhile, and the build below removes outdated ones of the same name.
    kept = f"kept-{uuid.uuid4().hex[:8]}:training"
    if training:
        subprocess.run(["docker", "tag", training, kept], check=True)
    if not before:
        made.build(on_line=lambda line: None)
    yield made
    if not before:
        subprocess.run(["docker", "image", "rm", made.image, TRAINING], capture_output=True, check=False)
    if training:
        subprocess.run(["docker", "tag", kept, TRAINING], check=True)
        subprocess.run(["docker", "image", "rm", kept], check=True)


def train(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return command(*words[:1], "--engine", "docker", *words[1:], **environment)


def test_the_results_are_those_of_the_local_engine(engine: ContainerTraining, tmp_path: Path) -> None:
    for name in ("local", "docker"):
        out = tmp_path / name
        done = command("train", "--engine", name, "--hidden", "5", "--epochs", "40", "--out", str(out))
        assert done.returncode == 0, done.stderr
        model = str(out / "currentSolution.pkl")
        done = command(
            "refine",
            "--engine",
            name,
            "--model",
            model,
            "--epochs",
            "9",
            "--no-plots",
            "--out",
            str(out / "refined"),
        )
        assert done.returncode == 0, done.stderr
        done = command("score", "--engine", name, "--model", model, "--json")
        (out / "printed.json").write_text(done.stdout)
    assert results(tmp_path / "local") == results(tmp_path / "docker")
    assert results(tmp_path / "local" / "refined") == results(tmp_path / "docker" / "refined")
    assert json.loads((tmp_path / "docker" / "printed.json").read_text())["metrics"]["accuracy"] > 0.9
    assert {path.stat().st_uid for path in tmp_path.rglob("*")} == {os.geteuid()}


def test_a_search_in_a_container_has_the_results_of_the_local_engine(
    engine: ContainerTraining, tmp_path: Path
) -> None:
    words = ["--trials", "5", "--folds", "3", "--epochs", "10", "--range", "hidden=4|8", "--no-plots"]
    for name in ("local", "docker"):
        done = command("tune", "--engine", name, *words, "--out", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
    assert results(tmp_path / "local") == results(tmp_path / "docker")


def test_the_engine_is_reported_and_auto_selects_docker(engine: ContainerTraining, tmp_path: Path) -> None:
    done = command("score", "--engine", "auto")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("  engine       docker ")
    assert done.stdout.splitlines()[0].endswith("(a daemon responds)")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--target", "specie"], 65),
        (["--data", "{place}"], 66),
        (["--data", "{place}/rows, with 'quotes\".csv"], 65),
        (["--learning-rate", "1e6"], 65),
        (["--out", "/proc/none"], 73),
    ],
)
def test_errors_are_those_of_the_local_engine(
    engine: ContainerTraining, tmp_path: Path, words: list[str], status: int
) -> None:
    (tmp_path / "rows, with 'quotes\".csv").write_text("a,b\n1,2\n")
    words = [word.format(place=tmp_path) for word in words]
    ended = [
        command("train", "--engine", name, "--out", str(tmp_path / "out"), *words)
        for name in ("local", "docker")
    ]
    assert [done.returncode for done in ended] == [status, status], ended[1].stderr
    assert ended[0].stderr == ended[1].stderr
    assert not list(tmp_path.glob("out/*.pkl"))


@needs_root
def test_a_file_that_only_its_owner_can_read_is_used(engine: ContainerTraining, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    shutil.copy(PROJECT.learning_base, rows)
    rows.chmod(0o600)
    tmp_path.chmod(0o700)
    done = train("score", "--data", str(rows))
    assert done.returncode == 0, done.stderr


@needs_root
def test_a_full_disk_is_reported_with_status_73_and_leaves_no_result(
    engine: ContainerTraining, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(out)], check=True)
    try:
        done = train("train", "--out", str(out), "--epochs", "5")
        left = sorted(path.name for path in out.iterdir())
    finally:
        subprocess.run(["umount", str(out)], check=True)
    assert done.returncode == 73, done.stderr
    assert str(out) in done.stderr and "/app07" not in done.stderr
    assert not {"currentSolution.pkl", "metrics.json", "report.html"} & set(left)


def started(out: Path, *words: str) -> subprocess.Popen[str]:
    """Start a long training run, and return when it has written a checkpoint."""
    running = subprocess.Popen(
        [sys.executable, "-c", "import sys; from pipeline.cli import main; sys.exit(main())", "train",
         "--engine", "docker", "--out", str(out), *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    while not (out / ".checkpoint.json").exists():
        assert running.poll() is None, running.communicate()
        time.sleep(0.01)
    return running


def containers(engine: ContainerTraining) -> list[str]:
    words = ["docker", "ps", "-q", "--filter", f"ancestor={engine.image}"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


def no_container_is_left(engine: ContainerTraining) -> bool:
    deadline = time.monotonic() + 20
    while containers(engine):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_ctrl_c_keeps_the_best_network(engine: ContainerTraining, tmp_path: Path) -> None:
    endless = ("--epochs", "10000000", "--patience", "0", "--no-plots")
    running = started(tmp_path / "out", *endless)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=300)
    assert running.returncode == 130, errors
    assert "Stopping after the current epoch." in errors
    assert "the best network so far is written and marked as interrupted" in errors
    assert load_knowledge(tmp_path / "out" / "currentSolution.pkl").labels
    assert no_container_is_left(engine)


def test_a_second_ctrl_c_stops_the_container_at_once(engine: ContainerTraining, tmp_path: Path) -> None:
    header, *rows = PROJECT.learning_base.read_text().splitlines()
    (tmp_path / "rows.csv").write_text("\n".join([header, *(rows * 4000)]))  # an epoch takes many seconds
    words = ["train", "--engine", "docker", "--data", str(tmp_path / "rows.csv"), "--trainer", "backprop"]
    running = subprocess.Popen(
        [sys.executable, "-c", "import sys; from pipeline.cli import main; sys.exit(main())", *words,
         "--out", str(tmp_path / "out"), "--hidden", "64,64"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert running.stdout is not None and running.stderr is not None
    while "classification of species" not in running.stdout.readline():
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    assert (
        running.stderr.readline() == "Stopping after the current epoch. Press Ctrl-C again to stop at once.\n"
    )
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=300)
    assert (running.returncode, "the training was stopped at once" in errors) == (130, True), errors
    assert not containers(engine)
    assert not list(tmp_path.glob("out/*.pkl"))


def test_a_killed_training_is_resumed_to_the_same_bytes(engine: ContainerTraining, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    running = started(out, *LONG)
    subprocess.run(["docker", "kill", *containers(engine)], check=True, capture_output=True)
    _, errors = running.communicate(timeout=300)
    assert running.returncode == 137
    assert "The training container exited with status 137 without a result." in errors
    assert "--resume continues from its last checkpoint." in errors
    running = started(out, *LONG, "--resume")
    running.kill()  # the container gets no signal, but its standard input is closed
    running.communicate()
    assert no_container_is_left(engine)
    done = train("train", "--out", str(out), *LONG, "--resume")
    assert done.returncode == 0, done.stderr
    assert "Continuing after epoch" in done.stderr
    assert command("train", "--engine", "local", "--out", str(tmp_path / "whole"), *LONG).returncode == 0
    assert files(tmp_path / "whole").keys() == files(out).keys()
    assert results(tmp_path / "whole") == results(out)
