"""What a request may name: the images, the hosts and the number of containers."""

from __future__ import annotations

from dataclasses import dataclass

PROJECT_IMAGES = (
    "activationbase_app07",
    "knowledgebase_app07",
    "learningbase_app07",
    "codebase_app07",
    "codebase_app07_gpu",
)
"""The images that are built from this repository."""

_PUBLIC_IMAGES = (
    "docker.io/library/alpine",
    "docker.io/library/busybox",
    "docker.io/library/debian",
    "docker.io/library/python",
    "docker.io/library/ubuntu",
    "docker.io/nvidia/cuda",
    "docker.io/pytorch/pytorch",
    "docker.io/rocm/pytorch",
    "docker.io/tensorflow/tensorflow",
    "gcr.io/tpu-pytorch/xla",
)


@dataclass(frozen=True)
class Policy:
    """What requests may name. The default is for requests from outside.

    Attributes:
        repositories: the repositories of images, each with its registry; a request may name no other.
        hosts: names of hosts (``localhost``, ``data.example.org``) or of hosts with a port (``127.0.0.1:8000``) that
            URLs may name although they are not public. git over http is allowed for them as well.
        containers: how many containers a request may have.
    """

    repositories: frozenset[str] = frozenset(
        (*_PUBLIC_IMAGES, *(f"docker.io/library/{name}" for name in PROJECT_IMAGES))
    )
    hosts: frozenset[str] = frozenset()
    containers: int = 20


DEFAULT_POLICY = Policy()
