"""What a request may use: images, hosts, and a number of containers."""

from __future__ import annotations

from dataclasses import dataclass

PROJECT_IMAGES = (
    "activationbase_app07",
    "knowledgebase_app07",
    "learningbase_app07",
    "codebase_app07",
    "codebase_app07_gpu",
)
"""The images built from this repository."""

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
    """What requests may use. The default is meant for untrusted requests.

    Attributes:
        repositories: the allowed image repositories, each with its registry.
        hosts: hosts (``localhost``, ``data.example.org``) or hosts with a port (``127.0.0.1:8000``) that are allowed in
            URLs although they are not public. For these, git over http is also allowed.
        containers: the maximum number of containers of a request.
    """

    repositories: frozenset[str] = frozenset(
        (*_PUBLIC_IMAGES, *(f"docker.io/library/{name}" for name in PROJECT_IMAGES))
    )
    hosts: frozenset[str] = frozenset()
    containers: int = 20


DEFAULT_POLICY = Policy()
