"""The names that users and external scripts rely on are those of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.project import CARD_FILE, KNOWLEDGE_FILE, PROJECT, SERVICES, Layout, Service

ROOT_FILES = (
    "README.md",
    "docker-compose.yml",
    "App07.py",
    "prepare_files.py",
    "test_containers.py",
    "run_compose_with_output.py",
    "detect_hardware.py",
    "output/.gitkeep",
    "shared_data/.gitkeep",
)


def test_the_three_images_have_the_names_of_the_task() -> None:
    assert [service.image for service in SERVICES] == [
        "activationbase_app07",
        "knowledgebase_app07",
        "codebase_app07",
    ]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_service_has_a_folder_and_an_entry_in_the_compose_file(service: Service) -> None:
    compose = PROJECT.compose_file.read_text(encoding="utf-8")
    assert (PROJECT.context(service) / "Dockerfile").is_file()
    assert f"\n  {service.name}:\n" in compose
    assert f"image: {service.image}:" in compose or f"image: ${{CODE_IMAGE:-{service.image}}}:" in compose
    assert f"context: ./{service.folder}\n" in compose


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_container_files_exist_and_are_copied_to_the_paths_of_the_layout(
    service: Service,
) -> None:
    name = Path(service.inside).name
    assert (PROJECT.context(service) / name).is_file()
    recipe = (PROJECT.context(service) / "Dockerfile").read_text(encoding="utf-8")
    assert service.inside in recipe or f"{Path(service.inside).parent}/ " in recipe


@pytest.mark.parametrize("name", ROOT_FILES)
def test_the_files_of_the_task_exist(name: str) -> None:
    assert (PROJECT.root / name).is_file()


def test_the_paths_of_the_layout_are_the_files_of_the_project() -> None:
    assert PROJECT.own_activation.is_file()
    assert PROJECT.own_knowledge.is_file()
    assert PROJECT.own_knowledge.with_name(CARD_FILE).is_file()
    assert PROJECT.code.is_file()
    assert PROJECT.models.is_dir()
    assert PROJECT.shared_data.is_dir()


def test_the_projects_own_network_and_rows_are_the_recorded_ones(fixtures: Path) -> None:
    recorded = fixtures / "default" / "iris"
    assert PROJECT.own_activation.read_bytes() == (recorded / PROJECT.own_activation.name).read_bytes()
    assert PROJECT.own_knowledge.read_bytes() == (recorded / KNOWLEDGE_FILE).read_bytes()
    card = PROJECT.own_knowledge.with_name(CARD_FILE)
    assert card.read_bytes() == (recorded / CARD_FILE).read_bytes()


def test_a_path_is_shown_relative_to_the_project(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "here")
    assert layout.shown(layout.stage3 / "prediction.csv") == "output/stage3_compose_execution/prediction.csv"
    assert layout.shown(tmp_path / "elsewhere.csv") == str(tmp_path / "elsewhere.csv")
