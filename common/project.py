"""The paths, services, images and file names of the project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ACTIVATIONBASE = "activationbase"
KNOWLEDGEBASE = "knowledgebase"
CODEBASE = "codebase"
LEARNINGBASE = "learningbase"
TRAINING = "training"
SERVING = "serving"
FRONT = "front"

ACTIVATION_FILE = "currentActivation.csv"
KNOWLEDGE_FILE = "currentSolution.pkl"
CARD_FILE = "currentSolution.card.json"
CODE_FILE = "UE_07_App5.py"
LEARNING_FILE = "currentLearning.csv"
SHARED_FOLDER = "shared_data"
SHARED_ACTIVATION_FILE = "activation_data.csv"
PREDICTION_CSV = "prediction.csv"
PREDICTION_JSON = "prediction.json"


@dataclass(frozen=True)
class Service:
    """One of the three containers.

    Attributes:
        name: the service in docker-compose.yml.
        folder: the build context, relative to the project.
        inside: the path of the service's file in the container.
        target: the stage of the Dockerfile; empty for the last one.
        build_arguments: the arguments of the build, ``NAME=VALUE``.
        suffix: the end of the image name, if the service has several images.
    """

    name: str
    folder: str
    inside: str
    target: str = ""
    build_arguments: tuple[str, ...] = ()
    suffix: str = ""

    @property
    def image(self) -> str:
        """The name of the image, without a tag."""
        return f"{self.name}_app07{self.suffix}"


SERVICES = (
    Service(ACTIVATIONBASE, "container1_activationbase", f"/activationBase/{ACTIVATION_FILE}"),
    Service(KNOWLEDGEBASE, "container2_knowledgebase", f"/knowledgeBase/{KNOWLEDGE_FILE}"),
    Service(CODEBASE, "container3_codebase", f"/codeBase/{CODE_FILE}", CODEBASE),
)

GPU_SERVICE = Service(
    CODEBASE, "container3_codebase", f"/codeBase/{CODE_FILE}", "gpu", ("GPU_PACKAGES=cuda",), "_gpu"
)
"""codebase in the profile gpu-nvidia, which uses another image."""

FAST_SERVICE = Service(CODEBASE, "container3_codebase", f"/codeBase/{CODE_FILE}", "fast", suffix="_fast")
"""codebase with pyarrow, for rows in Parquet and Arrow, which uses another image."""

PYBRAIN_IMPORTS = (
    "import sys; sys.path.append('/opt/pybrain'); "
    "from pybrain.structure import FeedForwardNetwork; print('OK')"
)
"""The command of the task that tests whether codebase has PyBrain."""

CODE_VARIABLES = (
    *(
        "INPUT_COLUMNS",
        "TARGET_COLUMNS",
        "KEEP_COLUMNS",
        "IGNORE_CARD_NAMES",
        "SCALE_INPUTS",
        "SCALE_OUTPUTS",
    ),
    *("LEGACY_NESTING", "CPU_THREADS"),
)
"""The environment variables that codebase gets from the host."""

SOURCE_FOLDERS = (
    *(
        "benchmarks",
        "common",
        "data",
        "docs",
        "evaluation",
        "examples",
        "fuzz",
        "models",
        "pipeline",
        "requirements",
    ),
    *("scripts", SHARED_FOLDER, "tests"),
)
"""The folders of a checkout, besides those of the containers, that hold its sources or the input of its runs."""

PROFILES = ("cpu", "gpu-nvidia", "gpu-amd", "arm64")
"""The hardware profiles: docker-compose.PROFILE.yml adapts docker-compose.yml to each."""

LEARNINGBASE_SERVICE = Service(LEARNINGBASE, "container4_learningbase", f"/learningBase/{LEARNING_FILE}")
"""The container with the rows for training, in docker-compose.training.yml."""

FRONT_SERVICE = Service(FRONT, "container6_front", "/etc/nginx/nginx.conf")
"""The reverse proxy before the servers, in docker-compose.serving.yml."""

MONITORING_SERVICE = Service("monitoring", "container7_monitoring", "/etc/prometheus/prometheus.yml")
"""Prometheus, in docker-compose.monitoring.yml."""


@dataclass(frozen=True)
class Layout:
    """The paths of a checkout.

    Attributes:
        root: the folder of docker-compose.yml.
    """

    root: Path

    def missing(self) -> tuple[str, ...]:
        """Return the missing files and folders that every checkout has: compose file and build contexts."""
        names = (self.compose_file.name, *(service.folder for service in SERVICES))
        return tuple(name for name in names if not (self.root / name).exists())

    def context(self, service: Service) -> Path:
        """Return the build context of a service."""
        return self.root / service.folder

    @property
    def compose_file(self) -> Path:
        """The compose file."""
        return self.root / "docker-compose.yml"

    def profile_file(self, profile: str) -> Path:
        """Return the compose file of a hardware profile, one of `PROFILES`."""
        return self.root / f"docker-compose.{profile}.yml"

    @property
    def training_compose_file(self) -> Path:
        """The compose file of training."""
        return self.root / "docker-compose.training.yml"

    @property
    def serving_compose_file(self) -> Path:
        """The compose file of serving."""
        return self.root / "docker-compose.serving.yml"

    @property
    def monitoring_compose_file(self) -> Path:
        """The compose file that adds monitoring to that of serving."""
        return self.root / "docker-compose.monitoring.yml"

    @property
    def own_activation(self) -> Path:
        """The project's rows."""
        return self.root / "container1_activationbase" / ACTIVATION_FILE

    @property
    def own_knowledge(self) -> Path:
        """The project's network."""
        return self.root / "container2_knowledgebase" / KNOWLEDGE_FILE

    @property
    def own_card(self) -> Path:
        """The model card of the project's network; it may not exist."""
        return self.own_knowledge.with_name(CARD_FILE)

    @property
    def code(self) -> Path:
        """The program of codebase."""
        return self.root / "container3_codebase" / CODE_FILE

    @property
    def models(self) -> Path:
        """The folder of further networks."""
        return self.root / "models"

    @property
    def learning_base(self) -> Path:
        """The project's rows for training."""
        return self.root / "container4_learningbase" / LEARNING_FILE

    @property
    def training_package(self) -> Path:
        """The package with the tables of training options, which are read before `.venv` exists."""
        return self.root / "container3_codebase" / "training"

    @property
    def training(self) -> Path:
        """The results of training runs, one folder each."""
        return self.output / "training"

    @property
    def shared_data(self) -> Path:
        """The folder that the containers share."""
        return self.root / SHARED_FOLDER

    @property
    def output(self) -> Path:
        """The folder of all results."""
        return self.root / "output"

    @property
    def stage1(self) -> Path:
        """The results of stage 1."""
        return self.output / "stage1_prepare_files"

    @property
    def stage2(self) -> Path:
        """The results of stage 2."""
        return self.output / "stage2_container_tests"

    @property
    def stage3(self) -> Path:
        """The results of stage 3."""
        return self.output / "stage3_compose_execution"

    @property
    def local_containers(self) -> Path:
        """The folder where the local engine copies the contents of the three images."""
        return self.output / "local_containers"

    @property
    def serving_lock(self) -> Path:
        """The lock that allows one stack of servers at a time."""
        return self.output / ".serving.lock"

    @property
    def lock(self) -> Path:
        """The lock that allows one run at a time."""
        return self.output / ".lock"

    def is_source(self, folder: Path) -> bool:
        """Return whether a folder is the checkout itself, or belongs to its sources, such as ``models`` or ``.git``.

        Args:
            folder: the folder; it need not exist. Links are followed.
        """
        if self.missing():  # an installed program in another folder
            return False
        try:
            parts = folder.resolve().relative_to(self.root.resolve()).parts
        except ValueError:
            return False
        first = parts[0].casefold() if parts else "."
        return first.startswith((".", "container")) or first in SOURCE_FOLDERS

    def shown(self, path: Path) -> str:
        """Return a path relative to the project; a path outside of it unchanged."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return str(path)


PROJECT = Layout(Path(__file__).resolve().parent.parent)
