"""The compose file that is run instead of the submission's."""

from __future__ import annotations

from types import SimpleNamespace

from evaluation.quotas import DEFAULT_LIMITS
from evaluation.sandbox.stack_file import StackFile


def mounts_of(evidence):
    """Return activationbase's mount at the shared folder in the compose file that is run."""
    engine = SimpleNamespace(limits=DEFAULT_LIMITS, label="app07=1", id="1", cpus="2", image=lambda name: {})
    stack = evidence.safe_stack
    images = dict.fromkeys(stack.services, "an-image")
    file = StackFile(engine, evidence.submission, stack, images, evidence.roles.shared, evidence.roles.code)
    return file.content(SimpleNamespace(id=lambda name: name))["services"]["activationbase"]["volumes"]


def test_a_mounted_folder_hides_the_files_of_an_image(evidence_of):
    assert [mount["volume"] for mount in mounts_of(evidence_of({}))] == [{"nocopy": True}]


def test_an_empty_volume_gets_the_files_of_the_first_image(evidence_of, samples):
    compose = samples.COMPOSE.replace("./shared_data:", "exchange:") + "volumes:\n  exchange:\n"
    assert ["volume" in mount for mount in mounts_of(evidence_of({"docker-compose.yml": compose}))] == [False]
