"""Where everything is and what it is called: every path, service, image and file name, once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ACTIVATIONBASE = "activationbase"
KNOWLEDGEBASE = "knowledgebase"
CODEBASE = "codebase"

ACTIVATION_FILE = "currentActivation.csv"
KNOWLEDGE_FILE = "currentSolution.pkl"
CARD_FILE = "currentSolution.card.json"
CODE_FILE = "UE_07_App5.py"
SHARED_FOLDER = "shared_data"
SHARED_ACTIVATION_FILE = "activation_data.csv"
PREDICTION_CSV = "prediction.csv"
PREDICTION_JSON = "prediction.json"


@dataclass(frozen=True)
class Service:
    """One of the three containers.

    Attributes:
        name: the service in docker-compose.yml.
        folder: its build context, relative to the project.
        inside: where its file stands in the container, which is also what `docker run` shows of it.
    """

    name: str
    folder: str
    inside: str

    @property
    def image(self) -> str:
        """The image without a tag, as a tutor types it."""
        return f"{self.name}_app07"


SERVICES = (
    Service(ACTIVATIONBASE, "container1_activationbase", f"/activationBase/{ACTIVATION_FILE}"),
    Service(KNOWLEDGEBASE, "container2_knowledgebase", f"/knowledgeBase/{KNOWLEDGE_FILE}"),
    Service(CODEBASE, "container3_codebase", f"/codeBase/{CODE_FILE}"),
)


@dataclass(frozen=True)
class Layout:
    """The paths of one checkout.

    Attributes:
        root: the folder that docker-compose.yml lies in.
    """

    root: Path

    def context(self, service: Service) -> Path:
        """The folder that the image of `service` is built from."""
        return self.root / service.folder

    @property
    def compose_file(self) -> Path:
        return self.root / "docker-compose.yml"

    @property
    def own_activation(self) -> Path:
        return self.root / "container1_activationbase" / ACTIVATION_FILE

    @property
    def own_knowledge(self) -> Path:
        return self.root / "container2_knowledgebase" / KNOWLEDGE_FILE

    @property
    def own_card(self) -> Path:
        """The model card of the project's network; it may not exist."""
        return self.own_knowledge.with_name(CARD_FILE)

    @property
    def code(self) -> Path:
        return self.root / "container3_codebase" / CODE_FILE

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def shared_data(self) -> Path:
        return self.root / SHARED_FOLDER

    @property
    def output(self) -> Path:
        return self.root / "output"

    @property
    def stage1(self) -> Path:
        return self.output / "stage1_prepare_files"

    @property
    def stage2(self) -> Path:
        return self.output / "stage2_container_tests"

    @property
    def stage3(self) -> Path:
        return self.output / "stage3_compose_execution"

    @property
    def local_containers(self) -> Path:
        """Where the local engine lays out what the three images would hold."""
        return self.output / "local_containers"

    @property
    def lock(self) -> Path:
        return self.output / ".lock"

    def shown(self, path: Path) -> str:
        """`path` as a person in the project's folder would type it."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return str(path)


PROJECT = Layout(Path(__file__).resolve().parent.parent)
